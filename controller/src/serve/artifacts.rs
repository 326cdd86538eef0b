//! Serves artifacts under the URLs that `status.artifact` shows (G-174).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::FutureExt;
use kube::runtime::reflector::ObjectRef;
use manifests::Digest;

use crate::context::Context;
use crate::flags::Family;

/// Returns the routes; without the family that fetches there is none.
pub(super) fn router(context: &Arc<Context>) -> Router {
    if !context.flags.enables(Family::Flux) {
        return Router::new();
    }
    Router::new()
        .route(
            "/gitrepository/{namespace}/{name}/{file}",
            get(git_repository),
        )
        .with_state(Arc::clone(context))
}

/// Only what a repository's status names is served, whatever else lies in the store.
///
/// The leader alone follows repositories and fetches. Another replica, and the leader until it has
/// seen them all, cannot say that there is no such artifact: it asks for another try, which a
/// Service may well bring to the leader.
async fn git_repository(
    State(context): State<Arc<Context>>,
    Path((namespace, name, file)): Path<(String, String, String)>,
) -> Response {
    let repositories = &context.seen.git_repositories;
    if repositories.wait_until_ready().now_or_never().is_none() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "1")],
            "this replica does not lead, or has just begun to; ask again\n",
        )
            .into_response();
    }
    let reference = ObjectRef::new(&name).within(&namespace);
    let artifact = repositories
        .get(&reference)
        .and_then(|guarded| guarded.0.as_ref().ok().cloned())
        .and_then(|repository| repository.status)
        .and_then(|status| status.artifact);
    let Some(artifact) = artifact else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_named = artifact.path.rsplit('/').next() == Some(file.as_str());
    if !is_named && file != "latest.tar.gz" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(digest) = artifact.digest.unwrap_or_default().parse::<Digest>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match context.artifacts.archive(&digest).await {
        Ok(Some(archive)) => {
            ([(header::CONTENT_TYPE, "application/gzip")], archive).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
