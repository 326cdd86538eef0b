//! Asking the controller whether it can open SealedSecrets.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::Io;
use crate::kubeseal::documents;
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::Validate;
use crate::kubeseal::network;

/// Asks about every document and stops at the first that cannot be opened.
pub(in crate::kubeseal) fn run(mode: &Validate, io: &mut Io) -> Result<(), Error> {
    let bytes = documents::read_input(&mode.input, io)?;
    let objects = sealed_secrets(&bytes)?;
    network::block_on(async {
        let mut controller = mode.controller.connect(io).await?;
        for object in objects {
            let name = name(&object);
            let body = Value::Object(object).to_string();
            let answer = controller
                .verify(body.as_bytes())
                .await
                .map_err(|cause| Error::Validate { cause })?;
            match answer.status {
                status if status.is_success() => {}
                StatusCode::CONFLICT => return Err(Error::ValidateRefused { name }),
                _ => {
                    return Err(Error::Validate {
                        cause: answer.reason(),
                    });
                }
            }
        }
        Ok(())
    })?
}

/// Reads SealedSecrets, of which there has to be one.
pub(super) fn sealed_secrets(bytes: &[u8]) -> Result<Vec<Map<String, Value>>, Error> {
    let objects = documents::read_items(bytes)?;
    for (index, object) in objects.iter().enumerate() {
        let kind = object
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if kind != "SealedSecret" {
            return Err(Error::Kind {
                document: index + 1,
                expected: "SealedSecret",
                found: kind.to_owned(),
            });
        }
    }
    if objects.is_empty() {
        Err(Error::NoSealedSecrets)
    } else {
        Ok(objects)
    }
}

/// Returns the name of an object, as far as it has one.
pub(super) fn name(object: &Map<String, Value>) -> String {
    let name = object
        .get("metadata")
        .and_then(|metadata| metadata.get("name"));
    name.and_then(Value::as_str).unwrap_or_default().to_owned()
}
