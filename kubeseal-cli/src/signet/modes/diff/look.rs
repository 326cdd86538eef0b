//! What the API server has of an object, and what an apply would make of it.

use std::collections::BTreeMap;

use cluster::{ApiError, Cluster, Conflicts, Kind};
use futures::{StreamExt, TryStreamExt, stream};
use manifests::{Manifest, ObjectId};
use pipeline::comparison::IgnoredFields;
use pipeline::difference::conceal_alike;
use pipeline::normalise::Scopes;
use pipeline::plan::{Action, DryRun, Found, Refusal, differs, foresee, wants_dry_run};
use pipeline::project::Policy;
use pipeline::redact::{View, comparable};
use pipeline::unit::Unit;
use serde_json::Value;

use super::AT_ONCE;
use super::applier::Applier;
use super::made::Made;

/// One object that was looked at, plaintext concealed everywhere.
pub(super) struct Looked {
    pub(super) id: ObjectId,
    pub(super) wanted: Manifest,
    pub(super) live: Option<Manifest>,
    /// What a dry run made of it; none where there could be none.
    pub(super) predicted: Option<Manifest>,
    /// What would happen to it, or why it would be refused.
    pub(super) foreseen: Result<Action, String>,
}

/// What every look needs.
pub(super) struct Looking<'a> {
    pub(super) unit: &'a Unit,
    pub(super) applier: &'a Applier,
    pub(super) ignored: &'a [IgnoredFields],
    pub(super) policy: &'a Policy,
    pub(super) scopes: &'a Scopes,
    pub(super) made: &'a Made,
    pub(super) cluster: &'a Cluster,
    pub(super) view: &'a View,
}

impl Looking<'_> {
    /// Looks at one object.
    pub(super) async fn at(&self, manifest: &Manifest) -> Result<Looked, ApiError> {
        let mut looked = Looked {
            id: manifest.id(),
            wanted: manifest.clone(),
            live: None,
            predicted: None,
            foreseen: Ok(Action::Created),
        };
        let scope = self.scopes.of(&looked.id.group_kind);
        if let Err(message) = self.policy.object(&looked.id, scope) {
            return Ok(looked.refused(message));
        }
        let kind = match self.cluster.kind_of(manifest).await {
            Ok(kind) => kind,
            Err(ApiError::NoKind { .. }) if self.made.kind_of(manifest) => return Ok(looked),
            Err(error @ ApiError::NoKind { .. }) => return Ok(looked.refused(error.to_string())),
            Err(error) => return Err(error),
        };
        match self.cluster.read_manifest(&kind, &looked.id).await {
            Ok(live) => looked.live = live,
            Err(ApiError::Refused { refusal, .. }) => {
                return Ok(looked.refused(refusal.to_string()));
            }
            Err(error) => return Err(error),
        }
        let field_manager = self
            .applier
            .prepare(&mut looked.wanted, looked.live.as_ref());
        if let Some(live) = &mut looked.live {
            conceal_alike(live, &looked.wanted);
        }
        let dry_run = if wants_dry_run(self.unit, &looked.wanted) {
            self.dry_run(&mut looked, &field_manager).await?
        } else {
            DryRun::Skipped
        };
        let found = Found {
            live: looked.live.as_ref().map(|live| comparable(live, self.view)),
            dry_run,
        };
        looked.foreseen = foresee(self.unit, &looked.wanted, &found);
        if looked.foreseen == Ok(Action::Configured) && !self.counts(&looked.id, &found) {
            looked.foreseen = Ok(Action::Unchanged);
        }
        Ok(looked)
    }

    /// Whether a difference is in fields that count.
    fn counts(&self, id: &ObjectId, found: &Found) -> bool {
        let (Some(live), DryRun::Predicted(predicted)) = (&found.live, &found.dry_run) else {
            return true;
        };
        let (live, predicted) = IgnoredFields::leave_out(self.ignored, id, live, predicted);
        differs(&live, &predicted)
    }

    async fn dry_run(&self, looked: &mut Looked, field_manager: &str) -> Result<DryRun, ApiError> {
        let answer = self
            .cluster
            .predict(&looked.wanted, field_manager, Conflicts::TakeOver)
            .await;
        match answer {
            Ok(mut predicted) => {
                conceal_alike(&mut predicted, &looked.wanted);
                let dry_run = DryRun::Predicted(comparable(&predicted, self.view));
                looked.predicted = Some(predicted);
                Ok(dry_run)
            }
            // Its namespace is to be made first.
            Err(ApiError::Refused { refusal, .. })
                if refusal.code == 404
                    && looked.live.is_none()
                    && self.made.namespace_of(&looked.wanted) =>
            {
                Ok(DryRun::Skipped)
            }
            Err(ApiError::Refused { refusal, .. }) => Ok(DryRun::Refused(Refusal {
                message: refusal.to_string(),
                immutable: refusal.is_immutable_field(),
            })),
            Err(error) => Err(error),
        }
    }
}

impl Looked {
    fn refused(mut self, message: String) -> Self {
        self.foreseen = Err(message);
        self
    }
}

/// Objects by id, `None` for what is gone, and why some could not be read.
type Stale = (
    BTreeMap<ObjectId, Option<Value>>,
    BTreeMap<ObjectId, String>,
);

/// Reads what prune would look at.
pub(super) async fn stale(
    stale: &[(ObjectId, String)],
    cluster: &Cluster,
) -> Result<Stale, ApiError> {
    let reads: Vec<_> = stale
        .iter()
        .map(|(id, version)| async move { Ok((id.clone(), live(id, version, cluster).await)) })
        .collect();
    let read: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    let (mut found, mut unread) = Stale::default();
    for (id, live) in read {
        match live {
            Ok(live) => {
                found.insert(id, live);
            }
            Err(ApiError::Refused { refusal, .. }) => {
                unread.insert(id, refusal.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((found, unread))
}

/// Reads an object in the version it was applied in, or the one that is served now.
async fn live(id: &ObjectId, version: &str, cluster: &Cluster) -> Result<Option<Value>, ApiError> {
    match served(id, version, cluster).await? {
        Some(kind) => cluster.read(&kind, id).await,
        None => Ok(None),
    }
}

async fn served(id: &ObjectId, version: &str, cluster: &Cluster) -> Result<Option<Kind>, ApiError> {
    let kind = &id.group_kind;
    match cluster.kind(&kind.group, version, &kind.kind).await {
        Ok(kind) => Ok(Some(kind)),
        Err(ApiError::NoKind { .. }) => cluster.preferred_kind(&kind.group, &kind.kind).await,
        Err(error) => Err(error),
    }
}
