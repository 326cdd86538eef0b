//! What every AWS client of this process shares: one HTTP client, endpoint overrides, and the
//! credentials of the surroundings.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::tls;

/// Endpoints that replace those of the SDK, one per service.
///
/// The SDK's own variables (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_KMS` and so on) are read by the
/// SDK. These are the ones that it does not know.
#[derive(Debug, Clone, Default)]
pub struct AwsEndpoints {
    /// For every service that has none of its own here.
    pub all: Option<String>,
    /// `AWS_SECRETSMANAGER_ENDPOINT`
    pub secrets_manager: Option<String>,
    /// `AWS_SSM_ENDPOINT`
    pub ssm: Option<String>,
    /// `AWS_STS_ENDPOINT`
    pub sts: Option<String>,
}

/// What every AWS client of this process shares. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AwsSession {
    http: SharedHttpClient,
    endpoints: AwsEndpoints,
}

impl AwsEndpoints {
    /// Reads the variables through a function, usually `|name| std::env::var(name).ok()`.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            all: None,
            secrets_manager: filled("AWS_SECRETSMANAGER_ENDPOINT"),
            ssm: filled("AWS_SSM_ENDPOINT"),
            sts: filled("AWS_STS_ENDPOINT"),
        }
    }
}

impl AwsSession {
    /// Sets up the shared HTTP client.
    pub fn new(endpoints: AwsEndpoints) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::AwsLc,
            ))
            .build_https();
        Self { http, endpoints }
    }

    pub(crate) fn endpoints(&self) -> &AwsEndpoints {
        &self.endpoints
    }

    /// Returns a configuration with the credentials of the surroundings: variables, web identity,
    /// shared files (there the profile, if one is named), container or instance role.
    pub(crate) async fn ambient(&self, region: &str, profile: Option<&str>) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &self.endpoints.all {
            loader = loader.endpoint_url(endpoint);
        }
        loader.load().await
    }

    /// Returns a configuration with these credentials.
    pub(crate) async fn with_credentials(
        &self,
        region: &str,
        credentials: Credentials,
    ) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.http.clone());
        if let Some(endpoint) = &self.endpoints.all {
            loader = loader.endpoint_url(endpoint);
        }
        loader.load().await
    }

    /// Returns the same configuration with STS at its own endpoint, if there is one.
    pub(crate) fn for_sts(&self, config: &SdkConfig) -> SdkConfig {
        match &self.endpoints.sts {
            Some(endpoint) => config.to_builder().endpoint_url(endpoint).build(),
            None => config.clone(),
        }
    }
}
