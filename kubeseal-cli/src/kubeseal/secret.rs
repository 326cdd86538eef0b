//! A Secret as the user hands it in, and the SealedSecret made from it.
//!
//! Reading is as lenient as upstream's: field names in any case, scalars where text is expected,
//! unknown fields passed over. Values move into [`SecretBytes`] as soon as they are found.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use rand::CryptoRng;
use sealing::{PublicKey, Scope, SealedItem};
use secret_bytes::SecretBytes;
use serde_json::{Map, Value, json};

use super::error::Error;
use super::mode::EmptyData;

/// Annotations in which other tools keep a copy of the whole Secret.
const COPIES: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
];

const DATA_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What of a Secret goes into a SealedSecret.
#[derive(Debug)]
pub(super) struct InputSecret {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
    /// Plaintexts: `data`, and over it `stringData`.
    pub(super) items: BTreeMap<String, SecretBytes>,
    generate_name: String,
    finalizers: Vec<Value>,
    kind_of_secret: String,
    immutable: Option<bool>,
}

impl InputSecret {
    /// Takes a Secret out of a document, the `document`th of its stream.
    pub(super) fn take(mut object: Map<String, Value>, document: usize) -> Result<Self, Error> {
        let mut fields = Fields {
            object: &mut object,
            document,
        };
        let kind = fields.text("kind")?;
        if !kind.is_empty() && kind != "Secret" {
            return Err(Error::Kind {
                document,
                expected: "Secret",
                found: kind,
            });
        }
        let mut items = fields.data()?;
        for (key, text) in fields.texts("stringData")? {
            items.insert(key, SecretBytes::from(text));
        }
        let kind_of_secret = fields.text("type")?;
        let immutable = match fields.take("immutable") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(flag),
            Some(_) => return Err(fields.wrong("immutable")),
        };
        let mut metadata = fields.map("metadata")?;
        let mut metadata = Fields {
            object: &mut metadata,
            document,
        };
        let finalizers = match metadata.take("finalizers") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(finalizers)) => finalizers,
            Some(_) => return Err(metadata.wrong("finalizers")),
        };
        let mut annotations = metadata.texts("annotations")?;
        for copy in COPIES {
            // The copy holds plaintext and is wiped, not just forgotten.
            drop(annotations.remove(copy).map(SecretBytes::from));
        }
        Ok(Self {
            name: metadata.text("name")?,
            namespace: metadata.text("namespace")?,
            labels: metadata.texts("labels")?,
            generate_name: metadata.text("generateName")?,
            annotations,
            items,
            finalizers,
            kind_of_secret,
            immutable,
        })
    }

    /// Refuses a Secret without data unless that is wanted.
    pub(super) fn check_data(&self, empty_data: EmptyData) -> Result<(), Error> {
        if self.items.is_empty() && empty_data == EmptyData::Refuse {
            Err(Error::EmptyData)
        } else {
            Ok(())
        }
    }

    /// Asks for a scope. The strict one is the same as asking for none.
    pub(super) fn ask_for(&mut self, scope: Scope) {
        let Some(annotation) = scope.annotation() else {
            return;
        };
        for other in [
            sealing::CLUSTER_WIDE_ANNOTATION,
            sealing::NAMESPACE_WIDE_ANNOTATION,
        ] {
            self.annotations.remove(other);
        }
        self.annotations
            .insert(annotation.to_owned(), "true".to_owned());
    }

    /// Returns the scope that its annotations ask for.
    pub(super) fn scope(&self) -> Scope {
        Scope::from_annotations(&self.annotations)
    }

    /// Seals every item.
    pub(super) fn seal_items(
        &self,
        key: &PublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<BTreeMap<String, SealedItem>, Error> {
        let label = self.scope().label(&self.namespace, &self.name);
        let sealed = |(name, plaintext): (&String, &SecretBytes)| {
            let item =
                sealing::seal(plaintext, &label, key, rng).map_err(|source| Error::Seal {
                    key: name.clone(),
                    source,
                })?;
            Ok((name.clone(), item))
        };
        self.items.iter().map(sealed).collect()
    }

    /// Returns the whole SealedSecret, its fields in upstream's order.
    pub(super) fn sealed(&self, key: &PublicKey, rng: &mut impl CryptoRng) -> Result<Value, Error> {
        let items: Map<String, Value> = self
            .seal_items(key, rng)?
            .into_iter()
            .map(|(name, item)| (name, Value::String(item.to_string())))
            .collect();
        let mut metadata = Map::new();
        put_text(&mut metadata, "name", &self.name);
        put_text(&mut metadata, "namespace", &self.namespace);
        if let Some(annotation) = self.scope().annotation() {
            metadata.insert("annotations".to_owned(), json!({ annotation: "true" }));
        }
        Ok(json!({
            "kind": "SealedSecret",
            "apiVersion": "bitnami.com/v1alpha1",
            "metadata": metadata,
            "spec": { "template": self.template(), "encryptedData": items },
        }))
    }

    fn template(&self) -> Value {
        let mut metadata = Map::new();
        put_text(&mut metadata, "name", &self.name);
        put_text(&mut metadata, "generateName", &self.generate_name);
        put_text(&mut metadata, "namespace", &self.namespace);
        for (field, map) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !map.is_empty() {
                metadata.insert(field.to_owned(), json!(map));
            }
        }
        if !self.finalizers.is_empty() {
            metadata.insert("finalizers".to_owned(), json!(self.finalizers));
        }
        let mut template = Map::new();
        template.insert("metadata".to_owned(), Value::Object(metadata));
        put_text(&mut template, "type", &self.kind_of_secret);
        if let Some(immutable) = self.immutable {
            template.insert("immutable".to_owned(), Value::Bool(immutable));
        }
        Value::Object(template)
    }
}

fn put_text(map: &mut Map<String, Value>, field: &str, text: &str) {
    if !text.is_empty() {
        map.insert(field.to_owned(), Value::String(text.to_owned()));
    }
}

/// The fields of one object, to be taken out.
struct Fields<'a> {
    object: &'a mut Map<String, Value>,
    document: usize,
}

impl Fields<'_> {
    /// Takes a field, under its own name or else in another case.
    fn take(&mut self, field: &str) -> Option<Value> {
        if let Some(value) = self.object.remove(field) {
            return Some(value);
        }
        let other = self
            .object
            .keys()
            .find(|key| key.eq_ignore_ascii_case(field))?
            .clone();
        self.object.remove(&other)
    }

    fn wrong(&self, field: &str) -> Error {
        Error::FieldType {
            document: self.document,
            field: field.to_owned(),
        }
    }

    fn text(&mut self, field: &str) -> Result<String, Error> {
        self.take(field)
            .map_or_else(|| Some(String::new()), scalar)
            .ok_or_else(|| self.wrong(field))
    }

    fn map(&mut self, field: &str) -> Result<Map<String, Value>, Error> {
        match self.take(field) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map),
            Some(_) => Err(self.wrong(field)),
        }
    }

    fn texts(&mut self, field: &str) -> Result<BTreeMap<String, String>, Error> {
        let map = self.map(field)?;
        let entry = |(key, value)| {
            let path = format!("{field}.{key}");
            Ok((key, scalar(value).ok_or_else(|| self.wrong(&path))?))
        };
        map.into_iter().map(entry).collect()
    }

    fn data(&mut self) -> Result<BTreeMap<String, SecretBytes>, Error> {
        let document = self.document;
        let decoded = |(key, value): (String, Value)| {
            let text = match value {
                Value::Null => SecretBytes::from(String::new()),
                Value::String(text) => SecretBytes::from(text),
                _ => return Err(Error::DataBase64 { document, key }),
            };
            // EXPOSE: the Base64 of a plaintext is decoded, line breaks left out.
            let joined: SecretBytes = text
                .expose()
                .iter()
                .copied()
                .filter(|byte| !matches!(byte, b'\r' | b'\n'))
                .collect::<Vec<u8>>()
                .into();
            // EXPOSE: as above.
            match DATA_BASE64.decode(joined.expose()) {
                Ok(plaintext) => Ok((key, SecretBytes::new(plaintext))),
                Err(_) => Err(Error::DataBase64 { document, key }),
            }
        };
        self.map("data")?.into_iter().map(decoded).collect()
    }
}

/// Returns the text that a scalar stands for where text is expected.
fn scalar(value: Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
