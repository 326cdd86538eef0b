//! Sync options that nobody knows: they are ignored, and the log says so when a sync begins.

use std::collections::BTreeSet;

use api::argo::{Application, Operation};
use kube::ResourceExt;
use tracing::info;

/// The options there are (spec of Applications); some have no effect yet, which a condition says.
const KNOWN: [&str; 14] = [
    "ApplyOutOfSyncOnly",
    "ClientSideApplyMigration",
    "CreateNamespace",
    "Delete",
    "FailOnSharedResource",
    "Force",
    "Prune",
    "PruneLast",
    "PrunePropagationPolicy",
    "Replace",
    "RespectIgnoreDifferences",
    "ServerSideApply",
    "SkipDryRunOnMissingResource",
    "Validate",
];

/// Says which options of a sync are ignored, in one line.
pub(super) fn tell(app: &Application, operation: &Operation) {
    let unknown = unknown(app, operation);
    if !unknown.is_empty() {
        info!(
            kind = "Application",
            namespace = app.namespace(),
            name = app.name_any(),
            options = unknown.join(","),
            "unknown sync options are ignored"
        );
    }
}

/// Returns the names of the options that nobody knows, each once.
fn unknown(app: &Application, operation: &Operation) -> Vec<String> {
    let asked = operation.sync.iter().flat_map(|sync| &sync.sync_options);
    let policy = app.spec.sync_policy.iter();
    let own = policy.flat_map(|policy| &policy.sync_options);
    let names: BTreeSet<&str> = asked
        .chain(own)
        .map(|option| {
            option
                .split_once('=')
                .map_or(option.as_str(), |(name, _)| name)
        })
        .map(str::trim)
        .filter(|name| !KNOWN.contains(name))
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
