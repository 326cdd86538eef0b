//! Opens the items and reads the live Secret.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use secret_bytes::SecretBytes;

use super::parse::{UNSEAL_FAILED, Wanted};
use crate::context::Context;
use crate::error::{Category, Error};
use crate::secrets;

/// Plaintext items and the Secret there is.
pub(crate) struct Found {
    pub(super) items: BTreeMap<String, SecretBytes>,
    pub(super) live: Option<Live>,
}

/// The Secret there is.
pub(crate) struct Live {
    pub(super) metadata: ObjectMeta,
    pub(super) kind: Option<String>,
    pub(super) immutable: Option<bool>,
    pub(super) data: secrets::Data,
}

/// Opens every item.
pub(super) async fn observe(wanted: &Wanted, context: &Context) -> Result<Found, Error> {
    context.metrics.unseal_requests.inc();
    let keys = &context.sealing_keys;
    let opened = keys
        .unseal(wanted.items.clone(), wanted.label.clone())
        .await?;
    let items = opened.map_err(|faults| {
        context.metrics.unseal_failed("unseal", &wanted.namespace);
        // A key that opens it may still come: it is tried again then, and slowly by itself.
        Error::new(Category::NotFound, UNSEAL_FAILED, faults.to_string())
    })?;
    let client = context.clusters.own().client().clone();
    let live = Api::<Secret>::namespaced(client, &wanted.namespace)
        .get_opt(&wanted.name)
        .await
        .map_err(|source| {
            context.metrics.unseal_failed("update", &wanted.namespace);
            Error::kubernetes("read the Secret", source).with_reason("ErrUpdateFailed")
        })?;
    Ok(Found {
        items,
        live: live.map(Live::of),
    })
}

impl Live {
    fn of(mut secret: Secret) -> Self {
        Self {
            metadata: std::mem::take(&mut secret.metadata),
            kind: secret.type_.take(),
            immutable: secret.immutable,
            data: secrets::take(secret),
        }
    }
}
