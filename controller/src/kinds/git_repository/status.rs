//! What is said about it (G-174, G-177).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use api::FieldModel;
use api::condition::{Condition, ConditionStatus, remove_condition, set_condition, whole_seconds};
use api::names::flux;
use api::source::{Artifact, GitRepository, GitRepositoryStatus};
use jiff::Timestamp;
use kube::ResourceExt;

use super::apply::Applied;
use crate::error::{Category, Chain, Error};

const IN_STORAGE: &str = "ArtifactInStorage";
const UNSUPPORTED: &str = "UnsupportedField";
const FETCH_FAILED: &str = "FetchFailed";

/// Says what came of it. A failure keeps the artifact there was: consumers go on using it.
pub(super) fn status(
    object: &GitRepository,
    outcome: &Result<Applied, Error>,
    now: Timestamp,
) -> GitRepositoryStatus {
    let mut status = object.status.clone().unwrap_or_default();
    let generation = object.metadata.generation;
    status.observed_generation = generation;
    if let Some(requested) = object.annotations().get(flux::REQUESTED_AT) {
        status.last_handled_reconcile_at = Some(requested.clone());
    }
    let conditions = &mut status.conditions;
    let mut set = |kind: &str, state: ConditionStatus, reason: &str, message: &str| {
        let condition = Condition::new(kind, state, reason, message, now).at_generation(generation);
        set_condition(conditions, condition);
    };
    match outcome {
        Ok(applied) => {
            let message = format!(
                "stored artifact for revision '{}'",
                applied.snapshot.revision
            );
            set(flux::READY, ConditionStatus::True, "Succeeded", &message);
            set(IN_STORAGE, ConditionStatus::True, "Succeeded", &message);
            for kind in [FETCH_FAILED, flux::STALLED, flux::RECONCILING] {
                remove_condition(conditions, kind);
            }
            status.observed_ignore.clone_from(&object.spec.ignore);
            let artifact = artifact(object, applied, now);
            let is_same = status.artifact.as_ref().is_some_and(|held| {
                (&held.path, &held.url, &held.revision, &held.digest)
                    == (
                        &artifact.path,
                        &artifact.url,
                        &artifact.revision,
                        &artifact.digest,
                    )
            });
            if !is_same {
                status.artifact = Some(artifact);
            }
        }
        Err(error) => {
            let message = failure_text(error);
            set(
                flux::READY,
                ConditionStatus::False,
                error.reason(),
                &message,
            );
            set(
                FETCH_FAILED,
                ConditionStatus::True,
                error.reason(),
                &message,
            );
            if error.category() == Category::Invalid {
                set(
                    flux::STALLED,
                    ConditionStatus::True,
                    error.reason(),
                    &message,
                );
                remove_condition(conditions, flux::RECONCILING);
            } else {
                set(
                    flux::RECONCILING,
                    ConditionStatus::True,
                    "ProgressingWithRetry",
                    &message,
                );
                remove_condition(conditions, flux::STALLED);
            }
        }
    }
    unsupported(object, &mut status.conditions, now);
    status
}

/// Fields that are kept but not acted upon are named, once.
fn unsupported(object: &GitRepository, conditions: &mut Vec<Condition>, now: Timestamp) {
    static FIELDS: LazyLock<FieldModel> = LazyLock::new(FieldModel::of::<GitRepository>);
    let spec = serde_json::to_value(&object.spec).unwrap_or_default();
    let paths = FIELDS.unmodelled(&spec);
    if paths.is_empty() {
        remove_condition(conditions, UNSUPPORTED);
        return;
    }
    let message = format!("not supported and without effect: {}", paths.join(", "));
    let condition = Condition::new(
        UNSUPPORTED,
        ConditionStatus::True,
        UNSUPPORTED,
        &message,
        now,
    );
    set_condition(
        conditions,
        condition.at_generation(object.metadata.generation),
    );
}

/// Returns the failure with its causes.
pub(super) fn failure_text(error: &Error) -> String {
    Chain(error).to_string()
}

fn artifact(object: &GitRepository, applied: &Applied, now: Timestamp) -> Artifact {
    let snapshot = &applied.snapshot;
    let path = format!(
        "gitrepository/{}/{}/{}.tar.gz",
        object.namespace().unwrap_or_default(),
        object.name_any(),
        snapshot.revision.hex()
    );
    Artifact {
        url: format!("http://{}/{path}", applied.host),
        path,
        revision: snapshot.revision.to_string(),
        digest: Some(snapshot.digest.to_string()),
        last_update_time: whole_seconds(now),
        size: i64::try_from(snapshot.size).ok(),
        metadata: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests;
