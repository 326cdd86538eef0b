//! Serves artifacts under the URLs that `status.artifact` shows (G-174).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kube::runtime::reflector::ObjectRef;
use manifests::Digest;

use crate::context::Context;

/// Returns the routes.
pub(super) fn router(context: &Arc<Context>) -> Router {
    Router::new()
        .route(
            "/gitrepository/{namespace}/{name}/{file}",
            get(git_repository),
        )
        .with_state(Arc::clone(context))
}

/// Only what a repository's status names is served, whatever else lies in the store.
async fn git_repository(
    State(context): State<Arc<Context>>,
    Path((namespace, name, file)): Path<(String, String, String)>,
) -> Response {
    let reference = ObjectRef::new(&name).within(&namespace);
    let artifact = context
        .seen
        .git_repositories
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
