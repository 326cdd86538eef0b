//! A store's AWS credentials: static keys or those of the surroundings, then roles in a row.

use std::sync::Arc;
use std::time::Duration;

use api::external_secrets::{AwsProvider, AwsSecretRef, RetrySettings, SecretKeySelector};
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_sts::config::{Credentials, ProvideCredentials as _, SharedCredentialsProvider};
use secret_bytes::SecretBytes;

use super::session::AwsSession;
use crate::credential_resolver::KeyReference;
use crate::secrets_client::Validation;
use crate::{ScopedResolver, SecretsError};

/// The session name that existing trust policies and audit trails know.
const SESSION_NAME: &str = "external-secrets-provider-aws";

/// Attempts when `retrySettings` is there and says nothing about their number.
const DEFAULT_ATTEMPTS: u32 = 3;

/// Returns the SDK configuration of a store.
pub(crate) async fn config(
    provider: &AwsProvider,
    retry: Option<&RetrySettings>,
    session: &AwsSession,
    resolver: &ScopedResolver,
) -> Result<SdkConfig, SecretsError> {
    refuse_what_is_not_built_in(provider)?;
    let static_keys = provider
        .auth
        .as_ref()
        .and_then(|auth| auth.secret_ref.as_ref());
    let base = match static_keys {
        Some(reference) => {
            let credentials = static_credentials(reference, resolver).await?;
            session
                .with_credentials(&provider.region, credentials)
                .await
        }
        None => session.ambient(&provider.region, None).await,
    };
    let config = assume_roles(provider, session, base).await;
    Ok(match retry {
        Some(retry) => config
            .to_builder()
            .retry_config(retry_config(retry))
            .build(),
        None => config,
    })
}

/// Assumes one role with credentials at hand.
pub(crate) async fn assume_role(
    session: &AwsSession,
    base: &SdkConfig,
    request: AssumeRole<'_>,
) -> SdkConfig {
    let mut builder = AssumeRoleProvider::builder(request.role)
        .session_name(request.session_name)
        .configure(&session.for_sts(base));
    if let Some(id) = request.external_id {
        builder = builder.external_id(id);
    }
    if !request.tags.is_empty() {
        builder = builder.tags(request.tags);
    }
    let provider = match base.credentials_provider() {
        Some(credentials) => builder.build_from_provider(credentials).await,
        None => builder.build().await,
    };
    base.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .build()
}

/// What is said to STS.
pub(crate) struct AssumeRole<'a> {
    pub(crate) role: &'a str,
    pub(crate) session_name: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) tags: Vec<(String, String)>,
}

async fn assume_roles(provider: &AwsProvider, session: &AwsSession, base: SdkConfig) -> SdkConfig {
    let mut config = base;
    for role in &provider.additional_roles {
        let request = AssumeRole {
            role,
            session_name: SESSION_NAME,
            external_id: None,
            tags: Vec::new(),
        };
        config = assume_role(session, &config, request).await;
    }
    let Some(role) = provider.role.as_deref().filter(|role| !role.is_empty()) else {
        return config;
    };
    let request = AssumeRole {
        role,
        session_name: SESSION_NAME,
        external_id: provider.external_id.as_deref(),
        tags: provider
            .session_tags
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect(),
    };
    assume_role(session, &config, request).await
}

/// A store that relies on something we would leave out must not work as if it had not said so.
fn refuse_what_is_not_built_in(provider: &AwsProvider) -> Result<(), SecretsError> {
    let refuse = |what: &str| {
        Err(SecretsError::invalid(format!(
            "aws {what} is not supported"
        )))
    };
    if let Some(auth) = &provider.auth {
        if auth.jwt.is_some() {
            return refuse("auth.jwt");
        }
        if auth.secret_ref.is_none()
            && let Some(name) = auth.unmodelled.names().next()
        {
            return refuse(&format!("auth.{name}"));
        }
    }
    if !provider.transitive_tag_keys.is_empty() {
        return refuse("transitiveTagKeys");
    }
    match provider.unmodelled.field("sessionTagsPolicy") {
        Some(policy) if policy != "None" => refuse("sessionTagsPolicy"),
        Some(_) | None => Ok(()),
    }
}

async fn static_credentials(
    reference: &AwsSecretRef,
    resolver: &ScopedResolver,
) -> Result<Credentials, SecretsError> {
    let id = required(reference.access_key_id.as_ref(), "accessKeyID", resolver).await?;
    let key = required(
        reference.secret_access_key.as_ref(),
        "secretAccessKey",
        resolver,
    )
    .await?;
    let token = match &reference.session_token {
        Some(selector) => Some(resolver.secret_key(KeyReference::from(selector)).await?),
        None => None,
    };
    credentials(&id, &key, token.as_deref())
}

/// Builds credentials of the SDK, which wipes them itself.
pub(crate) fn credentials(
    id: &SecretBytes,
    key: &SecretBytes,
    token: Option<&SecretBytes>,
) -> Result<Credentials, SecretsError> {
    let text = |bytes: &SecretBytes, what: &str| {
        // EXPOSE: the SDK takes its credentials as text and wipes them when dropped.
        bytes
            .expose_str()
            .map(ToOwned::to_owned)
            .map_err(|_| SecretsError::invalid(format!("aws {what} is no text")))
    };
    let token = match token.filter(|token| !token.is_empty()) {
        Some(token) => Some(text(token, "session token")?),
        None => None,
    };
    Ok(Credentials::new(
        text(id, "access key id")?,
        text(key, "secret access key")?,
        token,
        None,
        "signet",
    ))
}

async fn required(
    selector: Option<&SecretKeySelector>,
    what: &str,
    resolver: &ScopedResolver,
) -> Result<Arc<SecretBytes>, SecretsError> {
    let selector = selector
        .ok_or_else(|| SecretsError::invalid(format!("aws auth has no {what}SecretRef")))?;
    let value = resolver.secret_key(KeyReference::from(selector)).await?;
    if value.is_empty() {
        return Err(SecretsError::invalid(format!("aws {what} is empty")));
    }
    Ok(value)
}

/// A fixed pause between a bounded number of attempts.
fn retry_config(settings: &RetrySettings) -> RetryConfig {
    let attempts = settings
        .max_retries
        .and_then(|retries| u32::try_from(retries).ok())
        .filter(|retries| *retries > 0)
        .unwrap_or(DEFAULT_ATTEMPTS);
    let config = RetryConfig::standard().with_max_attempts(attempts);
    let pause: Option<Duration> = settings
        .retry_interval
        .as_ref()
        .and_then(|interval| interval.positive());
    match pause {
        Some(pause) => config.with_initial_backoff(pause).with_max_backoff(pause),
        None => config,
    }
}

/// Whether credentials can be had at all.
pub(crate) async fn check(config: &SdkConfig) -> Result<Validation, SecretsError> {
    let action = "no usable AWS credentials";
    let Some(provider) = config.credentials_provider() else {
        return Err(SecretsError::invalid(action));
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(Validation::Ready),
        Err(error) => Err(super::failure::of_credentials(action, &error)),
    }
}

#[cfg(test)]
mod tests;
