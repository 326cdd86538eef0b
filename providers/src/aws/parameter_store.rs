//! AWS Systems Manager Parameter Store, reading.

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::SdkError;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::types::ResourceTypeForTagging;
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

pub(super) struct ParameterStore {
    client: Client,
    config: SdkConfig,
    prefix: String,
}

impl ParameterStore {
    pub(super) fn new(config: &SdkConfig, endpoints: &AwsEndpoints, prefix: String) -> Self {
        let mut builder = aws_sdk_ssm::config::Builder::from(config);
        if let Some(endpoint) = &endpoints.ssm {
            builder = builder.endpoint_url(endpoint);
        }
        Self {
            client: Client::from_conf(builder.build()),
            config: config.clone(),
            prefix,
        }
    }

    async fn value(&self, item: &RemoteItem) -> Result<Payload, SecretsError> {
        let output = self
            .client
            .get_parameter()
            .name(name(&self.prefix, item))
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| {
                if is_absent(&error) {
                    SecretsError::no_secret(&item.key)
                } else {
                    failure("failed to read the parameter from AWS", &error)
                }
            })?;
        output
            .parameter
            .and_then(|parameter| parameter.value)
            .map(|text| Payload::Value(SecretBytes::from(text)))
            .ok_or_else(|| {
                SecretsError::invalid(format!("parameter value is nil for key {}", item.key))
            })
    }

    async fn tags(&self, item: &RemoteItem) -> Result<Payload, SecretsError> {
        let output = self
            .client
            .list_tags_for_resource()
            .resource_type(ResourceTypeForTagging::Parameter)
            .resource_id(format!("{}{}", self.prefix, item.key))
            .send()
            .await
            .map_err(|error| failure("failed to list the tags of the parameter in AWS", &error))?;
        Ok(value::tags(
            output
                .tag_list()
                .iter()
                .map(|tag| (Some(tag.key()), Some(tag.value()))),
        ))
    }
}

impl SecretsClient for ParameterStore {
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

fn name(prefix: &str, item: &RemoteItem) -> String {
    match &item.version {
        Some(version) => format!("{prefix}{}:{version}", item.key),
        None => format!("{prefix}{}", item.key),
    }
}

fn is_absent<R>(error: &SdkError<GetParameterError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(GetParameterError::is_parameter_not_found)
}

#[cfg(test)]
mod tests;
