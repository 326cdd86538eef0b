//! Reading a stream of YAML documents or JSON objects.

use manifests::{Dialect, Limits, read_values};
use serde_json::{Map, Value};

use super::error::Error;
use super::mode::Input;
use crate::Io;

/// Reads all of the input. A terminal is told what it is waited for.
pub(super) fn read_input(input: &Input, io: &mut Io) -> Result<Vec<u8>, Error> {
    match input {
        Input::File(path) => io
            .read_file(path)
            .map_err(|source| Error::SecretFile { source }),
        Input::Stdin => {
            if io.terminals().stdin {
                io.note("(tty detected: expecting json/yaml k8s resource in stdin)");
            }
            io.read_stdin()
                .map_err(|source| Error::ReadInput { source })
        }
    }
}

/// Returns the objects of a stream: YAML documents, JSON objects, or the one after the other.
/// Empty documents are passed over.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Map<String, Value>>, Error> {
    let text = decoded(bytes)?;
    let (mut values, rest) = leading_json(&text);
    let limits = Limits::default();
    let documents = read_values(Dialect::Kubectl, rest.as_bytes(), None, &limits)
        .map_err(|source| Error::Yaml { source })?;
    values.extend(documents);
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| match value {
            Value::Object(object) => Ok(object),
            _ => Err(Error::NotAnObject {
                document: index + 1,
            }),
        })
        .collect()
}

/// Returns the objects of a stream, with lists replaced by their items.
pub(super) fn read_items(bytes: &[u8]) -> Result<Vec<Map<String, Value>>, Error> {
    let mut items = Vec::new();
    for (index, object) in read(bytes)?.into_iter().enumerate() {
        expand(object, index + 1, &mut items)?;
    }
    Ok(items)
}

fn expand(
    mut object: Map<String, Value>,
    document: usize,
    items: &mut Vec<Map<String, Value>>,
) -> Result<(), Error> {
    let is_list = object
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|k| k.ends_with("List"));
    let Some(list) = object.remove("items").filter(|_| is_list) else {
        items.push(object);
        return Ok(());
    };
    let Value::Array(list) = list else {
        return Err(Error::FieldType {
            document,
            field: "items".to_owned(),
        });
    };
    for item in list {
        match item {
            Value::Object(item) => expand(item, document, items)?,
            _ => {
                return Err(Error::FieldType {
                    document,
                    field: "items".to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// Takes as many JSON objects as the text begins with. YAML in braces is left to the YAML reader.
fn leading_json(text: &str) -> (Vec<Value>, &str) {
    let mut values = Vec::new();
    let mut rest = text.trim_start();
    while rest.starts_with('{') {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = stream.next() else {
            break;
        };
        values.push(value);
        rest = rest
            .get(stream.byte_offset()..)
            .unwrap_or_default()
            .trim_start();
    }
    (values, rest)
}

/// Decodes UTF-8, or UTF-16 with a byte order mark.
fn decoded(bytes: &[u8]) -> Result<String, Error> {
    let units = |pair: fn([u8; 2]) -> u16, bytes: &[u8]| -> Result<String, Error> {
        let (pairs, []) = bytes.as_chunks::<2>() else {
            return Err(Error::Encoding);
        };
        let units: Vec<u16> = pairs.iter().copied().map(pair).collect();
        String::from_utf16(&units).map_err(|_| Error::Encoding)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => {
            String::from_utf8(rest.to_vec()).map_err(|_| Error::Encoding)
        }
    }
}

#[cfg(test)]
mod tests;
