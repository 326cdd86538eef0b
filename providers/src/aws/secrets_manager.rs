//! AWS Secrets Manager, reading.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::{
    GetSecretValueError, GetSecretValueOutput,
};
use futures::future::BoxFuture;
use secret_bytes::SecretBytes;

use super::failure::failure;
use super::session::AwsEndpoints;
use super::{auth, value};
use crate::SecretsError;
use crate::secrets_client::{
    Capabilities, Members, MetadataPolicy, Payload, RemoteItem, RemoteRef, SecretsClient,
    Validation,
};

const CURRENT_STAGE: &str = "AWSCURRENT";

pub(super) struct SecretsManagerStore {
    client: Client,
    config: SdkConfig,
    prefix: String,
}

impl SecretsManagerStore {
    pub(super) fn new(config: &SdkConfig, endpoints: &AwsEndpoints, prefix: String) -> Self {
        let mut builder = aws_sdk_secretsmanager::config::Builder::from(config);
        if let Some(endpoint) = &endpoints.secrets_manager {
            builder = builder.endpoint_url(endpoint);
        }
        Self {
            client: Client::from_conf(builder.build()),
            config: config.clone(),
            prefix,
        }
    }

    async fn value(&self, item: &RemoteItem) -> Result<Payload, SecretsError> {
        let request = self
            .client
            .get_secret_value()
            .secret_id(format!("{}{}", self.prefix, item.key));
        let request = match version(item.version.as_deref()) {
            Version::Id(id) => request.version_id(id),
            Version::Stage(stage) => request.version_stage(stage),
        };
        match request.send().await {
            Ok(output) => payload(output, &item.key),
            Err(error) if is_gone(&error) => Err(SecretsError::no_secret(&item.key)),
            Err(error) => Err(failure("failed to read the secret from AWS", &error)),
        }
    }

    async fn tags(&self, item: &RemoteItem) -> Result<Payload, SecretsError> {
        let output = self
            .client
            .describe_secret()
            .secret_id(format!("{}{}", self.prefix, item.key))
            .send()
            .await
            .map_err(|error| failure("failed to describe the secret in AWS", &error))?;
        Ok(value::tags(
            output.tags().iter().map(|tag| (tag.key(), tag.value())),
        ))
    }
}

impl SecretsClient for SecretsManagerStore {
    fn read<'a>(&'a self, item: &'a RemoteItem) -> BoxFuture<'a, Result<Payload, SecretsError>> {
        Box::pin(async move {
            match item.metadata_policy {
                MetadataPolicy::None => self.value(item).await,
                MetadataPolicy::Fetch => self.tags(item).await,
            }
        })
    }

    fn pick(&self, payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
        value::pick(payload, remote)
    }

    fn members(&self, payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
        value::members(payload, remote)
    }

    fn validate(&self) -> BoxFuture<'_, Result<Validation, SecretsError>> {
        Box::pin(auth::check(&self.config))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadWrite
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Version<'a> {
    Id(&'a str),
    Stage(&'a str),
}

fn version(version: Option<&str>) -> Version<'_> {
    match version {
        None => Version::Stage(CURRENT_STAGE),
        Some(version) => version
            .strip_prefix("uuid/")
            .map_or(Version::Stage(version), Version::Id),
    }
}

fn payload(output: GetSecretValueOutput, key: &str) -> Result<Payload, SecretsError> {
    if let Some(text) = output.secret_string {
        return Ok(Payload::Value(SecretBytes::from(text)));
    }
    output
        .secret_binary
        .map(|blob| Payload::Value(SecretBytes::new(blob.into_inner())))
        .ok_or_else(|| SecretsError::invalid(format!("invalid secret received for secret {key}")))
}

/// Absent, or deleted and waiting for its end: which the service calls an invalid request.
fn is_gone<R>(error: &SdkError<GetSecretValueError, R>) -> bool {
    match error.as_service_error() {
        Some(GetSecretValueError::ResourceNotFoundException(_)) => true,
        Some(
            error @ (GetSecretValueError::InvalidParameterException(_)
            | GetSecretValueError::InvalidRequestException(_)),
        ) => error.message().is_some_and(says_deleted),
        _ => false,
    }
}

fn says_deleted(message: &str) -> bool {
    message.contains("marked for deletion") || message.contains("marked deleted")
}

#[cfg(test)]
mod tests;
