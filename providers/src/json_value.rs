//! From JSON to the bytes of a value, without losing a digit.
//!
//! Works on the text of a document and copies only what was asked for, so that a value does not
//! lie around in a parsed tree. Numbers keep every digit they were written with.

use std::collections::BTreeMap;

use secret_bytes::SecretBytes;
use serde_json::value::RawValue;

/// Deeper documents are refused: hostile ones would cost quadratic time.
const MAX_DEPTH: usize = 128;

/// Whether `<`, `>` and `&` are written as escapes, which depends on the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Html {
    /// `\u003c`
    Escaped,
    /// `<`
    Plain,
}

/// The document is not JSON of the expected form. Says nothing about the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotJson {
    #[error("not a JSON object")]
    Object,
    #[error("not valid JSON")]
    Document,
    #[error("JSON nested deeper than {MAX_DEPTH} levels")]
    Depth,
}

/// Returns the members of an object, each as its own text. The last of equal names wins.
pub(crate) fn members(document: &str) -> Result<BTreeMap<String, &RawValue>, NotJson> {
    serde_json::from_str(document).map_err(|_| NotJson::Object)
}

/// Returns an array's elements, each as its own text.
pub(crate) fn elements(document: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(document).ok()
}

/// Returns a string's text, and every other value's JSON as it stands.
pub(crate) fn text_or_json(json: &str) -> SecretBytes {
    match string(json) {
        Some(text) => text,
        None => SecretBytes::new(json.as_bytes().to_vec()),
    }
}

/// Returns the bytes of a value: text, compact JSON, plain decimal, `true`, or nothing for `null`.
pub(crate) fn bytes(json: &str, html: Html) -> Result<SecretBytes, NotJson> {
    match json.as_bytes().first() {
        Some(b'"') => string(json).ok_or(NotJson::Document),
        Some(b'{' | b'[') => compact(json, html),
        Some(b'n') => Ok(SecretBytes::new(Vec::new())),
        Some(b't' | b'f') => Ok(SecretBytes::new(json.as_bytes().to_vec())),
        _ => Ok(SecretBytes::from(plain_decimal(json))),
    }
}

/// Returns the same document without blanks and with the names of every object sorted.
pub(crate) fn compact(json: &str, html: Html) -> Result<SecretBytes, NotJson> {
    let mut out = Vec::with_capacity(json.len() + json.len() / 4);
    write_compact(&mut out, json, html, 0)?;
    Ok(SecretBytes::new(out))
}

/// Returns an object of strings. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn object_of_strings<'a>(
    members: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    html: Html,
) -> SecretBytes {
    let sorted: BTreeMap<&str, &[u8]> = members.into_iter().collect();
    let size: usize = sorted
        .iter()
        .map(|(name, value)| name.len() + value.len() + value.len() / 4 + 8)
        .sum();
    let mut out = Vec::with_capacity(size + 2);
    out.push(b'{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(&mut out, name.as_bytes(), html);
        out.push(b':');
        write_string(&mut out, value, html);
    }
    out.push(b'}');
    SecretBytes::new(out)
}

/// Returns the text of a JSON string, or `None` when the value is no string.
fn string(json: &str) -> Option<SecretBytes> {
    serde_json::from_str::<String>(json)
        .ok()
        .map(SecretBytes::from)
}

fn write_compact(out: &mut Vec<u8>, json: &str, html: Html, depth: usize) -> Result<(), NotJson> {
    if depth > MAX_DEPTH {
        return Err(NotJson::Depth);
    }
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'{') => {
            out.push(b'{');
            for (index, (name, value)) in members(json)?.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(out, name.as_bytes(), html);
                out.push(b':');
                write_compact(out, value.get(), html, depth + 1)?;
            }
            out.push(b'}');
        }
        Some(b'[') => {
            out.push(b'[');
            let elements = elements(json).ok_or(NotJson::Document)?;
            for (index, value) in elements.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_compact(out, value.get(), html, depth + 1)?;
            }
            out.push(b']');
        }
        Some(b'"') => {
            let text = string(json).ok_or(NotJson::Document)?;
            // EXPOSE: written back into the document that becomes a secret value again.
            write_string(out, text.expose(), html);
        }
        _ => out.extend_from_slice(json.trim_ascii().as_bytes()),
    }
    Ok(())
}

/// Writes a string the way Go's encoder does, since the result ends up in existing Secrets.
fn write_string(out: &mut Vec<u8>, bytes: &[u8], html: Html) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            write_character(out, character, html);
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\\ufffd".as_bytes());
        }
    }
    out.push(b'"');
}

fn write_character(out: &mut Vec<u8>, character: char, html: Html) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '<' | '>' | '&' if html == Html::Escaped => write_escape(out, character),
        '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => write_escape(out, character),
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn write_escape(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
}

/// Writes a JSON number without an exponent and without trailing zeros, keeping every digit.
///
/// COMPAT: the shortest decimal form is what consumers hold in their Secrets today; unlike there,
/// digits beyond what a double can hold survive.
fn plain_decimal(number: &str) -> String {
    const WIDEST_EXPONENT: i64 = 400;

    let (sign, unsigned) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(i64::MAX)),
        None => (unsigned, 0),
    };
    if exponent
        .checked_abs()
        .is_none_or(|width| width > WIDEST_EXPONENT)
    {
        return number.to_owned();
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<char> = whole.chars().chain(fraction.chars()).collect();
    let point = i64::try_from(whole.len())
        .unwrap_or(i64::MAX)
        .saturating_add(exponent);
    let at = |index: i64| -> char {
        usize::try_from(index)
            .ok()
            .and_then(|index| digits.get(index).copied())
            .unwrap_or('0')
    };
    let end = i64::try_from(digits.len()).unwrap_or(i64::MAX).max(point);
    let whole: String = (0..point).map(at).collect();
    let fraction: String = (point..end).map(at).collect();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests;
