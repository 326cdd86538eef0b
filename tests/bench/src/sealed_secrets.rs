//! SealedSecrets that wait for a fresh controller: until every Secret and status is written.

use api::names::sealed_secrets::{KEY_ACTIVE, KEY_LABEL, KEY_PREFIX, SYNCED};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deploy::family::Family;
use sealing::{GenerateOptions, Generated, PublicKey, Scope};
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use crate::flags::Flags;
use crate::measured::{Measured, Reading};
use crate::rig::{NAMESPACE, Rig, is_true};

const FAMILIES: &[Family] = &[Family::SealedSecrets];

/// Runs the bench.
///
/// # Errors
///
/// When something does not start or takes too long.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Measured>> {
    let rig = Rig::start(FAMILIES).await?;
    let count = flags.sealed_secrets;
    let now = jiff::Timestamp::now();
    let generated = sealing::generate(&GenerateOptions::default(), now, &mut rand::rng())?;
    rig.apply(vec![key_secret(rig.system(), &generated)])
        .await?;
    let key = generated.key.public_key();
    let objects: Result<Vec<_>, _> = (0..count).map(|index| sealed(index, key)).collect();
    rig.apply(objects?).await?;

    let before = Reading::take(&rig, None).await?;
    let controller = rig.controller(flags, FAMILIES)?;
    let is_done = |object: &_| is_true(object, SYNCED);
    rig.until("bitnami.com/v1alpha1", "SealedSecret", count, is_done)
        .await?;
    let what = format!("{count} SealedSecrets (RSA-4096) on a fresh controller");
    Ok(vec![before.done(what, &rig, &controller).await?])
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
