//! Objects as text.

use manifests::{Manifest, wipe};
use pipeline::redact::{Taint, View, masked};
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use super::error::Error;
use super::mode::{Format, Secrets};
use crate::Io;
use crate::yaml;

/// Returns the text of objects: YAML documents with a separator between them, or one JSON `List`.
///
/// Masked objects show a token in place of each value of a Secret and of each value in `taint`.
pub(super) fn render(
    manifests: &[Manifest],
    taint: &Taint,
    secrets: Secrets,
    format: Format,
) -> SecretBytes {
    // A key for this run alone, so that tokens of two runs cannot be compared.
    let view = View::new(&rand::random());
    let mut objects: Vec<Value> = manifests
        .iter()
        .map(|manifest| match secrets {
            Secrets::Masked => masked(manifest, taint, &view),
            Secrets::Shown => plain(manifest),
        })
        .collect();
    let text = match format {
        Format::Yaml => {
            let documents: Vec<String> = objects.iter().map(yaml::document).collect();
            let text = documents.join("---\n");
            documents.into_iter().map(SecretBytes::from).for_each(drop);
            text
        }
        Format::Json => {
            let mut list = json!({"apiVersion": "v1", "kind": "List"});
            if let Some(fields) = list.as_object_mut() {
                fields.insert(
                    "items".to_owned(),
                    Value::Array(std::mem::take(&mut objects)),
                );
            }
            let text = format!("{list:#}\n");
            wipe(&mut list);
            text
        }
    };
    objects.iter_mut().for_each(wipe);
    SecretBytes::from(text)
}

/// Returns an object as it would be applied.
pub(super) fn plain(manifest: &Manifest) -> Value {
    // EXPOSE: the user asked for plaintext on standard output.
    serde_json::from_slice(manifest.to_body().expose()).unwrap_or_default()
}

/// Writes to standard output.
pub(super) fn print(io: &mut Io, bytes: &[u8]) -> Result<(), Error> {
    io.write_stdout(bytes)
        .map_err(|source| Error::WriteOutput { source })
}

#[cfg(test)]
mod tests;
