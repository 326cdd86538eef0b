//! What the process serves over HTTP: health, metrics and artifacts.

mod artifacts;
mod measure;
mod rate;
mod sealing;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::{error, info};

use crate::context::Context;
use crate::flags::Family;

/// Binds every listener and serves in the background.
///
/// # Errors
///
/// When an address cannot be bound.
pub(crate) async fn start(context: &Arc<Context>) -> anyhow::Result<JoinSet<()>> {
    let mut servers = JoinSet::new();
    let mut api = Router::new().route("/healthz", get(|| async { "ok\n" }));
    if context.flags.enables(Family::SealedSecrets) {
        api = api.merge(measure::measured(sealing::router(context), context));
    }
    let metrics = Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(context));
    let artifacts = artifacts::router(context);
    for (what, address, router) in [
        ("api", context.flags.listen, api),
        ("metrics", context.flags.metrics_listen, metrics),
        ("artifacts", context.flags.artifact_listen, artifacts),
    ] {
        let listener = bind(what, address).await?;
        servers.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                error!(what, error = %error, "server stopped");
            }
        });
    }
    Ok(servers)
}

async fn bind(what: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("the {what} address {address} cannot be bound"))?;
    info!(what, address = %address, "serving");
    Ok(listener)
}

async fn metrics(State(context): State<Arc<Context>>) -> Response {
    match context.metrics.encode() {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
