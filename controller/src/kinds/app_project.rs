//! `AppProject`: what the Applications of a project may do. Nothing is done about one; who uses it
//! is woken when it changes.

use std::sync::Arc;

use api::argo::AppProject;
use futures::StreamExt;
use kube::Api;
use kube::runtime::{WatchStreamExt, watcher};
use tracing::debug;

use super::Writer;
use crate::context::Context;
use crate::driver::Guarded;

/// The kind's name among those that have been listed.
pub(super) const NAME: &str = "AppProject";

/// Keeps what is seen of the projects of the family's namespace up to date until the process stops.
pub(crate) async fn follow(context: Arc<Context>, writer: Writer<AppProject>) {
    let client = context.clusters.own().client().clone();
    let projects = Api::<Guarded<AppProject>>::namespaced(client, &context.flags.argo_namespace);
    let events = watcher(projects, watcher::Config::default().any_semantic())
        .default_backoff()
        .reflect_shared(writer);
    let stopping = context.stopping();
    let events = events.take_until(stopping);
    futures::pin_mut!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(watcher::Event::InitDone) => context.listed.mark(NAME),
            Ok(_) => {}
            Err(error) => debug!(error = %error, "projects cannot be watched"),
        }
    }
}
