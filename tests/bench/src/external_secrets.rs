//! ExternalSecrets on OpenBao that wait for a fresh controller: until every Secret and status is
//! written.

use std::sync::Arc;

use api::names::external_secrets::READY;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use components::OpenBao;
use deploy::family::Family;
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::flags::{Flags, Part};
use crate::measured::{Reading, Step, Watched};
use crate::ours::{Ours, SIGNET};
use crate::peers::{EXTERNAL_SECRETS, Peer};
use crate::rig::{NAMESPACE, Rig, Seen, is_true};

const FAMILIES: &[Family] = &[Family::ExternalSecrets];
const EXTERNAL_SECRETS_V1: &str = "external-secrets.io/v1";

/// The kind, as it is watched.
pub(crate) const KIND: (&str, &str) = (EXTERNAL_SECRETS_V1, "ExternalSecret");

/// Runs the part.
///
/// # Errors
///
/// When something does not start.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if flags.whose.has_ours() {
        let rig = Rig::start(FAMILIES).await?;
        let vault = fill(&rig, flags.external_secrets).await?;
        let before = Reading::take(&rig, &[watched(&vault)]).await?;
        let ours = Ours::start(&rig, flags, FAMILIES, &[])?;
        let programs = [ours.watched(), watched(&vault)];
        figures.push(until_done(flags, &rig, &before, SIGNET, &programs).await?);
    }
    if flags.whose.has_theirs() {
        let rig = Rig::start(FAMILIES).await?;
        let vault = fill(&rig, flags.external_secrets).await?;
        let before = Reading::take(&rig, &[watched(&vault)]).await?;
        let peer = Peer::external_secrets(&rig, flags).await?;
        let programs = [peer.watched(), watched(&vault)];
        figures.push(until_done(flags, &rig, &before, EXTERNAL_SECRETS, &programs).await?);
    }
    Ok(figures)
}

/// Starts a vault, fills it, and puts a store and ExternalSecrets into a cluster.
///
/// # Errors
///
/// When something does not start or refuses.
pub(crate) async fn fill(rig: &Rig, count: usize) -> anyhow::Result<Arc<OpenBao>> {
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
    Ok(vault)
}

/// Returns the vault's process.
pub(crate) fn watched(vault: &OpenBao) -> Watched {
    Watched {
        name: "OpenBao",
        process: vault.process_id(),
    }
}

async fn until_done(
    flags: &Flags,
    rig: &Rig,
    before: &Reading,
    who: &str,
    programs: &[Watched],
) -> anyhow::Result<Figure> {
    let wanted = flags.external_secrets;
    let done = rig.until(KIND, wanted, flags.cut_off(), is_synced).await?;
    let step = Step {
        part: Part::ExternalSecrets,
        name: "first sync",
        who,
        what: &format!("{wanted} ExternalSecrets on OpenBao"),
        wanted,
    };
    before.done(step, done, rig, programs).await
}

/// Whether the Secret of an ExternalSecret is written, and said to be.
pub(crate) fn is_synced(object: &Seen) -> bool {
    is_true(object, READY)
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
        "apiVersion": EXTERNAL_SECRETS_V1, "kind": "SecretStore",
        "metadata": { "name": "vault", "namespace": NAMESPACE },
        "spec": { "provider": { "vault": {
            "server": url, "path": "secret", "version": "v2",
            "auth": { "tokenSecretRef": { "name": "vault", "key": "token" } },
        } } },
    })
}

fn external_secret(index: usize) -> Value {
    json!({
        "apiVersion": EXTERNAL_SECRETS_V1, "kind": "ExternalSecret",
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
