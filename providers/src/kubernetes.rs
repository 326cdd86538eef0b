//! The provider `kubernetes`: Secrets of this or another cluster, reading.

mod auth;
mod value;

use api::external_secrets::KubernetesProvider;
use futures::future::BoxFuture;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, ResourceRule, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
    SelfSubjectRulesReview, SelfSubjectRulesReviewSpec,
};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams};
use secret_bytes::SecretBytes;

use self::auth::Access;
use crate::secrets_client::{
    Capabilities, Members, MetadataPolicy, Payload, RemoteItem, RemoteRef, SecretsClient,
    Validation,
};
use crate::{ScopedResolver, SecretsError};

struct KubernetesStore {
    access: Access,
    namespace: String,
}

/// Signs in to the cluster of a store.
pub(crate) async fn connect(
    provider: &KubernetesProvider,
    resolver: &ScopedResolver,
) -> Result<impl SecretsClient + use<>, SecretsError> {
    let store = KubernetesStore {
        access: Access::new(provider, resolver).await?,
        namespace: provider.remote_namespace.clone(),
    };
    store.access.client().await?;
    Ok(store)
}

impl KubernetesStore {
    async fn secret(&self, key: &str) -> Result<Secret, SecretsError> {
        let secrets: Api<Secret> = Api::namespaced(self.access.client().await?, &self.namespace);
        match secrets.get_opt(key).await {
            Ok(Some(secret)) => Ok(secret),
            Ok(None) => Err(SecretsError::no_secret(key)),
            Err(error) => Err(failure(
                format!(
                    "failed to get secret {key:?} from namespace {:?}",
                    self.namespace
                ),
                error,
            )),
        }
    }

    /// Whether the rules that the API server lists for us, or else its answer, allow reading.
    async fn may_read(&self) -> Result<bool, kube::Error> {
        let client = match self.access.client().await {
            Ok(client) => client,
            Err(error) => return Err(kube::Error::Service(error.into())),
        };
        let rules = SelfSubjectRulesReview {
            spec: SelfSubjectRulesReviewSpec {
                namespace: Some(self.namespace.clone()),
            },
            ..SelfSubjectRulesReview::default()
        };
        let rules = Api::all(client.clone())
            .create(&PostParams::default(), &rules)
            .await?;
        if let Some(status) = rules.status
            && status.resource_rules.iter().any(allows_reading)
        {
            return Ok(true);
        }
        let access = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    namespace: Some(self.namespace.clone()),
                    resource: Some("secrets".to_owned()),
                    verb: Some("get".to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let access = Api::all(client)
            .create(&PostParams::default(), &access)
            .await?;
        Ok(access.status.is_some_and(|status| status.allowed))
    }
}

impl SecretsClient for KubernetesStore {
    fn read<'a>(&'a self, item: &'a RemoteItem) -> BoxFuture<'a, Result<Payload, SecretsError>> {
        Box::pin(async move {
            let secret = self.secret(&item.key).await?;
            Ok(match item.metadata_policy {
                MetadataPolicy::None => value::data(secret),
                MetadataPolicy::Fetch => value::metadata(&secret),
            })
        })
    }

    fn pick(&self, payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
        value::pick(payload, remote)
    }

    fn members(&self, payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
        value::members(payload, remote)
    }

    fn validate(&self) -> BoxFuture<'_, Result<Validation, SecretsError>> {
        Box::pin(async move {
            match self.may_read().await {
                Ok(true) => Ok(Validation::Ready),
                Ok(false) => Err(SecretsError::invalid(
                    "client is not allowed to get secrets",
                )),
                Err(error) => Ok(Validation::Undetermined(format!(
                    "could not verify if client is valid: {}",
                    failure("access review failed", error)
                ))),
            }
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadWrite
    }
}

fn allows_reading(rule: &ResourceRule) -> bool {
    let names = |list: Option<&Vec<String>>, name: &str| {
        list.is_some_and(|list| list.iter().any(|entry| entry == name || entry == "*"))
    };
    rule.verbs.iter().any(|verb| verb == "get" || verb == "*")
        && names(rule.api_groups.as_ref(), "")
        && names(rule.resources.as_ref(), "secrets")
}

/// Returns the error that belongs to what the API server answered.
pub(crate) fn failure(action: impl Into<String>, error: kube::Error) -> SecretsError {
    let code = match &error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    };
    match code {
        401 | 403 => SecretsError::denied(action, error),
        400..=499 if code != 429 => SecretsError::rejected(action, error),
        _ => SecretsError::unavailable(action, error),
    }
}

#[cfg(test)]
mod tests;
