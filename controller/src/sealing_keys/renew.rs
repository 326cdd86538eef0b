//! Makes the first key, and a new one when the newest has sealed long enough. Old keys stay.

use std::sync::Arc;
use std::time::Duration;

use api::names::sealed_secrets::{KEY_ACTIVE, KEY_LABEL};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use manifests::Manifest;
use sealing::{GenerateOptions, Generated};
use secret_bytes::SecretBytes;
use serde_json::json;
use tracing::{info, warn};

use super::{api, load};
use crate::context::Context;
use crate::error::Error;
use crate::flags::Pairs;

/// How soon a key that could not be made is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// The longest sleep; the clock may jump.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// Runs in the leader until the process stops.
pub(crate) async fn renew(context: Arc<Context>) {
    // One new key does for the cutoff, also where it lies in the future.
    let mut cutoff = context.flags.key_cutoff_time;
    if cutoff.is_some_and(|cutoff| cutoff > (context.clock)()) {
        warn!("--key-cutoff-time is in the future: every start until then makes a key");
    }
    loop {
        let pause = match due(&context, cutoff) {
            Some(pause) if pause.is_zero() => match make(&context, cutoff).await {
                Ok(()) => {
                    cutoff = None;
                    Duration::ZERO
                }
                Err(error) => {
                    warn!(error = %crate::error::Chain(&error), "Failed to generate new key");
                    RETRY
                }
            },
            Some(pause) => pause.min(LOOK_AGAIN),
            None => LOOK_AGAIN,
        };
        tokio::select! {
            () = context.stopping() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Returns in how long a key is to be made; `None` when never. Keys from before the cutoff do not
/// count.
fn due(context: &Context, cutoff: Option<Timestamp>) -> Option<Duration> {
    let ring = context.sealing_keys.ring();
    let latest = ring
        .latest_time()
        .filter(|latest| cutoff.is_none_or(|cutoff| *latest >= cutoff));
    in_how_long(latest, context.flags.key_renew_period, (context.clock)())
}

/// Pure: without a key one is due now, whatever the period; a period of zero renews nothing.
fn in_how_long(latest: Option<Timestamp>, period: Duration, now: Timestamp) -> Option<Duration> {
    let Some(latest) = latest else {
        return Some(Duration::ZERO);
    };
    if period.is_zero() {
        return None;
    }
    let age = Duration::try_from(now.duration_since(latest)).unwrap_or_default();
    Some(period.saturating_sub(age))
}

async fn make(context: &Context, cutoff: Option<Timestamp>) -> Result<(), Error> {
    // Another replica may have been quicker, or the watch slower.
    load(context).await?;
    if due(context, cutoff).is_some_and(|pause| !pause.is_zero()) {
        return Ok(());
    }
    let options = GenerateOptions {
        bits: usize::try_from(context.flags.key_size).unwrap_or(4096),
        validity: SignedDuration::try_from(context.flags.key_ttl).unwrap_or(SignedDuration::MAX),
        common_name: context.flags.my_cn.clone(),
    };
    let now = (context.clock)();
    let generated =
        tokio::task::spawn_blocking(move || sealing::generate(&options, now, &mut rand::rng()))
            .await
            .map_err(|source| Error::internal("make a sealing key", source))?
            .map_err(|source| Error::internal("make a sealing key", source))?;
    store(context, generated).await
}

/// A key counts only after its Secret was written.
async fn store(context: &Context, generated: Generated) -> Result<(), Error> {
    let name = format!(
        "{}{:05x}",
        context.flags.key_prefix,
        rand::random::<u32>() & 0xf_ffff
    );
    let namespace = &context.flags.namespace;
    let Pairs(mut labels) = context.flags.privatekey_labels.clone();
    labels.insert(KEY_LABEL.to_owned(), KEY_ACTIVE.to_owned());
    let Pairs(annotations) = &context.flags.privatekey_annotations;
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "name": name, "namespace": namespace, "labels": labels, "annotations": annotations,
        },
    });
    let mut manifest = Manifest::new(object, None)
        .ok_or_else(|| Error::internal("name the key Secret", "the prefix is no name"))?;
    manifest.set_secret_value("tls.key", &generated.private_pem);
    let certificate = SecretBytes::from(generated.certificate_pem.clone());
    manifest.set_secret_value("tls.crt", &certificate);
    let cluster = context.clusters.own();
    let kind = cluster.kind_of(&manifest).await?;
    cluster
        .create(&kind, &manifest, "sealed-secrets-controller")
        .await?;
    info!(namespace, name, "New key written");
    info!(
        certificate = generated.certificate_pem,
        "Certificate generated"
    );
    let api: Api<Secret> = api(context);
    let stored = api
        .get(&name)
        .await
        .map_err(|source| Error::kubernetes("read the new key back", source))?;
    context.sealing_keys.register(stored);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// K-020-K-030 family: first key, renewal, renewal off.
    #[test]
    fn first_key_is_due_at_once_and_renewal_after_the_period() {
        let day = Duration::from_hours(24);
        assert_eq!(in_how_long(None, day, at(0)), Some(Duration::ZERO));
        assert_eq!(
            in_how_long(None, Duration::ZERO, at(0)),
            Some(Duration::ZERO)
        );
        assert_eq!(
            in_how_long(Some(at(0)), day, at(3600)),
            Some(Duration::from_hours(23))
        );
        assert_eq!(
            in_how_long(Some(at(0)), day, at(90_000)),
            Some(Duration::ZERO)
        );
        assert_eq!(in_how_long(Some(at(0)), Duration::ZERO, at(90_000)), None);
    }
}
