//! How values are picked from a Secret of another cluster. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use secret_bytes::SecretBytes;

use crate::json_value::{self, Html};
use crate::secrets_client::{Members, MetadataPolicy, Payload, RemoteRef};
use crate::{SecretsError, property};

/// Returns a Secret's values, without copying them.
pub(super) fn data(secret: Secret) -> Payload {
    let data = secret.data.unwrap_or_default();
    Payload::Members(
        data.into_iter()
            .map(|(name, value)| (name, Arc::new(SecretBytes::new(value.0))))
            .collect(),
    )
}

/// Returns a Secret's labels and annotations, each as a JSON object.
pub(super) fn metadata(secret: &Secret) -> Payload {
    let object = |pairs: Option<&BTreeMap<String, String>>| {
        let pairs = pairs.into_iter().flatten();
        let object = json_value::object_of_strings(
            pairs.map(|(name, value)| (name.as_str(), value.as_bytes())),
            Html::Plain,
        );
        Arc::new(object)
    };
    Payload::Members(Members::from([
        (
            "annotations".to_owned(),
            object(secret.metadata.annotations.as_ref()),
        ),
        ("labels".to_owned(), object(secret.metadata.labels.as_ref())),
    ]))
}

/// Returns the whole Secret as JSON, or the property.
pub(super) fn pick(payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
    let members = stored(payload)?;
    match (remote.metadata_policy, remote.named_property()) {
        // EXPOSE: the values are written into one JSON value, as the reference asks.
        (MetadataPolicy::None, None) => Ok(json_value::object_of_strings(
            members
                .iter()
                .map(|(name, value)| (name.as_str(), value.expose())),
            Html::Plain,
        )),
        (MetadataPolicy::Fetch, None) => Ok(object_of_objects(members)),
        (MetadataPolicy::None, Some(name)) => in_data(members, name)?.ok_or_else(|| {
            SecretsError::missing_property(format!(
                "property {name} does not exist in data of secret {:?}",
                remote.key
            ))
        }),
        (MetadataPolicy::Fetch, Some(name)) => in_metadata(members, name)?.ok_or_else(|| {
            SecretsError::missing_property(format!(
                "property {name} does not exist in metadata of secret {:?}",
                remote.key
            ))
        }),
    }
}

/// Returns every value, or the members of the JSON object that the property names.
pub(super) fn members(payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
    let stored = stored(payload)?;
    if remote.named_property().is_none() {
        return Ok(stored.clone());
    }
    let picked = pick(payload, remote)?;
    let not_object = || {
        SecretsError::invalid(format!(
            "property of secret {:?} is no JSON object",
            remote.key
        ))
    };
    // EXPOSE: the members are copied out into their own `SecretBytes`.
    let document = picked.expose_str().map_err(|_| not_object())?;
    let members = json_value::members(document).map_err(|_| not_object())?;
    members
        .into_iter()
        .map(|(name, member)| {
            // COMPAT: members stay JSON here, quotes of strings included.
            let json = json_value::compact(member.get(), Html::Plain).map_err(|_| not_object())?;
            Ok((name, Arc::new(json)))
        })
        .collect()
}

/// A data key of that name; else the key before the first dot and a path in its JSON.
fn in_data(members: &Members, name: &str) -> Result<Option<SecretBytes>, SecretsError> {
    if let Some(value) = members.get(name) {
        return Ok(Some(value.duplicate()));
    }
    let Some((key, path)) = name.split_once('.') else {
        return Ok(None);
    };
    match members.get(key) {
        Some(value) => in_json(value, path),
        None => Ok(None),
    }
}

/// `labels`, `labels.<name>` or `labels.<name>.<path>`; the longest name that exists is meant.
fn in_metadata(members: &Members, name: &str) -> Result<Option<SecretBytes>, SecretsError> {
    let Some((map, rest)) = name.split_once('.') else {
        return Ok(members.get(name).map(|object| object.duplicate()));
    };
    let Some(object) = members.get(map) else {
        return Ok(None);
    };
    // EXPOSE: one entry is copied out into its own `SecretBytes`.
    let Ok(document) = object.expose_str() else {
        return Ok(None);
    };
    if let Some(value) = property::literal(document, rest) {
        return Ok(Some(value));
    }
    for (dot, _) in rest.rmatch_indices('.') {
        let (entry, path) = rest.split_at(dot);
        if let Some(value) = property::literal(document, entry) {
            return in_json(&value, path.trim_start_matches('.'));
        }
    }
    Ok(None)
}

fn in_json(value: &SecretBytes, path: &str) -> Result<Option<SecretBytes>, SecretsError> {
    // EXPOSE: the selected part is copied out into its own `SecretBytes`.
    let Ok(document) = value.expose_str() else {
        return Ok(None);
    };
    property::select(document, path).map_err(|error| SecretsError::invalid(error.to_string()))
}

/// Joins values that are JSON already.
fn object_of_objects(members: &Members) -> SecretBytes {
    let mut out = zeroize::Zeroizing::new(b"{".to_vec());
    for (index, (name, object)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        // EXPOSE: metadata that the reference asks for as one JSON value.
        out.extend_from_slice(object.expose());
    }
    out.push(b'}');
    SecretBytes::from(out)
}

fn stored(payload: &Payload) -> Result<&Members, SecretsError> {
    match payload {
        Payload::Members(members) => Ok(members),
        Payload::Value(_) => Err(SecretsError::invalid("value has no named parts")),
    }
}

#[cfg(test)]
mod tests;
