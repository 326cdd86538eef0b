//! Opening SealedSecrets with private keys, when there is no controller to do it.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealing::{Scope, SealedItem, SealingKey, read_private_keys};
use secret_bytes::SecretBytes;
use serde_json::{Map, Value, json};

use super::validate::{name, sealed_secrets};
use crate::Io;
use crate::io::Readers;
use crate::kubeseal::documents;
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::RecoveryUnseal;
use crate::kubeseal::output;

/// Opens every SealedSecret of the input. No cluster is contacted and no kubeconfig read.
pub(in crate::kubeseal) fn run(mode: &RecoveryUnseal, io: &mut Io) -> Result<(), Error> {
    let bytes = documents::read_input(&mode.input, io)?;
    let mut keys = Vec::new();
    for path in &mode.keys {
        keys.extend(read_keys(path, io)?.into_iter().map(Arc::new));
    }
    let secrets = sealed_secrets(&bytes)?
        .iter()
        .map(|object| open(object, &keys))
        .collect::<Result<Vec<_>, _>>()?;
    let bytes = SecretBytes::new(output::render(&secrets, mode.destination.format));
    // EXPOSE: printing the Secrets is what the user asks for; a file is the owner's alone.
    output::write(
        bytes.expose(),
        mode.destination.file.as_deref(),
        Readers::Owner,
        io,
    )
}

/// Reads PEM, or Secrets that hold it.
fn read_keys(path: &Path, io: &Io) -> Result<Vec<SealingKey>, Error> {
    let refused = |reason: String| Error::RecoveryKey {
        path: path.to_owned(),
        reason,
    };
    let bytes = io
        .read_file(path)
        .map(SecretBytes::new)
        .map_err(|cause| Error::ReadFile {
            path: path.to_owned(),
            cause,
        })?;
    // EXPOSE: the private keys are parsed.
    let unreadable = match read_private_keys(bytes.expose()) {
        Ok(keys) => return Ok(keys),
        Err(error) => error,
    };
    // EXPOSE: as above, inside of Secrets.
    let secrets =
        documents::read_items(bytes.expose()).map_err(|_| refused(unreadable.to_string()))?;
    let mut keys = Vec::new();
    for secret in &secrets {
        let encoded = secret
            .get("data")
            .and_then(|data| data.get("tls.key")?.as_str());
        let encoded =
            encoded.ok_or_else(|| refused("secret must contain a 'tls.data' key".to_owned()))?;
        let pem = STANDARD
            .decode(encoded.replace(['\r', '\n'], ""))
            .map(SecretBytes::new)
            .map_err(|_| refused("the 'tls.key' of a secret is not Base64".to_owned()))?;
        // EXPOSE: the private key is parsed.
        keys.extend(read_private_keys(pem.expose()).map_err(|error| refused(error.to_string()))?);
    }
    if keys.is_empty() {
        Err(refused(unreadable.to_string()))
    } else {
        Ok(keys)
    }
}

fn open(object: &Map<String, Value>, keys: &[Arc<SealingKey>]) -> Result<Value, Error> {
    let text = |field: &str| {
        let value = object
            .get("metadata")
            .and_then(|metadata| metadata.get(field));
        value.and_then(Value::as_str).unwrap_or_default()
    };
    let annotations = object
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    let scope = Scope::from_lookup(|name| annotations?.get(name)?.as_str());
    let label = scope.label(text("namespace"), text("name"));
    let spec = object.get("spec");
    let legacy = spec
        .and_then(|spec| spec.get("data"))
        .filter(|data| !data.is_null());
    if let Some(blob) = legacy {
        let plaintext = SealedItem::from_base64(blob.as_str().unwrap_or_default())
            .ok()
            .and_then(|item| sealing::unseal(&item, &label, keys).ok())
            .ok_or(Error::UnsealLegacy)?;
        return from_blob(&plaintext, object);
    }
    let template = spec.and_then(|spec| spec.get("template"));
    let template_data = template.and_then(|template| template.get("data")?.as_object());
    if template_data.is_some_and(|data| !data.is_empty()) {
        return Err(Error::TemplateData { name: name(object) });
    }
    let items = spec.and_then(|spec| spec.get("encryptedData")?.as_object());
    let items = items.into_iter().flatten();
    let texts = items.map(|(key, item)| (key.as_str(), item.as_str().unwrap_or_default()));
    let opened = sealing::unseal_items(texts, &label, keys).map_err(Error::Unseal)?;
    let data: Map<String, Value> = opened
        .into_iter()
        // EXPOSE: the data of the Secret that the user asks for.
        .map(|(key, plaintext)| (key, Value::String(STANDARD.encode(plaintext.expose()))))
        .collect();
    Ok(secret(template, data, object))
}

/// Puts a Secret together. Owner references would name an owner that is not there.
fn secret(
    template: Option<&Value>,
    data: Map<String, Value>,
    object: &Map<String, Value>,
) -> Value {
    let template_metadata = template.and_then(|template| template.get("metadata")?.as_object());
    let mut secret = Map::new();
    secret.insert("kind".to_owned(), Value::from("Secret"));
    secret.insert("apiVersion".to_owned(), Value::from("v1"));
    secret.insert("metadata".to_owned(), metadata(template_metadata, object));
    if let Some(immutable) = template.and_then(|template| template.get("immutable")?.as_bool()) {
        secret.insert("immutable".to_owned(), Value::Bool(immutable));
    }
    if !data.is_empty() {
        secret.insert("data".to_owned(), Value::Object(data));
    }
    if let Some(kind) = template
        .and_then(|t| t.get("type")?.as_str())
        .filter(|k| !k.is_empty())
    {
        secret.insert("type".to_owned(), Value::from(kind));
    }
    Value::Object(secret)
}

fn metadata(template: Option<&Map<String, Value>>, object: &Map<String, Value>) -> Value {
    let own = object.get("metadata");
    let mut metadata = Map::new();
    for field in ["name", "namespace"] {
        if let Some(value) = own
            .and_then(|own| own.get(field))
            .filter(|value| !value.is_null())
        {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    for field in ["labels", "annotations", "finalizers"] {
        let value = template.and_then(|template| template.get(field));
        if let Some(value) = value.filter(|value| !value.is_null()) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    Value::Object(metadata)
}

/// The oldest format holds the whole Secret.
fn from_blob(plaintext: &SecretBytes, object: &Map<String, Value>) -> Result<Value, Error> {
    // EXPOSE: the plaintext is the Secret that the user asks for.
    let inner = documents::read(plaintext.expose()).map_err(|_| Error::UnsealLegacy)?;
    let inner = inner.into_iter().next().ok_or(Error::UnsealLegacy)?;
    let template = json!({
        "metadata": inner.get("metadata"),
        "type": inner.get("type"),
        "immutable": inner.get("immutable"),
    });
    let data = inner
        .get("data")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    Ok(secret(Some(&template), data, object))
}
