//! SealedSecrets that wait for a fresh controller: until every Secret and status is written.

use api::names::sealed_secrets::{KEY_ACTIVE, KEY_LABEL, KEY_PREFIX, SYNCED};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deploy::family::Family;
use sealing::{GenerateOptions, Generated, PublicKey, Scope};
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::flags::{Flags, Part};
use crate::measured::{Reading, Step, Watched};
use crate::ours::{Ours, SIGNET};
use crate::peers::{Peer, SEALED_SECRETS};
use crate::rig::{NAMESPACE, Rig, Seen, is_true};

const FAMILIES: &[Family] = &[Family::SealedSecrets];

/// The kind, as it is watched.
pub(crate) const KIND: (&str, &str) = ("bitnami.com/v1alpha1", "SealedSecret");

/// Runs the part.
///
/// # Errors
///
/// When something does not start.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if flags.whose.has_ours() {
        let rig = filled(flags.sealed_secrets).await?;
        let before = Reading::take(&rig, &[]).await?;
        let ours = Ours::start(&rig, flags, FAMILIES, &[])?;
        figures.push(until_done(flags, &rig, &before, SIGNET, ours.watched()).await?);
    }
    if flags.whose.has_theirs() {
        let rig = filled(flags.sealed_secrets).await?;
        let before = Reading::take(&rig, &[]).await?;
        let peer = Peer::sealed_secrets(&rig, flags).await?;
        figures.push(until_done(flags, &rig, &before, SEALED_SECRETS, peer.watched()).await?);
    }
    Ok(figures)
}

async fn filled(count: usize) -> anyhow::Result<Rig> {
    let rig = Rig::start(FAMILIES).await?;
    fill(&rig, count).await?;
    Ok(rig)
}

/// Puts a sealing key and SealedSecrets into a cluster.
///
/// # Errors
///
/// When the API server refuses.
pub(crate) async fn fill(rig: &Rig, count: usize) -> anyhow::Result<()> {
    let now = jiff::Timestamp::now();
    let generated = sealing::generate(&GenerateOptions::default(), now, &mut rand::rng())?;
    rig.apply(vec![key_secret(rig.system(), &generated)])
        .await?;
    let key = generated.key.public_key();
    let objects: Result<Vec<_>, _> = (0..count).map(|index| sealed(index, key)).collect();
    rig.apply(objects?).await?;
    Ok(())
}

async fn until_done(
    flags: &Flags,
    rig: &Rig,
    before: &Reading,
    who: &str,
    controller: Watched,
) -> anyhow::Result<Figure> {
    let wanted = flags.sealed_secrets;
    let done = rig.until(KIND, wanted, flags.cut_off(), is_synced).await?;
    let step = Step {
        part: Part::SealedSecrets,
        name: "first sync",
        who,
        what: &format!("{wanted} SealedSecrets (RSA-4096) on a fresh controller"),
        wanted,
    };
    before.done(step, done, rig, &[controller]).await
}

/// Whether the Secret of a SealedSecret is written, and said to be.
pub(crate) fn is_synced(object: &Seen) -> bool {
    is_true(object, SYNCED)
}

fn key_secret(namespace: &str, generated: &Generated) -> Value {
    // EXPOSE: the controller reads its sealing key from this Secret.
    let private = STANDARD.encode(generated.private_pem.expose());
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "name": format!("{KEY_PREFIX}-bench"), "namespace": namespace,
            "labels": { KEY_LABEL: KEY_ACTIVE },
        },
        "data": {
            "tls.key": private,
            "tls.crt": STANDARD.encode(&generated.certificate_pem),
        },
    })
}

fn sealed(index: usize, key: &PublicKey) -> anyhow::Result<Value> {
    let name = format!("sealed-{index:05}");
    let label = Scope::Strict.label(NAMESPACE, &name);
    let value = SecretBytes::from(format!("value {index}"));
    let item = sealing::seal(&value, &label, key, &mut rand::rng())?;
    Ok(json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "encryptedData": { "value": item.to_string() } },
    }))
}
