//! ExternalSecrets on OpenBao that wait for a fresh controller: until every Secret and status is
//! written.

use std::sync::Arc;

use api::names::external_secrets::READY;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use components::OpenBao;
use deploy::family::Family;
use serde_json::{Value, json};

use crate::flags::Flags;
use crate::measured::{Measured, Reading};
use crate::rig::{NAMESPACE, Rig, is_true};

const FAMILIES: &[Family] = &[Family::ExternalSecrets];
const EXTERNAL_SECRETS: &str = "external-secrets.io/v1";

/// Runs the bench.
///
/// # Errors
///
/// When something does not start or takes too long.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Measured>> {
    let rig = Rig::start(FAMILIES).await?;
    let count = flags.external_secrets;
    let vault = Arc::new(tokio::task::spawn_blocking(OpenBao::start).await??);
    let filled = Arc::clone(&vault);
    tokio::task::spawn_blocking(move || {
        (0..count).try_for_each(|index| {
            filled.put_secret(
                &key(index),
                &json!({ "password": format!("value {index}") }),
            )
        })
    })
    .await??;
    let mut objects = vec![token(vault.root_token()), store(&vault.url())];
    objects.extend((0..count).map(external_secret));
    rig.apply(objects).await?;

    let before = Reading::take(&rig, None).await?;
    let controller = rig.controller(flags, FAMILIES)?;
    let is_done = |object: &_| is_true(object, READY);
    rig.until(EXTERNAL_SECRETS, "ExternalSecret", count, is_done)
        .await?;
    let what = format!("{count} ExternalSecrets on OpenBao, first sync");
    Ok(vec![before.done(what, &rig, &controller).await?])
}

fn key(index: usize) -> String {
    format!("bench/key-{index:05}")
}

fn token(token: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "vault", "namespace": NAMESPACE },
        "data": { "token": STANDARD.encode(token) },
    })
}

fn store(url: &str) -> Value {
    json!({
        "apiVersion": EXTERNAL_SECRETS, "kind": "SecretStore",
        "metadata": { "name": "vault", "namespace": NAMESPACE },
        "spec": { "provider": { "vault": {
            "server": url, "path": "secret", "version": "v2",
            "auth": { "tokenSecretRef": { "name": "vault", "key": "token" } },
        } } },
    })
}

fn external_secret(index: usize) -> Value {
    json!({
        "apiVersion": EXTERNAL_SECRETS, "kind": "ExternalSecret",
        "metadata": { "name": format!("external-{index:05}"), "namespace": NAMESPACE },
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": { "kind": "SecretStore", "name": "vault" },
            "data": [{
                "secretKey": "password",
                "remoteRef": { "key": key(index), "property": "password" },
            }],
        },
    })
}
