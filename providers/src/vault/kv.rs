//! What the key-value engine answers, and how values are picked from it. Pure.

use std::sync::Arc;

use api::external_secrets::KvVersion;
use reqwest::StatusCode;
use secret_bytes::SecretBytes;

use super::api::Reply;
use crate::json_value::{self, Html};
use crate::secrets_client::{Members, Payload, RemoteRef};
use crate::{SecretsError, property};

const READ: &str = "cannot read secret data from Vault";

/// Returns the value of an answer as a compact document with sorted names.
pub(super) fn value(
    reply: &Reply,
    key: &str,
    version: KvVersion,
) -> Result<SecretBytes, SecretsError> {
    if reply.status == StatusCode::NOT_FOUND {
        return Err(SecretsError::no_secret(key));
    }
    let answer = members_of(reply.success(READ)?)?;
    let data = object(answer.get("data"), key)?;
    let data = match version {
        KvVersion::V1 => data,
        KvVersion::V2 => {
            // A deleted version is answered with `data: null` beside its metadata.
            let envelope = members_of(data)?;
            return compact(object(envelope.get("data"), key)?);
        }
    };
    compact(data)
}

/// Returns the custom metadata of an answer with the system's own fields.
pub(super) fn metadata(reply: &Reply, key: &str) -> Result<SecretBytes, SecretsError> {
    const SYSTEM: [&str; 3] = ["created_time", "current_version", "delete_version_after"];

    if reply.status == StatusCode::NOT_FOUND {
        return Err(SecretsError::no_secret(key));
    }
    let answer = members_of(reply.success(READ)?)?;
    let data = members_of(object(answer.get("data"), key)?)?;
    let custom = data.get("custom_metadata").map(|custom| custom.get());
    let mut all = match custom {
        Some(custom) if custom != "null" => members_of(custom)?,
        Some(_) | None => std::collections::BTreeMap::new(),
    };
    for name in SYSTEM {
        if let Some(value) = data.get(name) {
            all.insert(name.to_owned(), value);
        }
    }
    let document = serde_json::to_string(&all)
        .map_err(|_| SecretsError::invalid("metadata cannot be written as JSON"))?;
    compact(&document)
}

/// Returns the whole document, or the property: the member of that name, else the path.
pub(super) fn pick(payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
    let document = document(payload)?;
    let Some(property) = remote.named_property() else {
        return Ok(SecretBytes::from(document.to_owned()));
    };
    if let Some(member) = members_of(document)?.get(property) {
        return json_value::bytes(member.get(), Html::Escaped)
            .map_err(|error| SecretsError::invalid(error.to_string()));
    }
    property::select(document, property)
        .map_err(|error| SecretsError::invalid(error.to_string()))?
        .ok_or_else(|| {
            SecretsError::missing_property(format!("cannot find secret data for key: {property:?}"))
        })
}

/// Returns the members of the document, or of the object that the property names.
pub(super) fn members(payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
    let picked = pick(payload, remote)?;
    // EXPOSE: the members are copied out into their own `SecretBytes`.
    let document = picked
        .expose_str()
        .map_err(|_| SecretsError::invalid("value is not a JSON object"))?;
    members_of(document)?
        .into_iter()
        .map(|(name, member)| {
            let bytes = json_value::bytes(member.get(), Html::Escaped)
                .map_err(|error| SecretsError::invalid(error.to_string()))?;
            Ok((name, Arc::new(bytes)))
        })
        .collect()
}

fn document(payload: &Payload) -> Result<&str, SecretsError> {
    match payload {
        // EXPOSE: parts are copied out into their own `SecretBytes`.
        Payload::Value(document) => document
            .expose_str()
            .map_err(|_| SecretsError::invalid("value is not a JSON object")),
        Payload::Members(_) => Err(SecretsError::invalid("value is not a JSON object")),
    }
}

fn members_of(
    document: &str,
) -> Result<std::collections::BTreeMap<String, &serde_json::value::RawValue>, SecretsError> {
    json_value::members(document).map_err(|_| SecretsError::invalid("value is not a JSON object"))
}

fn object<'a>(
    value: Option<&&'a serde_json::value::RawValue>,
    key: &str,
) -> Result<&'a str, SecretsError> {
    match value.map(|value| value.get()) {
        None | Some("null") => Err(SecretsError::no_secret(key)),
        Some(json) => Ok(json),
    }
}

fn compact(json: &str) -> Result<SecretBytes, SecretsError> {
    json_value::compact(json, Html::Escaped)
        .map_err(|error| SecretsError::invalid(error.to_string()))
}

#[cfg(test)]
mod tests;
