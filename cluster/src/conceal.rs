//! What is read of a Secret: keys, and tokens in place of values.

use aws_lc_rs::{hmac, rand};
use manifests::{Manifest, wipe};
use serde_json::Value;

use crate::error::ApiError;

/// The annotation `kubectl apply` leaves a whole object in, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Replaces each value of a Secret by a token: equal values have equal tokens, and a token says
/// nothing about its value without a key that lives and dies with the process (I1, S7).
///
/// So a plan can compare a Secret as it is with what a dry run would make of it, and neither the
/// plan nor anything after it ever holds plaintext.
pub struct Concealer {
    key: hmac::Key,
}

/// What tells a manifest from all others, plaintext included, and says nothing about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Concealer {
    /// Draws a fresh key.
    pub(crate) fn new() -> Result<Self, ApiError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
            .map_err(|_unspecified| ApiError::Random)?;
        Ok(Self { key })
    }

    /// Conceals an object when it is a Secret; other kinds stay as they are.
    pub fn conceal(&self, object: &mut Value) {
        let is_secret = object.get("kind").is_some_and(|kind| kind == "Secret")
            && object
                .get("apiVersion")
                .is_some_and(|version| version == "v1");
        if is_secret {
            self.conceal_secret(object);
        }
    }

    /// Conceals an object known to be a Secret, as the items of a list are, which have no kind.
    pub(crate) fn conceal_secret(&self, object: &mut Value) {
        for field in ["data", "stringData"] {
            let Some(entries) = object.get_mut(field).and_then(Value::as_object_mut) else {
                continue;
            };
            for value in entries.values_mut() {
                let token = self.token(value.as_str().unwrap_or_default().as_bytes());
                wipe(value);
                *value = Value::String(token);
            }
        }
        if let Some(annotations) = object
            .pointer_mut("/metadata/annotations")
            .and_then(Value::as_object_mut)
            && let Some(mut copy) = annotations.remove(LAST_APPLIED)
        {
            wipe(&mut copy);
        }
    }

    /// Returns what tells a manifest and the manager it is applied by from all others.
    pub fn fingerprint(&self, manifest: &Manifest, field_manager: &str) -> Fingerprint {
        let mut tag = hmac::Context::with_key(&self.key);
        tag.update(field_manager.as_bytes());
        tag.update(b"\n");
        // EXPOSE: of the plaintext only a tag stays, which says nothing without the key.
        tag.update(manifest.to_body().expose());
        let mut fingerprint = Fingerprint::default();
        for (to, from) in fingerprint.0.iter_mut().zip(tag.sign().as_ref()) {
            *to = *from;
        }
        fingerprint
    }

    fn token(&self, value: &[u8]) -> String {
        let tag = hmac::sign(&self.key, value);
        let mut token = String::from("hmac:");
        for byte in tag.as_ref().iter().take(16) {
            token.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            token.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        token
    }
}

#[cfg(test)]
mod tests;
