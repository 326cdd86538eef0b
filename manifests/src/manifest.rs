//! One desired object.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secret_bytes::SecretBytes;
use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::{ArtifactPath, GroupKind, ObjectId};

/// What stands in a concealed place. It is never applied: [`Manifest::to_body`] puts the plaintext
/// back, and nothing else makes a request body.
pub const CONCEALED: &str = "••••";

/// One desired Kubernetes object, as rendered.
///
/// It has an `apiVersion`, a `kind` and a name; reading refuses anything else. Plaintext does not
/// live in the object: it is concealed, place by place, and held as [`SecretBytes`] beside it.
#[derive(Clone, PartialEq)]
pub struct Manifest {
    object: Value,
    origin: Option<Origin>,
    /// JSON pointer → the JSON text that belongs there.
    concealed: BTreeMap<String, Arc<SecretBytes>>,
}

/// Where in the artifact a manifest was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: ArtifactPath,
    /// Which document of the file, from 0.
    pub document: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path)?;
        if self.document > 0 {
            write!(formatter, " (document {})", self.document + 1)?;
        }
        Ok(())
    }
}

impl Manifest {
    /// Takes an object that has `apiVersion`, `kind` and `metadata.name`; `None` otherwise.
    pub fn new(object: Value, origin: Option<Origin>) -> Option<Self> {
        let has = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        };
        (has("/apiVersion") && has("/kind") && has("/metadata/name")).then_some(Self {
            object,
            origin,
            concealed: BTreeMap::new(),
        })
    }

    /// Returns the object, with [`CONCEALED`] in every concealed place.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Changes the object in place. `apiVersion`, `kind` and name must stay.
    pub fn object_mut(&mut self) -> &mut Value {
        &mut self.object
    }

    /// Returns the object, consuming the manifest; concealed places stay concealed.
    pub fn into_object(self) -> Value {
        self.object
    }

    /// Returns where it was written, when that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// Returns the API group, empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version()
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// Returns the API version without the group.
    pub fn version(&self) -> &str {
        self.api_version()
            .split_once('/')
            .map_or(self.api_version(), |(_, version)| version)
    }

    /// Returns `kind`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Returns `metadata.name`.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Returns `metadata.namespace`, when it is set.
    pub fn namespace(&self) -> Option<&str> {
        Some(self.text("/metadata/namespace")).filter(|text| !text.is_empty())
    }

    /// Returns an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.object
            .get("metadata")?
            .get("annotations")?
            .get(key)?
            .as_str()
    }

    /// Returns a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.object
            .get("metadata")?
            .get("labels")?
            .get(key)?
            .as_str()
    }

    /// Returns which object this is.
    pub fn id(&self) -> ObjectId {
        ObjectId::new(
            GroupKind::new(self.group(), self.kind()),
            self.namespace(),
            self.name(),
        )
    }

    /// Whether this is the core `Secret`.
    pub fn is_secret(&self) -> bool {
        self.api_version() == "v1" && self.kind() == "Secret"
    }

    /// Takes the value at a JSON pointer out of the object and holds it as plaintext.
    ///
    /// A place that is not there or is concealed already stays as it is.
    pub fn conceal(&mut self, pointer: &str) {
        if self.concealed.contains_key(pointer) {
            return;
        }
        if let Some(place) = self.object.pointer_mut(pointer) {
            let mut value = std::mem::replace(place, Value::String(CONCEALED.to_owned()));
            self.concealed
                .insert(pointer.to_owned(), Arc::new(json_text(&value)));
            wipe(&mut value);
        }
    }

    /// Conceals every value of a Secret's `data` and `stringData`; nothing for other kinds.
    pub fn conceal_secret_data(&mut self) {
        if !self.is_secret() {
            return;
        }
        let pointers: Vec<String> = ["data", "stringData"]
            .iter()
            .filter_map(|field| Some((field, self.object.get(*field)?.as_object()?)))
            .flat_map(|(field, entries)| {
                entries
                    .keys()
                    .map(move |key| format!("/{field}/{}", pointer_token(key)))
            })
            .collect();
        for pointer in pointers {
            self.conceal(&pointer);
        }
    }

    /// Puts plaintext under a key of a Secret's `data`, concealed from the start.
    pub fn set_secret_value(&mut self, key: &str, plaintext: &SecretBytes) {
        // EXPOSE: a Secret's value is Base64 in JSON; the text goes into the same wiped type.
        let mut value = Value::String(STANDARD.encode(plaintext.expose()));
        let text = json_text(&value);
        wipe(&mut value);
        if let Some(fields) = self.object.as_object_mut() {
            let data = fields
                .entry("data")
                .or_insert_with(|| Value::Object(Map::new()));
            if let Some(data) = data.as_object_mut() {
                data.insert(key.to_owned(), Value::String(CONCEALED.to_owned()));
                self.concealed
                    .insert(format!("/data/{}", pointer_token(key)), Arc::new(text));
            }
        }
    }

    /// Returns the concealed places: JSON pointer and the JSON text that belongs there.
    pub fn concealed(&self) -> impl Iterator<Item = (&str, &Arc<SecretBytes>)> {
        self.concealed
            .iter()
            .map(|(pointer, text)| (pointer.as_str(), text))
    }

    /// Returns the JSON body of an API request, plaintext in its places.
    ///
    /// This is the one function that puts plaintext back into an object (I1).
    pub fn to_body(&self) -> SecretBytes {
        if self.concealed.is_empty() {
            return json_text(&self.object);
        }
        let mut object = self.object.clone();
        for (pointer, text) in &self.concealed {
            // EXPOSE: the API server is who the plaintext is for.
            let value = serde_json::from_slice(text.expose());
            if let (Some(place), Ok(value)) = (object.pointer_mut(pointer), value) {
                *place = value;
            }
        }
        let body = json_text(&object);
        wipe(&mut object);
        body
    }

    fn text(&self, pointer: &str) -> &str {
        self.object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Manifest({})", self.id())
    }
}

/// Escapes one part of a JSON pointer (RFC 6901).
pub fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Overwrites every text in a value before it is dropped.
pub fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(entries) => entries.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Measures first and then writes into a buffer of that size: growing would leave copies behind.
fn json_text(value: &Value) -> SecretBytes {
    let mut size = Size(0);
    let measured = serde_json::to_writer(&mut size, value);
    let mut text = Vec::with_capacity(size.0);
    let written = measured.and_then(|()| serde_json::to_writer(&mut text, value));
    debug_assert!(
        written.is_ok(),
        "a JSON value has text keys only, and a Vec takes every byte"
    );
    SecretBytes::new(text)
}

/// Counts the bytes written to it.
struct Size(usize);

impl std::io::Write for Size {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0 += buffer.len();
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
