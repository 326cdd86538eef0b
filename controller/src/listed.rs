//! Which kinds have been listed once: before that, an object that is not seen may well be there.
//!
//! A store of `kube` can be waited for as well, but of several tasks that wait it wakes the last one
//! only, and one of them is the kind's own controller.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// The kinds whose first list is in.
#[derive(Debug, Default)]
pub(crate) struct Listed(watch::Sender<BTreeSet<&'static str>>);

impl Listed {
    /// Says that a kind's first list is in.
    pub(crate) fn mark(&self, kind: &'static str) {
        self.0.send_if_modified(|kinds| kinds.insert(kind));
    }

    /// Waits until the first lists of some kinds are in.
    pub(crate) async fn wait(&self, kinds: &[&'static str]) {
        let are_in = |listed: &BTreeSet<_>| kinds.iter().all(|kind| listed.contains(kind));
        // The sender is ours and lives as long as `self`.
        let _ = self.0.subscribe().wait_for(are_in).await;
    }
}

#[cfg(test)]
mod tests;
