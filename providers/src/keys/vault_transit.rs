//! The transit engine of HashiCorp Vault and OpenBao.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use reqwest::{Method, StatusCode};
use secret_bytes::SecretBytes;
use sops_engine::{DataKey, KeyService, KeyServiceError, MasterKey, VaultTransitKey, WrappedKey};
use zeroize::Zeroizing;

use super::key_service_error;
use crate::vault::api::{Call, Reply, VaultApi, json_body};
use crate::{Connector, SecretsError, json_value};

/// To which servers a token may be sent. The address comes from the file, so it may be anybody's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowedAddresses {
    /// Any server.
    #[default]
    All,
    /// No server.
    None,
    /// Servers whose address begins with one of these, compared with a slash behind both.
    Prefixes(Vec<String>),
}

/// A list of allowed addresses has an empty item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("list of allowed vault addresses has an empty item")]
pub struct ParseAddresses;

/// How the servers are asked.
#[derive(Debug, Clone, Default)]
pub struct VaultTransitOptions {
    /// The token; without one requests carry none.
    pub token: Option<Arc<SecretBytes>>,
    /// The Vault namespace.
    pub namespace: Option<String>,
    /// To which servers requests may go.
    pub addresses: AllowedAddresses,
}

/// Wraps and unwraps with a transit engine.
pub struct VaultTransitService {
    http: reqwest::Client,
    options: VaultTransitOptions,
}

impl AllowedAddresses {
    /// Reads `all`, `none` or address prefixes separated by commas; an empty text is `all`.
    ///
    /// # Errors
    ///
    /// When an item is empty.
    pub fn parse(text: &str) -> Result<Self, ParseAddresses> {
        match text.trim() {
            "" | "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            list => list
                .split(',')
                .map(|item| match item.trim() {
                    "" => Err(ParseAddresses),
                    item => Ok(item.to_owned()),
                })
                .collect::<Result<_, _>>()
                .map(Self::Prefixes),
        }
    }

    /// Whether requests may go to a server.
    pub fn allow(&self, address: &str) -> bool {
        let closed = |text: &str| format!("{}/", text.trim_end_matches('/'));
        match self {
            Self::All => true,
            Self::None => false,
            Self::Prefixes(prefixes) => {
                let address = closed(address);
                prefixes
                    .iter()
                    .any(|prefix| address.starts_with(&closed(prefix)))
            }
        }
    }
}

impl VaultTransitService {
    /// Takes the shared connections and how to ask.
    pub fn new(connector: &Connector, options: VaultTransitOptions) -> Self {
        Self {
            http: connector.http().clone(),
            options,
        }
    }

    async fn encrypt(
        &self,
        key: &VaultTransitKey,
        data_key: &DataKey,
    ) -> Result<String, SecretsError> {
        // EXPOSE: the data key is what the engine is asked to wrap.
        let plaintext = Zeroizing::new(STANDARD.encode(data_key.expose()));
        let body = json_body([("plaintext", plaintext.as_bytes())]);
        let reply = self.send(key, "encrypt", body).await?;
        let enc = field(&reply, "ciphertext", "Vault did not encrypt the data key")?;
        // EXPOSE: a wrapped data key is ciphertext.
        let enc = enc.expose_str().map(ToOwned::to_owned);
        enc.map_err(|_| SecretsError::invalid("Vault returned no ciphertext"))
    }

    async fn decrypt(&self, key: &VaultTransitKey, enc: &str) -> Result<DataKey, SecretsError> {
        let body = json_body([("ciphertext", enc.as_bytes())]);
        let reply = self.send(key, "decrypt", body).await?;
        let plaintext = field(&reply, "plaintext", "Vault did not decrypt the data key")?;
        // EXPOSE: the data key comes as base64 and is decoded into its own type.
        let bytes = STANDARD
            .decode(plaintext.expose())
            .map_err(|_| SecretsError::invalid("Vault returned a data key that is no base64"))?;
        Ok(DataKey::from_unwrapped(SecretBytes::new(bytes)))
    }

    async fn send(
        &self,
        key: &VaultTransitKey,
        act: &str,
        body: SecretBytes,
    ) -> Result<Reply, SecretsError> {
        if !self.options.addresses.allow(&key.vault_address) {
            return Err(SecretsError::invalid(format!(
                "vault address {:?} is not allowed",
                key.vault_address
            )));
        }
        let path = format!(
            "{}/{act}/{}",
            key.engine_path.trim_matches('/'),
            key.key_name
        );
        if path
            .split('/')
            .any(|segment| matches!(segment, "" | "." | ".."))
        {
            return Err(SecretsError::invalid("no valid path of a transit key"));
        }
        let api = VaultApi::new(
            self.http.clone(),
            &key.vault_address,
            self.options.namespace.as_deref(),
        )?;
        let call = Call {
            method: Method::PUT,
            ..Call::post(&path, self.options.token.as_deref(), body)
        };
        api.send(call).await
    }
}

impl KeyService for VaultTransitService {
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        data_key: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>> {
        Box::pin(async move {
            let MasterKey::VaultTransit(transit) = key else {
                return Err(KeyServiceError::Unsupported { kind: key.kind() });
            };
            self.encrypt(transit, data_key)
                .await
                .map_err(|error| key_service_error(key.identity(), error))
        })
    }

    fn unwrap<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
    ) -> BoxFuture<'a, Result<DataKey, KeyServiceError>> {
        Box::pin(async move {
            let MasterKey::VaultTransit(transit) = &wrapped.key else {
                let kind = wrapped.key.kind();
                return Err(KeyServiceError::Unsupported { kind });
            };
            self.decrypt(transit, &wrapped.enc)
                .await
                .map_err(|error| key_service_error(wrapped.key.identity(), error))
        })
    }
}

/// Returns one field of `data` in an answer.
fn field(reply: &Reply, name: &str, action: &str) -> Result<SecretBytes, SecretsError> {
    if reply.status == StatusCode::NOT_FOUND {
        return Err(reply.failure(action));
    }
    let nothing = || SecretsError::invalid(format!("{action}: the answer holds no {name}"));
    let answer = json_value::members(reply.success(action)?).map_err(|_| nothing())?;
    let data = answer.get("data").ok_or_else(nothing)?;
    let data = json_value::members(data.get()).map_err(|_| nothing())?;
    let value = data.get(name).ok_or_else(nothing)?;
    Ok(json_value::text_or_json(value.get()))
}

#[cfg(test)]
mod tests;
