//! Counts and times the answers of a router.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::context::Context;

/// Returns the router with every answer of its routes counted.
pub(super) fn measured(router: Router, context: &Arc<Context>) -> Router {
    router.route_layer(from_fn_with_state(Arc::clone(context), measure))
}

async fn measure(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // Only routes without parameters come here, so there are few paths.
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    context.metrics.answered(
        &path,
        method.as_str(),
        response.status().as_u16(),
        started.elapsed(),
    );
    response
}
