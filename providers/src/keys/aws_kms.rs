//! AWS Key Management Service.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use secret_bytes::SecretBytes;
use serde::Deserialize;
use sops_engine::{AwsKmsKey, DataKey, KeyService, KeyServiceError, MasterKey, WrappedKey};
use tokio::sync::Mutex;

use super::key_service_error;
use crate::SecretsError;
use crate::aws::{AwsSession, auth, failure::failure};

const LONGEST_SESSION_NAME: usize = 64;

/// With which credentials KMS is asked.
pub enum AwsCredentials {
    /// Those of the surroundings: variables, shared files, web identity, container, instance.
    Ambient,
    /// Static keys.
    Static {
        /// The access key id.
        access_key_id: SecretBytes,
        /// The secret access key.
        secret_access_key: SecretBytes,
        /// The session token of temporary keys.
        session_token: Option<SecretBytes>,
    },
}

/// The entry for AWS in a decryption Secret is not as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry holds no YAML with aws_access_key_id and aws_secret_access_key")]
pub struct ReadCredentials;

/// Wraps and unwraps with AWS KMS. Keeps one client per region, role and profile.
pub struct AwsKmsService {
    session: AwsSession,
    credentials: AwsCredentials,
    session_name: String,
    clients: Mutex<HashMap<Identity, Client>>,
}

/// What decides which client is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Identity {
    region: String,
    role: Option<String>,
    profile: Option<String>,
}

impl AwsCredentials {
    /// Reads the entry `sops.aws-kms` of a decryption Secret.
    ///
    /// # Errors
    ///
    /// When it is no YAML mapping with both keys. The error says nothing about the content.
    pub fn from_yaml(entry: &SecretBytes) -> Result<Self, ReadCredentials> {
        #[derive(Deserialize)]
        struct Entry {
            #[serde(rename = "aws_access_key_id")]
            access_key_id: String,
            #[serde(rename = "aws_secret_access_key")]
            secret_access_key: String,
            #[serde(rename = "aws_session_token", default)]
            session_token: String,
        }
        // EXPOSE: the entry is taken apart into its own `SecretBytes`.
        let text = entry.expose_str().map_err(|_| ReadCredentials)?;
        let entry: Entry = serde_saphyr::from_str(text).map_err(|_| ReadCredentials)?;
        if entry.access_key_id.is_empty() || entry.secret_access_key.is_empty() {
            return Err(ReadCredentials);
        }
        Ok(Self::Static {
            access_key_id: SecretBytes::from(entry.access_key_id),
            secret_access_key: SecretBytes::from(entry.secret_access_key),
            session_token: Some(SecretBytes::from(entry.session_token))
                .filter(|token| !token.is_empty()),
        })
    }
}

impl AwsKmsService {
    /// Takes the shared AWS settings and the credentials. The host's name goes into the session
    /// name when a role is assumed.
    pub fn new(session: &AwsSession, credentials: AwsCredentials, host: &str) -> Self {
        Self {
            session: session.clone(),
            credentials,
            session_name: session_name(host),
            clients: Mutex::new(HashMap::new()),
        }
    }

    async fn encrypt(&self, key: &AwsKmsKey, data_key: &DataKey) -> Result<String, SecretsError> {
        // EXPOSE: the data key is what KMS is asked to wrap.
        let plaintext = Blob::new(data_key.expose().to_vec());
        let output = self
            .client(key)
            .await?
            .encrypt()
            .key_id(&key.arn)
            .set_encryption_context(context(key))
            .plaintext(plaintext)
            .send()
            .await
            .map_err(|error| failure("AWS KMS did not encrypt the data key", &error))?;
        output
            .ciphertext_blob
            .map(|blob| STANDARD.encode(blob.into_inner()))
            .ok_or_else(|| SecretsError::invalid("AWS KMS returned no ciphertext"))
    }

    async fn decrypt(&self, key: &AwsKmsKey, enc: &str) -> Result<DataKey, SecretsError> {
        let ciphertext = STANDARD
            .decode(enc.trim())
            .map_err(|_| SecretsError::invalid("the wrapped data key is no base64"))?;
        let output = self
            .client(key)
            .await?
            .decrypt()
            .key_id(&key.arn)
            .set_encryption_context(context(key))
            .ciphertext_blob(Blob::new(ciphertext))
            .send()
            .await
            .map_err(|error| failure("AWS KMS did not decrypt the data key", &error))?;
        output
            .plaintext
            .map(|blob| DataKey::from_unwrapped(SecretBytes::new(blob.into_inner())))
            .ok_or_else(|| SecretsError::invalid("AWS KMS returned no plaintext"))
    }

    async fn client(&self, key: &AwsKmsKey) -> Result<Client, SecretsError> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let identity = Identity {
            region: region(&key.arn)
                .ok_or_else(|| SecretsError::invalid("no valid ARN of a KMS key"))?
                .to_owned(),
            role: filled(&key.role),
            profile: filled(&key.aws_profile),
        };
        let mut clients = self.clients.lock().await;
        if let Some(client) = clients.get(&identity) {
            return Ok(client.clone());
        }
        let client = Client::new(&self.config(&identity).await?);
        clients.insert(identity, client.clone());
        Ok(client)
    }

    async fn config(&self, identity: &Identity) -> Result<SdkConfig, SecretsError> {
        let base = match &self.credentials {
            AwsCredentials::Ambient => {
                let profile = identity.profile.as_deref();
                self.session.ambient(&identity.region, profile).await
            }
            AwsCredentials::Static {
                access_key_id,
                secret_access_key,
                session_token,
            } => {
                let credentials =
                    auth::credentials(access_key_id, secret_access_key, session_token.as_ref())?;
                self.session
                    .with_credentials(&identity.region, credentials)
                    .await
            }
        };
        let Some(role) = &identity.role else {
            return Ok(base);
        };
        let request = auth::AssumeRole {
            role,
            session_name: &self.session_name,
            external_id: None,
            tags: Vec::new(),
        };
        Ok(auth::assume_role(&self.session, &base, request).await)
    }
}

impl KeyService for AwsKmsService {
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        data_key: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>> {
        Box::pin(async move {
            let MasterKey::AwsKms(kms) = key else {
                return Err(KeyServiceError::Unsupported { kind: key.kind() });
            };
            self.encrypt(kms, data_key)
                .await
                .map_err(|error| key_service_error(key.identity(), error))
        })
    }

    fn unwrap<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
    ) -> BoxFuture<'a, Result<DataKey, KeyServiceError>> {
        Box::pin(async move {
            let MasterKey::AwsKms(kms) = &wrapped.key else {
                let kind = wrapped.key.kind();
                return Err(KeyServiceError::Unsupported { kind });
            };
            self.decrypt(kms, &wrapped.enc)
                .await
                .map_err(|error| key_service_error(wrapped.key.identity(), error))
        })
    }
}

fn context(key: &AwsKmsKey) -> Option<HashMap<String, String>> {
    (!key.context.is_empty()).then(|| key.context.clone().into_iter().collect())
}

/// Returns the region of a key's ARN: `arn:aws[…]:kms:<region>:<digits>:(key|alias)/…`.
fn region(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let scheme = parts.next()?;
    let partition = parts.next()?;
    let service = parts.next()?;
    let region = parts.next()?;
    let account = parts.next()?;
    let (kind, name) = parts.next()?.split_once('/')?;
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let is_key = scheme == "arn"
        && partition.strip_prefix("aws")?.chars().all(is_word)
        && service == "kms"
        && !account.is_empty()
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(kind, "key" | "alias")
        && !name.is_empty()
        && !region.is_empty();
    is_key.then_some(region)
}

/// Returns `sops@<host>` without what the service would refuse.
fn session_name(host: &str) -> String {
    // COMPAT: `@-_` is a range here, from `@` through the capitals to `_`; a hyphen is not in it.
    let is_allowed = |character: &char| {
        character.is_ascii_alphanumeric()
            || "=,.".contains(*character)
            || ('@'..='_').contains(character)
    };
    format!("sops@{host}")
        .chars()
        .filter(is_allowed)
        .take(LONGEST_SESSION_NAME)
        .collect()
}

#[cfg(test)]
mod tests;
