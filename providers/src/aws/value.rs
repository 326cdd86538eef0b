//! How values are picked from what AWS returns; the same for both services. Pure.

use std::sync::Arc;

use secret_bytes::SecretBytes;

use crate::json_value::{self, Html};
use crate::secrets_client::{Members, Payload, RemoteRef};
use crate::{SecretsError, property};

/// Returns the whole value, or the property: the literal name if it holds a dot, else the path.
pub(super) fn pick(payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
    let value = whole(payload)?;
    let Some(name) = remote.named_property() else {
        return Ok(value.duplicate());
    };
    let missing = || {
        SecretsError::missing_property(format!(
            "key {name} does not exist in secret {}",
            remote.key
        ))
    };
    // EXPOSE: the property is copied out into its own `SecretBytes`.
    let document = value.expose_str().map_err(|_| missing())?;
    if name.contains('.')
        && let Some(member) = property::literal(document, name)
    {
        return Ok(member);
    }
    property::select(document, name)
        .map_err(|error| SecretsError::invalid(error.to_string()))?
        .ok_or_else(missing)
}

/// Returns the members of the value: strings as text, everything else as it stands.
pub(super) fn members(payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
    let picked = pick(payload, remote)?;
    let not_object = || SecretsError::invalid(format!("unable to unmarshal secret {}", remote.key));
    // EXPOSE: the members are copied out into their own `SecretBytes`.
    let document = picked.expose_str().map_err(|_| not_object())?;
    let members = json_value::members(document).map_err(|_| not_object())?;
    Ok(members
        .into_iter()
        .map(|(name, member)| (name, Arc::new(json_value::text_or_json(member.get()))))
        .collect())
}

/// Returns tags as a JSON object.
pub(super) fn tags<'a>(
    tags: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> Payload {
    let tags = tags
        .into_iter()
        .filter_map(|(key, value)| Some((key?, value.unwrap_or_default().as_bytes())));
    Payload::Value(json_value::object_of_strings(tags, Html::Escaped))
}

fn whole(payload: &Payload) -> Result<&SecretBytes, SecretsError> {
    match payload {
        Payload::Value(value) => Ok(value),
        Payload::Members(_) => Err(SecretsError::invalid("value is not a single value")),
    }
}

#[cfg(test)]
mod tests;
