//! Scopes, and the label that binds a sealed item to one.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The annotation that, when `true`, makes an object's scope [`Scope::ClusterWide`].
pub const CLUSTER_WIDE_ANNOTATION: &str = "sealedsecrets.bitnami.com/cluster-wide";
/// The annotation that, when `true`, makes an object's scope [`Scope::NamespaceWide`].
pub const NAMESPACE_WIDE_ANNOTATION: &str = "sealedsecrets.bitnami.com/namespace-wide";

/// What a sealed item is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// One namespace and one name.
    #[default]
    Strict,
    /// One namespace, any name.
    NamespaceWide,
    /// Nothing: whoever may create objects anywhere can have it unsealed.
    ClusterWide,
}

impl Scope {
    /// Returns the scope that an object's own annotations ask for.
    ///
    /// An annotation counts only when its value is exactly `true`; cluster-wide wins.
    pub fn from_annotations(annotations: &BTreeMap<String, String>) -> Self {
        Self::from_lookup(|name| annotations.get(name).map(String::as_str))
    }

    /// Returns the scope for annotations held in any kind of map.
    pub fn from_lookup<'a>(annotation: impl Fn(&str) -> Option<&'a str>) -> Self {
        if annotation(CLUSTER_WIDE_ANNOTATION) == Some("true") {
            Self::ClusterWide
        } else if annotation(NAMESPACE_WIDE_ANNOTATION) == Some("true") {
            Self::NamespaceWide
        } else {
            Self::Strict
        }
    }

    /// Returns the annotation that asks for this scope; the strict one needs none.
    pub fn annotation(self) -> Option<&'static str> {
        match self {
            Self::Strict => None,
            Self::NamespaceWide => Some(NAMESPACE_WIDE_ANNOTATION),
            Self::ClusterWide => Some(CLUSTER_WIDE_ANNOTATION),
        }
    }

    /// Returns the label of items sealed with this scope for an object of that name.
    pub fn label(self, namespace: &str, name: &str) -> Label {
        Label(match self {
            Self::Strict => format!("{namespace}/{name}").into_bytes(),
            Self::NamespaceWide => namespace.as_bytes().to_vec(),
            Self::ClusterWide => Vec::new(),
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Strict => "strict",
            Self::NamespaceWide => "namespace-wide",
            Self::ClusterWide => "cluster-wide",
        })
    }
}

impl FromStr for Scope {
    type Err = ParseScope;

    /// Reads a scope's name; the empty name is the strict scope.
    fn from_str(name: &str) -> Result<Self, ParseScope> {
        match name {
            "" | "strict" => Ok(Self::Strict),
            "namespace-wide" => Ok(Self::NamespaceWide),
            "cluster-wide" => Ok(Self::ClusterWide),
            _ => Err(ParseScope),
        }
    }
}

/// The name is none of the three scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of: strict, namespace-wide, cluster-wide")]
pub struct ParseScope;

/// The bytes that bind an item to its scope, made by [`Scope::label`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label(Vec<u8>);

impl Label {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
