//! What names, keys and namespaces may look like, as the API server checks them.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A DNS-1123 subdomain: the name of most objects.
pub(crate) const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// A DNS-1123 label: the name of a namespace.
pub(crate) const NAMESPACE: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// A key of a Secret's or ConfigMap's data.
pub(crate) const DATA_KEY: &str = r"^[-._a-zA-Z0-9]+$";

/// Bytes, written as base64.
pub(crate) fn base64(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "byte" })
}

/// A positive duration in the units a Flux interval may have.
pub(crate) const INTERVAL: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// A positive duration in the units the timeout of a source may have.
pub(crate) const TIMEOUT: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$";
