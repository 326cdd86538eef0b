//! Redaction: what came out of decryption or a Secret is masked wherever it appears (S4, S6, S7).
//!
//! Masking goes by value, not by kind or place: a plaintext that a patch carried into a ConfigMap
//! or a server into an error text is found all the same, also encoded.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use manifests::{Manifest, wipe};
use secret_bytes::SecretBytes;
use serde_json::Value;

/// The annotation `kubectl apply` leaves a whole object in, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Shorter values would be found everywhere.
const SHORTEST: usize = 4;

/// One place where values are shown. Within it equal values have equal tokens; tokens of different
/// views cannot be compared.
pub struct View(hmac::Key);

impl View {
    /// Makes a view from a random key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Returns the token of a value: `••••` and six hex digits, whatever the value's length (S6).
    pub fn token(&self, value: &[u8]) -> String {
        format!("••••{}", self.digits(value, 3))
    }

    fn digits(&self, value: &[u8], bytes: usize) -> String {
        let tag = hmac::sign(&self.0, value);
        let mut digits = String::with_capacity(2 * bytes);
        for byte in tag.as_ref().iter().take(bytes) {
            for half in [byte >> 4, byte & 15] {
                digits.extend(char::from_digit(u32::from(half), 16));
            }
        }
        digits
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("View")
    }
}

/// The values that must not be shown, in every form in which they could be.
#[derive(Debug, Default)]
pub struct Taint {
    values: Vec<Arc<SecretBytes>>,
    /// Text to look for, longest first, and whose form it is.
    forms: Vec<(SecretBytes, usize)>,
}

impl Taint {
    /// Adds a value; one shorter than four bytes is not looked for.
    pub fn add(&mut self, value: Arc<SecretBytes>) {
        let index = self.values.len();
        // EXPOSE: the forms to look for are made of the value.
        let mut forms = forms(value.expose());
        // EXPOSE: lines of a multi-line value are looked for one by one.
        let lines = value.expose().split(|byte| *byte == b'\n');
        if lines.clone().nth(1).is_some() {
            forms.extend(lines.flat_map(|line| self::forms(line.trim_ascii())));
        }
        forms.retain(|form| form.len() >= SHORTEST);
        if forms.is_empty() {
            return;
        }
        self.values.push(value);
        for form in forms {
            self.insert(form, index);
        }
    }

    /// Keeps the forms in order of length.
    fn insert(&mut self, form: SecretBytes, index: usize) {
        let place = self
            .forms
            .partition_point(|(other, _)| other.len() >= form.len());
        self.forms.insert(place, (form, index));
    }

    /// Adds every value that a manifest conceals, Secrets' data decoded.
    pub fn add_concealed(&mut self, manifest: &Manifest) {
        for (pointer, text) in manifest.concealed() {
            if let Some(value) = plaintext(manifest.is_secret(), pointer, text) {
                self.add(Arc::new(value));
            }
        }
    }

    /// Takes in the values of another taint.
    pub fn extend(&mut self, other: Self) {
        let shift = self.values.len();
        self.values.extend(other.values);
        other
            .forms
            .into_iter()
            .for_each(|(form, index)| self.insert(form, index + shift));
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a text holds one of the values in any form.
    pub fn is_in(&self, text: &str) -> bool {
        // EXPOSE: compared with the text, nothing is copied.
        self.forms
            .iter()
            .any(|(form, _)| find(text.as_bytes(), form.expose()).is_some())
    }

    /// Returns the text with every form of every value replaced by the value's token.
    pub fn mask(&self, text: &str, view: &View) -> String {
        let mut masked = text.to_owned();
        for (form, index) in &self.forms {
            // EXPOSE: compared with the text, nothing is copied.
            if find(masked.as_bytes(), form.expose()).is_none() {
                continue;
            }
            let (Ok(form), Some(value)) = (form.expose_str(), self.values.get(*index)) else {
                continue;
            };
            // EXPOSE: the token is a keyed hash.
            masked = masked.replace(form, &view.token(value.expose()));
        }
        masked
    }

    /// Masks every text of a value, keys excepted.
    pub fn mask_value(&self, value: &mut Value, view: &View) {
        match value {
            Value::String(text) => {
                if self.is_in(text) {
                    let masked = self.mask(text, view);
                    wipe(value);
                    *value = Value::String(masked);
                }
            }
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.mask_value(item, view)),
            Value::Object(entries) => {
                entries
                    .values_mut()
                    .for_each(|entry| self.mask_value(entry, view));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Returns a manifest's object for people to read: what it conceals, a Secret's values and tainted
/// text are tokens, and the copy `kubectl apply` leaves in a Secret is gone (S6, S7).
pub fn masked(manifest: &Manifest, taint: &Taint, view: &View) -> Value {
    // EXPOSE: the token is a keyed hash.
    let mut object = replaced(manifest, |value| view.token(value.expose()));
    taint.mask_value(&mut object, view);
    object
}

/// Returns a manifest's object for a comparison within one view: what it conceals and a Secret's
/// values are keyed hashes so long that no two values share one.
pub fn comparable(manifest: &Manifest, view: &View) -> Value {
    // EXPOSE: the hash is keyed.
    replaced(manifest, |value| view.digits(value.expose(), 32))
}

fn replaced(manifest: &Manifest, token: impl Fn(&SecretBytes) -> String) -> Value {
    let mut concealing = manifest.clone();
    concealing.conceal_secret_data();
    let is_secret = manifest.is_secret();
    let mut object = concealing.object().clone();
    for (pointer, text) in concealing.concealed() {
        if let (Some(place), Some(value)) = (
            object.pointer_mut(pointer),
            plaintext(is_secret, pointer, text),
        ) {
            *place = Value::String(token(&value));
        }
    }
    if is_secret {
        strip_last_applied(&mut object);
    }
    object
}

/// Removes the copy of the whole object that `kubectl apply` leaves in it (S7).
pub fn strip_last_applied(object: &mut Value) {
    let annotations = object
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut);
    if let Some(annotations) = annotations
        && let Some(mut copy) = annotations.shift_remove(LAST_APPLIED)
    {
        wipe(&mut copy);
    }
}

/// Returns the bytes a concealed place stands for: a Secret's `data` is decoded, so that a value
/// has one token wherever and however it is written.
fn plaintext(is_secret: bool, pointer: &str, text: &SecretBytes) -> Option<SecretBytes> {
    // EXPOSE: parsed into the value that a token or the taint is made of.
    let mut value: Value = serde_json::from_slice(text.expose()).ok()?;
    let bytes = match &value {
        Value::String(text) if is_secret && pointer.starts_with("/data/") => STANDARD
            .decode(text.trim())
            .unwrap_or_else(|_| text.as_bytes().to_vec()),
        Value::String(text) => text.as_bytes().to_vec(),
        other => other.to_string().into_bytes(),
    };
    wipe(&mut value);
    Some(SecretBytes::new(bytes))
}

/// Returns the ways in which a value may be written.
fn forms(value: &[u8]) -> Vec<SecretBytes> {
    if value.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = Vec::new();
    let mut push = |form: Vec<u8>| {
        let form = SecretBytes::new(form);
        if !forms.contains(&form) {
            forms.push(form);
        }
    };
    push(value.to_vec());
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        push(engine.encode(value).into_bytes());
    }
    push(url_encoded(value));
    if let Ok(text) = std::str::from_utf8(value) {
        let quoted = SecretBytes::from(Value::String(text.to_owned()).to_string());
        // EXPOSE: the quotes are cut off.
        push(
            quoted
                .expose()
                .get(1..quoted.len() - 1)
                .unwrap_or_default()
                .to_vec(),
        );
    }
    forms
}

fn url_encoded(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len() * 3);
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(*byte);
        } else {
            text.push(b'%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                text.push(u8::try_from(digit.to_ascii_uppercase()).unwrap_or(b'0'));
            }
        }
    }
    text
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

#[cfg(test)]
mod tests;
