//! The families that can be installed one by one.

use std::{fmt, str::FromStr, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// A family of kinds that is installed, and has its rights, by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `SealedSecret` and the sealing keys.
    SealedSecrets,
    /// Decryption of SOPS files in repositories; it has no kind of its own.
    Sops,
    /// `ExternalSecret`, `SecretStore` and `ClusterSecretStore`.
    ExternalSecrets,
    /// `GitRepository` and `Kustomization`.
    Flux,
    /// `Application` and `AppProject`.
    Argo,
}

/// There is no family of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown family {name:?}")]
pub struct UnknownFamily {
    /// The name as given.
    pub name: String,
}

impl Family {
    /// All families, in the order they are written.
    pub const ALL: [Self; 5] = [
        Self::SealedSecrets,
        Self::Sops,
        Self::ExternalSecrets,
        Self::Flux,
        Self::Argo,
    ];

    /// Returns the name that flags and values use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SealedSecrets => "sealed-secrets",
            Self::Sops => "sops",
            Self::ExternalSecrets => "external-secrets",
            Self::Flux => "flux",
            Self::Argo => "argo",
        }
    }

    /// Returns the definitions of the family's kinds.
    pub fn definitions(self) -> Vec<CustomResourceDefinition> {
        // Deriving them takes long enough to do it once.
        static DEFINITIONS: LazyLock<Vec<CustomResourceDefinition>> =
            LazyLock::new(api::custom_resource_definitions);
        let of_family = |definition: &&CustomResourceDefinition| {
            Self::of_group(&definition.spec.group) == Some(self)
        };
        DEFINITIONS.iter().filter(of_family).cloned().collect()
    }

    /// Returns the family an API group belongs to.
    pub fn of_group(group: &str) -> Option<Self> {
        match group {
            "bitnami.com" => Some(Self::SealedSecrets),
            "external-secrets.io" => Some(Self::ExternalSecrets),
            "source.toolkit.fluxcd.io" | "kustomize.toolkit.fluxcd.io" => Some(Self::Flux),
            "argoproj.io" => Some(Self::Argo),
            _ => None,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        let named = Self::ALL.into_iter().find(|family| family.name() == name);
        named.ok_or_else(|| UnknownFamily {
            name: name.to_owned(),
        })
    }
}
