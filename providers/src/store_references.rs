//! Which Kubernetes objects a store refers to. Pure.
//!
//! A store's client has to be built anew when one of them changes, so the caller watches them and
//! puts their resource versions into [`crate::StoreKey`].

use std::collections::BTreeSet;

use api::external_secrets::{
    AwsProvider, CaProvider, CaProviderKind, KubernetesProvider, Provider, SecretKeySelector,
    SecretStoreProvider, ServiceAccountSelector, VaultProvider,
};

use crate::{ResolveError, StoreScope};

/// An object that a store refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreReference {
    /// What it is.
    pub kind: ReferenceKind,
    /// Where it is, after the store's namespace rules.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What a store refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// A Secret.
    Secret,
    /// A `ConfigMap`.
    ConfigMap,
    /// A service account.
    ServiceAccount,
}

/// A reference as the spec holds it.
struct Named<'a> {
    kind: ReferenceKind,
    namespace: Option<&'a str>,
    name: &'a str,
}

/// Returns what a store refers to, each object once.
///
/// # Errors
///
/// When a reference breaks the namespace rules, or depends on a consumer and there is none.
pub fn references(
    provider: &SecretStoreProvider,
    scope: &StoreScope,
) -> Result<BTreeSet<StoreReference>, ResolveError> {
    named(provider)
        .into_iter()
        .map(|named| {
            Ok(StoreReference {
                kind: named.kind,
                namespace: scope.namespace(named.namespace)?,
                name: named.name.to_owned(),
            })
        })
        .collect()
}

/// Whether a cluster store's credentials depend on who uses it.
pub fn depends_on_consumer(provider: &SecretStoreProvider) -> bool {
    named(provider)
        .iter()
        .any(|named| named.namespace.is_none_or(str::is_empty))
}

fn named(provider: &SecretStoreProvider) -> Vec<Named<'_>> {
    let mut all = Vec::new();
    match provider.chosen() {
        Some(Provider::Vault(vault)) => of_vault(vault, &mut all),
        Some(Provider::Aws(aws)) => of_aws(aws, &mut all),
        Some(Provider::Kubernetes(kubernetes)) => of_kubernetes(kubernetes, &mut all),
        Some(_) | None => {}
    }
    all
}

fn of_vault<'a>(vault: &'a VaultProvider, all: &mut Vec<Named<'a>>) {
    if vault.ca_bundle.is_none() {
        all.extend(vault.ca_provider.as_ref().map(ca));
    }
    if let Some(tls) = &vault.tls {
        all.extend(tls.cert_secret_ref.as_ref().and_then(secret));
        all.extend(tls.key_secret_ref.as_ref().and_then(secret));
    }
    // Only the method that is used counts: the first one.
    let Some(auth) = &vault.auth else {
        return;
    };
    if let Some(token) = &auth.token_secret_ref {
        all.extend(secret(token));
    } else if let Some(app_role) = &auth.app_role {
        all.extend(secret(&app_role.secret_ref));
        if app_role.role_id.is_none() {
            all.extend(app_role.role_ref.as_ref().and_then(secret));
        }
    } else if let Some(kubernetes) = &auth.kubernetes {
        match &kubernetes.service_account_ref {
            Some(account) => all.push(service_account(account)),
            None => all.extend(kubernetes.secret_ref.as_ref().and_then(secret)),
        }
    }
}

fn of_aws<'a>(aws: &'a AwsProvider, all: &mut Vec<Named<'a>>) {
    let Some(auth) = &aws.auth else {
        return;
    };
    if let Some(account) = auth
        .jwt
        .as_ref()
        .and_then(|jwt| jwt.service_account_ref.as_ref())
    {
        all.push(service_account(account));
    } else if let Some(keys) = &auth.secret_ref {
        let selectors = [
            &keys.access_key_id,
            &keys.secret_access_key,
            &keys.session_token,
        ];
        all.extend(selectors.into_iter().flatten().filter_map(secret));
    }
}

fn of_kubernetes<'a>(kubernetes: &'a KubernetesProvider, all: &mut Vec<Named<'a>>) {
    if let Some(reference) = &kubernetes.auth_ref {
        all.extend(secret(reference));
        return;
    }
    if let Some(server) = &kubernetes.server
        && server.ca_bundle.is_none()
    {
        all.extend(server.ca_provider.as_ref().map(ca));
    }
    let Some(auth) = &kubernetes.auth else {
        return;
    };
    if let Some(certificate) = &auth.cert {
        all.extend(secret(&certificate.client_cert));
        all.extend(secret(&certificate.client_key));
    } else if let Some(token) = &auth.token {
        all.extend(secret(&token.bearer_token));
    } else if let Some(account) = &auth.service_account {
        all.push(service_account(account));
    }
}

fn secret(selector: &SecretKeySelector) -> Option<Named<'_>> {
    Some(Named {
        kind: ReferenceKind::Secret,
        namespace: selector.namespace.as_deref(),
        name: selector.name.as_deref()?,
    })
}

fn ca(provider: &CaProvider) -> Named<'_> {
    Named {
        kind: match provider.kind {
            CaProviderKind::Secret => ReferenceKind::Secret,
            CaProviderKind::ConfigMap => ReferenceKind::ConfigMap,
        },
        namespace: provider.namespace.as_deref(),
        name: &provider.name,
    }
}

fn service_account(selector: &ServiceAccountSelector) -> Named<'_> {
    Named {
        kind: ReferenceKind::ServiceAccount,
        namespace: selector.namespace.as_deref(),
        name: &selector.name,
    }
}

#[cfg(test)]
mod tests;
