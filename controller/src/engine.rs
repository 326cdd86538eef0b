//! The stages from an artifact to applied objects, for a [`Unit`] of any family.
//!
//! [`Engine::build`] renders and decrypts, [`Engine::prepare`] decides everything that can be
//! decided without looking at live objects, and [`Engine::bring`] walks the stages: look, plan,
//! write, and stop with [`State::Waiting`] where something has to happen first. Nothing is kept in
//! memory that the next run needs: it plans again from live state.

mod build;
mod carry;
mod consumers;
mod definitions;
mod instances;
mod keys;
mod look;
mod recent;
mod run;
mod sync;
mod teardown;

pub(crate) use build::{Built, Notice, Topic, gathered};
pub(crate) use consumers::{Awaited, Makers, follow as follow_makers};
pub(crate) use keys::{Ambient, Keys};
pub(crate) use run::{Ended, Prepared, Progress, State, seconds, waits};
pub(crate) use sync::{
    Ended as SyncEnded, Looked, Progress as SyncProgress, Run as SyncRun, supply,
};

use std::time::{Duration, Instant};

use manifests::ObjectId;
use render::{Renderer, RendererOptions};
use serde_json::Value;

use recent::Recent;

/// What the stages share over all units.
pub(crate) struct Engine {
    renderer: Renderer,
    recent: Recent,
    makers: Makers,
    /// Which units wait for which Secret.
    pub(crate) awaited: Awaited,
    started: Instant,
}

impl Engine {
    /// Starts the render workers' pool.
    pub(crate) fn new(options: RendererOptions, makers: Makers) -> Self {
        let renderer = Renderer::start(options);
        Self {
            renderer,
            recent: Recent::default(),
            makers,
            awaited: Awaited::default(),
            started: Instant::now(),
        }
    }

    /// Whether an object at this resource version is what the engine itself wrote or read last.
    pub(crate) fn wrote(&self, id: &ObjectId, resource_version: &str) -> bool {
        self.recent.holds(id, resource_version)
    }

    /// Returns how long ago the process started.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Records an object that was written beside the engine.
    pub(crate) fn note(&self, id: &ObjectId, object: &Value) {
        self.recent.record(id, object);
    }

    /// Says which objects a status has as applied: where a watch shows that nobody touched them since,
    /// they are not asked about a moment after a start.
    pub(crate) fn trust<'a>(&self, ids: impl IntoIterator<Item = &'a ObjectId>) {
        for id in ids {
            self.recent.trust(id);
        }
    }

    /// Takes back that a status has objects as applied: it was said for a run that may have ended before
    /// it looked at them, and another one wants something else of them.
    pub(crate) fn distrust<'a>(&self, ids: impl IntoIterator<Item = &'a ObjectId>) {
        for id in ids {
            self.recent.distrust(id);
        }
    }

    /// Says that an object changed by somebody's hand: with a definition, what is known of the
    /// objects of its group counts no more.
    pub(crate) fn changed(&self, id: &ObjectId) {
        if let Some(group) = definitions::group(id) {
            self.recent.redefine(group, Instant::now());
        }
    }

    /// Has objects asked about again, whatever is known of them.
    pub(crate) fn look_anew<'a>(&self, ids: impl IntoIterator<Item = &'a ObjectId>) {
        for id in ids {
            self.recent.unsettle(id);
        }
    }
}
