//! Which kind of value a YAML scalar is: the mixture of YAML 1.1 and 1.2 that the format's other
//! implementation reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secret_bytes::SecretBytes;

use super::document::{Style, YamlNode};
use crate::scalar::{Scalar, time};

const CORE: &str = "tag:yaml.org,2002:";

/// A tag that the scalar's text cannot have.
pub(crate) struct ImpossibleTag;

/// Reads a scalar with its tag and style.
pub(crate) fn scalar(node: &YamlNode<'_>) -> Result<Scalar, ImpossibleTag> {
    let text = &*node.value;
    let Some(tag) = &node.tag else {
        return Ok(if node.style == Style::Plain {
            plain(text, true)
        } else {
            string(text)
        });
    };
    let Some(name) = tag.0.strip_prefix(CORE) else {
        return Ok(string(text));
    };
    match name {
        "int" | "bool" | "null" | "timestamp" | "float" => {
            let value = plain(text, name == "timestamp");
            match (name, value) {
                ("int", value @ (Scalar::Int(_) | Scalar::Unsigned(_)))
                | ("bool", value @ Scalar::Bool(_))
                | ("null", value @ Scalar::Null)
                | ("timestamp", value @ Scalar::Time(_))
                | ("float", value @ Scalar::Float(_)) => Ok(value),
                #[expect(clippy::cast_precision_loss, reason = "a float tag asks for a float")]
                ("float", Scalar::Int(number)) => Ok(Scalar::Float(number as f64)),
                #[expect(clippy::cast_precision_loss, reason = "a float tag asks for a float")]
                ("float", Scalar::Unsigned(number)) => Ok(Scalar::Float(number as f64)),
                _ => Err(ImpossibleTag),
            }
        }
        "binary" => {
            let packed: String = text.split_ascii_whitespace().collect();
            let bytes = STANDARD.decode(packed).map_err(|_| ImpossibleTag)?;
            Ok(Scalar::Text(SecretBytes::new(bytes)))
        }
        _ => Ok(string(text)),
    }
}

fn string(text: &str) -> Scalar {
    Scalar::text(text)
}

/// Reads a plain scalar without tag.
pub(crate) fn plain(text: &str, timestamps: bool) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'.') => dotted_float(text),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if timestamps && let Some(time) = time::from_plain_yaml(text) {
                return Scalar::Time(time);
            }
            let digits = text.replace('_', "");
            integer(&digits).or_else(|| float(&digits))
        }
        _ => None,
    };
    number.unwrap_or_else(|| string(text))
}

/// Whether a text, written plain, reads back as that same string.
pub(crate) fn plain_is_string(text: &str) -> bool {
    matches!(plain(text, true), Scalar::Text(_)) && text != "<<"
}

fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, body) = match prefix.as_deref() {
        Some("0x") => (16, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some(_) if digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if body.is_empty() || !body.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let size = i128::from_str_radix(body, radix).ok()?;
    let value = if negative { -size } else { size };
    if let Ok(value) = i64::try_from(value) {
        return Some(Scalar::Int(value));
    }
    let signed = text.starts_with(['+', '-']);
    u64::try_from(value)
        .ok()
        .filter(|_| !signed)
        .map(Scalar::Unsigned)
}

fn float(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    let valid = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !digits.is_empty() && all_digits(digits)
        });
    if !valid {
        return None;
    }
    finite(text)
}

/// A float that starts with a dot: underscores may stand between digits.
fn dotted_float(text: &str) -> Option<Scalar> {
    let digits = text.replace('_', "");
    text.as_bytes()
        .get(1)
        .is_some_and(u8::is_ascii_digit)
        .then(|| float(&digits))
        .flatten()
}

fn finite(text: &str) -> Option<Scalar> {
    text.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .map(Scalar::Float)
}

#[cfg(test)]
mod tests;
