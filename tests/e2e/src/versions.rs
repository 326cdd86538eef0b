//! Every version of every object of some kinds, as a watch shows them.

use std::time::Duration;

use components::{Child, Launch, Program};
use serde_json::Value;

use crate::{World, eventually};

/// Watches that keep what they saw. They end with the value, and with the API server.
pub struct Versions {
    watches: Vec<Child>,
}

/// One thing that a watch saw.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub change: String,
    /// The object as it was then.
    pub object: Value,
}

impl Versions {
    /// Watches kinds in all namespaces; what is there counts as seen.
    ///
    /// # Panics
    ///
    /// When a watch does not begin.
    pub fn of(world: &World, kinds: &[&str]) -> Self {
        let kubectl = Program::Kubectl.path().expect("it builds");
        let watches = kinds.iter().map(|kind| {
            let watch = Launch::new("watch", &kubectl)
                .arguments(["--kubeconfig"])
                .arguments([world.cluster().kubeconfig()])
                .arguments(["get", kind, "--all-namespaces", "--output=json"])
                .arguments(["--watch", "--output-watch-events"])
                .variable("HOME", world.cluster().folder())
                .start()
                .expect("the watch starts");
            let has_some = !world.list(kind, "").is_empty();
            eventually("the watch shows something", Duration::from_secs(20), || {
                let has_begun = !has_some || !seen(&watch).is_empty();
                has_begun.then_some(()).ok_or_else(|| watch.log())
            });
            watch
        });
        Self {
            watches: watches.collect(),
        }
    }

    /// Returns everything seen so far, of each kind the oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.watches.iter().flat_map(seen).collect()
    }
}

fn seen(watch: &Child) -> Vec<Seen> {
    let log = watch.log();
    let events = serde_json::Deserializer::from_str(&log).into_iter::<Value>();
    events
        // The last one may be half written.
        .map_while(Result::ok)
        .map(|event| Seen {
            change: event["type"].as_str().unwrap_or_default().to_owned(),
            object: event["object"].clone(),
        })
        .collect()
}
