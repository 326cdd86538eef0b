//! Reads what stores refer to: Secrets, ConfigMaps and tokens of ServiceAccounts.
//!
//! Which namespace may be read is decided before: only a scoped resolver makes the keys and
//! requests that come here (I8).

use std::sync::Arc;

use futures::future::BoxFuture;
use k8s_openapi::api::authentication::v1::{TokenRequest as Review, TokenRequestSpec};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};
use providers::{CredentialResolver, ObjectKey, ResolveError, TokenRequest};
use secret_bytes::SecretBytes;

use crate::error::said;
use crate::secrets;

/// Reads credentials with the controller's own rights.
pub(super) struct Credentials(pub(super) Client);

impl CredentialResolver for Credentials {
    fn secret_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Arc<SecretBytes>, ResolveError>> {
        Box::pin(async {
            let secret = Api::<Secret>::namespaced(self.0.clone(), at.namespace())
                .get(at.name())
                .await
                .map_err(|source| unreadable("secret", at, source))?;
            secrets::take(secret)
                .remove(at.key())
                .ok_or_else(|| absent(at))
        })
    }

    fn config_map_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Vec<u8>, ResolveError>> {
        Box::pin(async {
            let mut config_map = Api::<ConfigMap>::namespaced(self.0.clone(), at.namespace())
                .get(at.name())
                .await
                .map_err(|source| unreadable("config map", at, source))?;
            let text = config_map
                .data
                .as_mut()
                .and_then(|data| data.remove(at.key()));
            text.map(String::into_bytes)
                .or_else(|| Some(config_map.binary_data?.remove(at.key())?.0))
                .ok_or_else(|| absent(at))
        })
    }

    fn service_account_token<'a>(
        &'a self,
        request: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<SecretBytes, ResolveError>> {
        Box::pin(async {
            let accounts = Api::<ServiceAccount>::namespaced(self.0.clone(), request.namespace());
            let review = Review {
                spec: Some(TokenRequestSpec {
                    audiences: Some(request.audiences().to_vec()),
                    expiration_seconds: Some(request.expiration_seconds()),
                    ..TokenRequestSpec::default()
                }),
                ..Review::default()
            };
            let no_token = |source| ResolveError::Token {
                name: request.name().to_owned(),
                namespace: request.namespace().to_owned(),
                source,
            };
            accounts
                .create_token_request(request.name(), &PostParams::default(), &review)
                .await
                .map_err(|source| no_token(said(source)))?
                .status
                .and_then(|status| status.token)
                .map(SecretBytes::from)
                .ok_or_else(|| no_token("the API server's answer holds no token".into()))
        })
    }
}

fn unreadable(kind: &'static str, at: &ObjectKey, source: kube::Error) -> ResolveError {
    ResolveError::GetObject {
        kind,
        name: at.name().to_owned(),
        namespace: at.namespace().to_owned(),
        source: said(source),
    }
}

fn absent(at: &ObjectKey) -> ResolveError {
    ResolveError::NoKey {
        key: at.key().to_owned(),
    }
}
