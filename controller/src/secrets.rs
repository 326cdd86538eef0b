//! Reads the data of Secrets into the one type that may hold plaintext.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use secret_bytes::SecretBytes;

use crate::context::Context;
use crate::error::{Category, Error};

/// The values of a Secret by key.
pub(crate) type Data = BTreeMap<String, Arc<SecretBytes>>;

/// Reads a Secret's data.
///
/// # Errors
///
/// The text names the Secret and never a value.
pub(crate) async fn read(context: &Context, namespace: &str, name: &str) -> Result<Data, Error> {
    let client = context.clusters.own().client().clone();
    let found = Api::<Secret>::namespaced(client, namespace)
        .get_opt(name)
        .await
        .map_err(|source| Error::kubernetes(&format!("read Secret {namespace}/{name}"), source))?;
    match found {
        Some(secret) => Ok(take(secret)),
        None => Err(Error::new(
            Category::NotFound,
            "SecretNotFound",
            format!("Secret {namespace}/{name} not found"),
        )),
    }
}

/// Moves a Secret's values out of it, without a copy.
pub(crate) fn take(secret: Secret) -> Data {
    secret
        .data
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, Arc::new(SecretBytes::new(value.0))))
        .collect()
}
