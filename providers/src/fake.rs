//! The provider `fake`: values written into the store itself. Needs no backend and no credentials.

use std::sync::Arc;

use api::external_secrets::FakeProvider;
use futures::future::BoxFuture;
use secret_bytes::SecretBytes;

use crate::secrets_client::{
    Capabilities, Members, MetadataPolicy, Payload, RemoteItem, RemoteRef, SecretsClient,
    Validation,
};
use crate::{SecretsError, json_value, property};

/// Holds the values of one store object, so that stores of the same name never share any.
struct FakeStore {
    values: Vec<FakeValue>,
    validation_result: i32,
}

struct FakeValue {
    key: String,
    version: Option<String>,
    value: SecretBytes,
}

/// Takes the values of a store.
pub(crate) fn connect(provider: &FakeProvider) -> impl SecretsClient + use<> {
    FakeStore {
        values: provider
            .data
            .iter()
            .map(|data| FakeValue {
                key: data.key.clone(),
                version: data.version.clone().filter(|version| !version.is_empty()),
                value: SecretBytes::from(data.value.clone()),
            })
            .collect(),
        validation_result: provider.validation_result.unwrap_or_default(),
    }
}

impl SecretsClient for FakeStore {
    fn read<'a>(&'a self, item: &'a RemoteItem) -> BoxFuture<'a, Result<Payload, SecretsError>> {
        Box::pin(async move {
            if item.metadata_policy == MetadataPolicy::Fetch {
                return Err(SecretsError::invalid("provider fake has no metadata"));
            }
            // The last of equal entries counts, as it would in a map.
            self.values
                .iter()
                .rev()
                .find(|value| value.key == item.key && value.version == item.version)
                .map(|value| Payload::Value(value.value.duplicate()))
                .ok_or_else(|| SecretsError::no_secret(&item.key))
        })
    }

    fn pick(&self, payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
        let value = whole(payload)?;
        let Some(name) = remote.named_property() else {
            return Ok(value.duplicate());
        };
        // COMPAT: here, and only here, a missing property means that there is no secret.
        let missing = || SecretsError::no_secret(&remote.key);
        // EXPOSE: the property is copied out into its own `SecretBytes`.
        let document = value.expose_str().map_err(|_| missing())?;
        property::select(document, name)
            .map_err(|error| SecretsError::invalid(error.to_string()))?
            .ok_or_else(missing)
    }

    fn members(&self, payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
        let picked = self.pick(payload, remote)?;
        let not_object =
            || SecretsError::invalid(format!("unable to unmarshal secret {}", remote.key));
        // EXPOSE: the members are copied out into their own `SecretBytes`.
        let document = picked.expose_str().map_err(|_| not_object())?;
        let members = json_value::members(document).map_err(|_| not_object())?;
        Ok(members
            .into_iter()
            .map(|(name, member)| (name, Arc::new(json_value::text_or_json(member.get()))))
            .collect())
    }

    fn validate(&self) -> BoxFuture<'_, Result<Validation, SecretsError>> {
        const TEXT: &str = "unable to validate";

        Box::pin(async move {
            match self.validation_result {
                0 => Ok(Validation::Ready),
                1 => Ok(Validation::Undetermined(TEXT.to_owned())),
                _ => Err(SecretsError::invalid(TEXT)),
            }
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadWrite
    }
}

fn whole(payload: &Payload) -> Result<&SecretBytes, SecretsError> {
    match payload {
        Payload::Value(value) => Ok(value),
        Payload::Members(_) => Err(SecretsError::invalid("value is not a single value")),
    }
}

#[cfg(test)]
mod tests;
