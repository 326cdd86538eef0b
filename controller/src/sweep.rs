//! Deletes artifacts that no source names any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use manifests::Digest;
use tracing::{debug, warn};

use crate::context::Context;
use crate::driver::Reconciler;
use crate::error::Chain;
use crate::flags::Family;
use crate::kinds::GitRepositories;

/// How often the store is swept.
const EVERY: Duration = Duration::from_mins(5);
/// How long an artifact that nobody names stays: who was just told of it may still fetch it (§8.1).
const GRACE: Duration = Duration::from_mins(1);

/// Sweeps until the process stops. Nothing is deleted before all sources have been seen.
pub(crate) async fn sweep(context: Arc<Context>) {
    let sources = &context.seen.git_repositories;
    let serves_sources = context.flags.enables(Family::Flux);
    if serves_sources && context.listed(&[GitRepositories::NAME]).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            () = context.stopping() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let mut named: BTreeSet<Digest> = sources
            .state()
            .iter()
            .filter_map(|guarded| {
                let status = guarded.0.as_ref().ok()?.status.as_ref()?;
                status.artifact.as_ref()?.digest.as_ref()?.parse().ok()
            })
            .collect();
        named.extend(context.repositories.in_use());
        match context.artifacts.retain(&named, GRACE).await {
            Ok(0) => {}
            Ok(deleted) => debug!(deleted, "artifacts swept"),
            Err(error) => warn!(error = %Chain(&error), "artifacts cannot be swept"),
        }
    }
}
