//! Having the controller seal SealedSecrets again with its newest key.

use http::StatusCode;
use serde_json::{Map, Value};

use super::validate::sealed_secrets;
use crate::Io;
use crate::io::Readers;
use crate::kubeseal::cluster::Answer;
use crate::kubeseal::documents;
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::ReEncrypt;
use crate::kubeseal::{network, output};

/// Has every document sealed again, and writes only when all of them were.
pub(in crate::kubeseal) fn run(mode: &ReEncrypt, io: &mut Io) -> Result<(), Error> {
    let bytes = documents::read_input(&mode.input, io)?;
    let objects = sealed_secrets(&bytes)?;
    let sealed = network::block_on(async {
        let mut controller = mode.controller.connect(io).await?;
        let mut sealed = Vec::with_capacity(objects.len());
        for object in objects {
            let body = Value::Object(object).to_string();
            let answer = controller
                .rotate(body.as_bytes())
                .await
                .map_err(|cause| Error::ReEncrypt { cause })?;
            sealed.push(object_of(&answer)?);
        }
        Ok(sealed)
    })??;
    let bytes = output::render(&sealed, mode.destination.format);
    output::write(&bytes, mode.destination.file.as_deref(), Readers::Umask, io)
}

/// Takes the object out of an answer, which may lack its version and kind.
fn object_of(answer: &Answer) -> Result<Value, Error> {
    match answer.status {
        status if status.is_success() => {}
        StatusCode::CONFLICT => return Err(Error::ReEncryptRefused),
        _ => {
            return Err(Error::ReEncrypt {
                cause: answer.reason(),
            });
        }
    }
    let malformed = || Error::ReEncrypt {
        cause: "the answer is not a sealed secret".to_owned(),
    };
    let Ok(Value::Object(answered)) = serde_json::from_slice(&answer.body) else {
        return Err(malformed());
    };
    let mut object = Map::new();
    object.insert("kind".to_owned(), Value::from("SealedSecret"));
    object.insert("apiVersion".to_owned(), Value::from("bitnami.com/v1alpha1"));
    object.extend(
        answered
            .into_iter()
            .filter(|(field, _)| !matches!(field.as_str(), "kind" | "apiVersion" | "status")),
    );
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    clear_server_fields(metadata.ok_or_else(malformed)?);
    let template = object
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("template"));
    if let Some(Value::Object(metadata)) = template.and_then(|t| t.get_mut("metadata")) {
        clear_server_fields(metadata);
    }
    Ok(Value::Object(object))
}

fn clear_server_fields(metadata: &mut Map<String, Value>) {
    for field in ["creationTimestamp", "deletionTimestamp", "generation"] {
        metadata.shift_remove(field);
    }
}

#[cfg(test)]
mod tests;
