//! Whether an Application is synced by itself, and when a sync that failed is tried again.

use std::time::Duration;

use api::GoDuration;
use api::argo::{
    Application, Automated, Operation, OperationInitiator, OperationPhase, OperationState,
    ResourceStatus, RetryStrategy, SyncCode, SyncOperation, SyncOperationResource,
};
use jiff::Timestamp;

mod late;
mod request;

pub use late::{gave_up, gave_up_waiting, waited_with};
pub use request::{refusal, revision_of, source_of, with_source_of_sync};

/// How long after the end of the last sync drift is healed, by how often it was before (G-048).
const HEAL_AFTER: [u64; 7] = [0, 2, 6, 18, 54, 162, 300];

/// How often an automated sync is tried again unless the Application says so itself (G-053).
const RETRIES: i64 = 5;
/// How a wait grows where the Application does not say: first, by which factor, and to what.
const BACKOFF: (Duration, u32, Duration) = (Duration::from_secs(5), 2, Duration::from_mins(3));

/// What a decision is made of.
#[derive(Clone, Copy, Debug)]
pub struct Decide<'a> {
    /// The Application, with what became of its last sync.
    pub app: &'a Application,
    /// Whether it is as wanted.
    pub sync: SyncCode,
    /// Each of its objects.
    pub resources: &'a [ResourceStatus],
    /// The commit that is wanted, in hex.
    pub revision: &'a str,
    /// Whether the last sync only waited for Secrets in vain, and they are there by now.
    pub is_freed: bool,
    /// What time it is.
    pub now: Timestamp,
}

/// What is to be done by itself.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and the large one is the one that matters"
)]
pub enum Decision {
    /// Nothing.
    Nothing,
    /// Nothing, and why somebody should look.
    Blocked(String),
    /// Nothing yet.
    Later(Duration),
    /// A sync.
    Start(Operation),
}

/// Decides whether a sync begins by itself (G-043 to G-051).
pub fn decide(given: &Decide<'_>) -> Decision {
    let app = given.app;
    let Some(automated) = automated(app) else {
        return Decision::Nothing;
    };
    let is_leaving = app.metadata.deletion_timestamp.is_some();
    if is_leaving || app.operation.is_some() || given.sync != SyncCode::OutOfSync {
        return Decision::Nothing;
    }
    let prunes = automated.prune == Some(true);
    let mut differing = given.drifted().peekable();
    if !prunes && differing.peek().is_some() && differing.all(|object| object.requires_pruning) {
        return Decision::Nothing;
    }
    let last = app
        .status
        .as_ref()
        .and_then(|status| status.operation_state.as_ref());
    match last.filter(|state| given.was_tried(state)) {
        Some(state) => given.again(state, automated),
        None if given.wipes_out(automated) => Decision::Blocked(format!(
            "Skipping sync attempt to {}: auto-sync will wipe out all resources (hint: \
             spec.syncPolicy.automated.allowEmpty: true permits it)",
            given.revision
        )),
        None => Decision::Start(given.operation(automated, None)),
    }
}

/// Returns how an Application is synced by itself, if it is.
fn automated(app: &Application) -> Option<&Automated> {
    let policy = app.spec.sync_policy.as_ref()?;
    let automated = policy.automated.as_ref()?;
    (automated.enabled != Some(false)).then_some(automated)
}

impl Decide<'_> {
    fn drifted(&self) -> impl Iterator<Item = &ResourceStatus> {
        self.resources
            .iter()
            .filter(|object| object.status != Some(SyncCode::Synced) && object.status.is_some())
    }

    /// Whether this very commit was synced, or tried, with the same source. What only waited in vain
    /// for Secrets that are there by now was not.
    fn was_tried(&self, state: &OperationState) -> bool {
        if self.is_freed && state.phase == OperationPhase::Failed {
            return false;
        }
        let spec = &self.app.spec;
        state.sync_result.as_ref().is_some_and(|result| {
            result.revision == self.revision
                && result.source == spec.source
                && result.sources == spec.sources
        })
    }

    fn again(&self, state: &OperationState, automated: &Automated) -> Decision {
        if !state.phase.is_completed() {
            return Decision::Nothing;
        }
        if state.phase != OperationPhase::Succeeded {
            let message = state.message.as_deref().unwrap_or_default();
            return Decision::Blocked(format!(
                "Failed last sync attempt to {}: {message}",
                self.revision
            ));
        }
        if automated.self_heal != Some(true) {
            return Decision::Nothing;
        }
        if self.wipes_out(automated) {
            return Decision::Nothing;
        }
        let sync = state.operation.sync.as_ref();
        let healed = sync
            .and_then(|sync| sync.auto_heal_attempts_count)
            .unwrap_or_default();
        let finished = state.finished_at.as_ref();
        let passed = finished.map_or(Duration::MAX, |finished| {
            Duration::try_from(self.now.duration_since(finished.0)).unwrap_or_default()
        });
        match heal_after(healed).checked_sub(passed) {
            Some(left) if !left.is_zero() => Decision::Later(left),
            _ => Decision::Start(self.operation(automated, Some(healed))),
        }
    }

    /// Whether nothing at all would be left (G-046).
    fn wipes_out(&self, automated: &Automated) -> bool {
        automated.prune == Some(true)
            && automated.allow_empty != Some(true)
            && !self.resources.is_empty()
            && self.resources.iter().all(|object| object.requires_pruning)
    }

    /// Returns the sync to begin: of everything, or of what drifted after it was healed so often.
    fn operation(&self, automated: &Automated, healed: Option<i64>) -> Operation {
        let spec = &self.app.spec;
        let policy = spec.sync_policy.as_ref();
        let drifted = healed.map(|_| {
            let prunes = automated.prune == Some(true);
            self.drifted()
                .filter(|object| prunes || !object.requires_pruning)
                .map(chosen)
                .collect()
        });
        Operation {
            sync: Some(SyncOperation {
                revision: Some(self.revision.to_owned()),
                prune: automated.prune.filter(|prune| *prune),
                resources: drifted,
                source: spec.source.clone(),
                sources: spec.sources.clone(),
                sync_options: policy
                    .map(|policy| policy.sync_options.clone())
                    .unwrap_or_default(),
                auto_heal_attempts_count: healed.map(|healed| healed.saturating_add(1)),
                ..SyncOperation::default()
            }),
            initiated_by: Some(OperationInitiator {
                username: None,
                automated: Some(true),
            }),
            retry: policy.and_then(|policy| policy.retry.clone()).or_else(|| {
                Some(RetryStrategy {
                    limit: Some(RETRIES),
                    ..RetryStrategy::default()
                })
            }),
            ..Operation::default()
        }
    }
}

fn chosen(object: &ResourceStatus) -> SyncOperationResource {
    SyncOperationResource {
        group: object.group.clone(),
        kind: object.kind.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        exclude: None,
    }
}

fn heal_after(healed: i64) -> Duration {
    let index = usize::try_from(healed).unwrap_or_default();
    let longest = HEAL_AFTER.last().copied().unwrap_or_default();
    Duration::from_secs(HEAL_AFTER.get(index).copied().unwrap_or(longest))
}

/// Returns how long after a failure a sync that was tried again `tries` times is tried once more;
/// `None` when it is not (G-052).
pub fn retry(operation: &Operation, tries: i64) -> Option<Duration> {
    let strategy = operation.retry.as_ref()?;
    let limit = strategy.limit.unwrap_or_default();
    if limit >= 0 && tries >= limit {
        return None;
    }
    let backoff = strategy.backoff.as_ref();
    let given = |text: Option<&String>| text.and_then(|text| duration(text));
    let first = given(backoff.and_then(|backoff| backoff.duration.as_ref())).unwrap_or(BACKOFF.0);
    let longest =
        given(backoff.and_then(|backoff| backoff.max_duration.as_ref())).unwrap_or(BACKOFF.2);
    let factor = backoff
        .and_then(|backoff| backoff.factor)
        .and_then(|factor| u32::try_from(factor).ok())
        .filter(|factor| *factor > 0)
        .unwrap_or(BACKOFF.1);
    let power = u32::try_from(tries).unwrap_or(u32::MAX);
    let wait = factor
        .checked_pow(power)
        .and_then(|times| first.checked_mul(times));
    Some(wait.map_or(longest, |wait| wait.min(longest)))
}

/// Reads `10s`, `3m`, or a number of seconds.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    text.parse::<GoDuration>().ok()?.to_std()
}

#[cfg(test)]
mod tests;
