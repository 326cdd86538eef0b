//! Which kinds the API server serves, asked once and again when a kind is unknown.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use kube::core::{ApiResource, DynamicObject};
use kube::discovery::{Discovery, Scope as DiscoveredScope};
use kube::{Client, Resource};
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::normalise::Scope;
use tokio::sync::Mutex;

use crate::clusters::Cluster;
use crate::error::ApiError;

/// How soon after a discovery an unknown kind may cause the next one.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// How long discovery may take: everybody who meets an unknown kind waits for it.
const DISCOVERY: Duration = Duration::from_secs(30);

/// A kind as the API server serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Group, version, kind and plural.
    pub resource: ApiResource,
    /// Whether its objects live in namespaces.
    pub scope: Scope,
}

impl Kind {
    /// Returns the URL path of one object.
    pub(crate) fn path(&self, id: &ObjectId) -> Result<String, ApiError> {
        if !is_segment(&id.name) {
            return Err(ApiError::NoName { object: id.clone() });
        }
        Ok(format!("{}/{}", self.collection(id)?, id.name))
    }

    /// Returns the URL path of the collection an object is in.
    pub(crate) fn collection(&self, id: &ObjectId) -> Result<String, ApiError> {
        let namespace = match (self.scope, id.namespace.as_deref()) {
            (Scope::Namespaced, None) => return Err(ApiError::NoNamespace { object: id.clone() }),
            (Scope::Namespaced, Some(namespace)) if !is_segment(namespace) => {
                return Err(ApiError::NoName { object: id.clone() });
            }
            (Scope::Namespaced, namespace) => namespace,
            (Scope::Cluster, _) => None,
        };
        Ok(DynamicObject::url_path(&self.resource, namespace))
    }
}

/// Whether a name is one part of a path and reaches no other place than its own object: names come
/// from Git and from statuses.
fn is_segment(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=".contains(&byte);
    !matches!(name, "" | "." | "..") && name.bytes().all(is_plain)
}

type Served = HashMap<(String, String), Vec<Kind>>;

/// Cache of discovery, shared by all identities: what is served does not depend on rights.
pub(crate) struct Resources {
    client: Client,
    served: RwLock<Arc<Served>>,
    asked: Mutex<Option<Instant>>,
}

impl Resources {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            served: RwLock::default(),
            asked: Mutex::new(None),
        }
    }

    /// Returns all served versions of a group's kind, the preferred one first.
    ///
    /// What is known is asked for again when it is not `enough`: a definition may have been given
    /// another version since.
    async fn versions(
        &self,
        group: &str,
        kind: &str,
        enough: impl Fn(&[Kind]) -> bool,
    ) -> Result<Vec<Kind>, ApiError> {
        let wanted = (group.to_owned(), kind.to_owned());
        if let Some(found) = self.cached(&wanted).filter(|found| enough(found)) {
            return Ok(found);
        }
        let mut asked = self.asked.lock().await;
        let known = self.cached(&wanted);
        if let Some(found) = known.as_ref().filter(|found| enough(found)) {
            return Ok(found.clone());
        }
        if asked.is_some_and(|at| at.elapsed() < ASK_AGAIN_AFTER) {
            return Ok(known.unwrap_or_default());
        }
        let served = Arc::new(self.discover().await?);
        *asked = Some(Instant::now());
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&served);
        Ok(served.get(&wanted).cloned().unwrap_or_default())
    }

    /// Forgets a kind that is not served as it is known, so that it is asked for again.
    pub(crate) fn forget(&self, kind: &GroupKind) {
        let mut served = self.served.write().unwrap_or_else(PoisonError::into_inner);
        let known = (kind.group.clone(), kind.kind.clone());
        if served.contains_key(&known) {
            Arc::make_mut(&mut served).remove(&known);
        }
    }

    /// Lets the next unknown kind be asked for at once.
    pub(crate) async fn let_ask_again(&self) {
        *self.asked.lock().await = None;
    }

    fn cached(&self, wanted: &(String, String)) -> Option<Vec<Kind>> {
        self.served
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(wanted)
            .cloned()
    }

    async fn discover(&self) -> Result<Served, ApiError> {
        let discovery = Discovery::new(self.client.clone()).run_aggregated();
        let discovery = tokio::time::timeout(DISCOVERY, discovery)
            .await
            .map_err(|_elapsed| ApiError::DiscoverInTime {
                seconds: DISCOVERY.as_secs(),
            })?
            .map_err(|source| ApiError::Discover {
                source: Box::new(source),
            })?;
        let mut served = Served::new();
        for group in discovery.groups() {
            let preferred = group.preferred_version_or_latest();
            let mut versions: Vec<&str> = group.versions().collect();
            versions.sort_by_key(|version| *version != preferred);
            for version in versions {
                for (resource, capabilities) in group.versioned_resources(version) {
                    let scope = match capabilities.scope {
                        DiscoveredScope::Namespaced => Scope::Namespaced,
                        DiscoveredScope::Cluster => Scope::Cluster,
                    };
                    let key = (resource.group.clone(), resource.kind.clone());
                    served
                        .entry(key)
                        .or_default()
                        .push(Kind { resource, scope });
                }
            }
        }
        Ok(served)
    }
}

impl Cluster {
    /// Returns how the API server serves a manifest's kind, in the version it is written in.
    ///
    /// # Errors
    ///
    /// [`ApiError::NoKind`] names the versions that are served instead (D-20).
    pub async fn kind_of(&self, manifest: &Manifest) -> Result<Kind, ApiError> {
        self.kind(manifest.group(), manifest.version(), manifest.kind())
            .await
    }

    /// Returns how the API server serves a group, version and kind.
    ///
    /// # Errors
    ///
    /// As [`Cluster::kind_of`].
    pub async fn kind(&self, group: &str, version: &str, kind: &str) -> Result<Kind, ApiError> {
        let versions = self
            .resources
            .versions(group, kind, |known| {
                known.iter().any(|found| found.resource.version == version)
            })
            .await?;
        versions
            .iter()
            .find(|found| found.resource.version == version)
            .cloned()
            .ok_or_else(|| {
                let api_version = if group.is_empty() {
                    version.to_owned()
                } else {
                    format!("{group}/{version}")
                };
                let served = versions
                    .iter()
                    .map(|found| found.resource.api_version.clone())
                    .collect();
                ApiError::NoKind {
                    api_version,
                    kind: kind.to_owned(),
                    served,
                }
            })
    }

    /// Lets the next unknown kind be asked for at once: a definition was just applied.
    pub async fn ask_again(&self) {
        self.resources.let_ask_again().await;
    }

    /// Returns the preferred version of a group's kind, when it is served at all.
    ///
    /// # Errors
    ///
    /// When discovery fails.
    pub async fn preferred_kind(&self, group: &str, kind: &str) -> Result<Option<Kind>, ApiError> {
        Ok(self
            .resources
            .versions(group, kind, |_known| true)
            .await?
            .into_iter()
            .next())
    }
}

#[cfg(test)]
mod tests;
