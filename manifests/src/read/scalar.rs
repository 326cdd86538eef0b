//! What a scalar means, as measured on `kubectl`'s and kustomize's YAML readers.

use serde_json::{Number, Value};

use super::{Dialect, Problem, timestamp};

/// The tag of a scalar, as far as it changes its meaning.
#[derive(Clone, Debug)]
pub(super) enum Tag {
    /// No tag; the text and its style decide.
    None,
    /// The non-specific tag `!`.
    NonSpecific,
    /// A tag of the YAML namespace: `str`, `int`, `binary`, …
    Yaml(String),
    /// A tag of someone else's, which makes the scalar text.
    Other,
}

/// Returns the value of a scalar.
pub(super) fn resolve(
    text: &str,
    plain: bool,
    tag: &Tag,
    dialect: Dialect,
) -> Result<Value, Problem> {
    let string = || Value::String(text.to_owned());
    let wanted = match tag {
        Tag::None if plain => return untagged(text, dialect),
        // COMPAT: `! 5` is text for kubectl and a number for kustomize.
        Tag::NonSpecific if plain && dialect == Dialect::Kustomize => {
            return untagged(text, dialect);
        }
        Tag::None | Tag::NonSpecific | Tag::Other => return Ok(string()),
        Tag::Yaml(name) => name.as_str(),
    };
    let misfit = || Problem::Tag {
        tag: format!("!!{wanted}"),
    };
    let resolved = untagged(text, dialect);
    match wanted {
        "null" if matches!(resolved, Ok(Value::Null)) => Ok(Value::Null),
        "bool" => resolved.ok().filter(Value::is_boolean).ok_or_else(misfit),
        "int" => resolved
            .ok()
            .filter(|value| value.is_i64() || value.is_u64())
            .ok_or_else(misfit),
        "float" => resolved.and_then(|value| {
            if value.is_number() {
                Ok(value)
            } else {
                Err(misfit())
            }
        }),
        "timestamp" if dialect == Dialect::Kustomize => timestamp::normalised(text)
            .map(Value::String)
            .ok_or_else(misfit),
        "binary" => binary(text).map(Value::String).ok_or_else(misfit),
        "null" => Err(misfit()),
        _ => Ok(string()),
    }
}

/// Returns the text of a key, or `None` when the dialect does not take it.
pub(super) fn key(value: Value, dialect: Dialect) -> Option<String> {
    match (value, dialect) {
        (Value::String(text), _) => Some(text),
        (Value::Bool(flag), Dialect::Kubectl) => Some(flag.to_string()),
        (Value::Number(number), Dialect::Kubectl) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns a float as JSON readers of the tools hold it: without a fraction it is an integer.
pub(super) fn float(number: f64) -> Result<Value, Problem> {
    // The bounds are the largest doubles below 2^63, so the conversion is exact.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction and the range are checked"
    )]
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        return Ok(Value::Number((number as i64).into()));
    }
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or(Problem::Number)
}

fn untagged(text: &str, dialect: Dialect) -> Result<Value, Problem> {
    let Some(first) = text.bytes().next() else {
        return Ok(Value::Null);
    };
    if let Some(word) = word(text, dialect) {
        return Ok(word);
    }
    match first {
        b'.' => match text {
            ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN" => Err(Problem::Number),
            _ => finite(text).map_or_else(|| Ok(Value::String(text.to_owned())), float),
        },
        b'+' | b'-' | b'0'..=b'9' => number(text, dialect),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn word(text: &str, dialect: Dialect) -> Option<Value> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        // COMPAT: YAML 1.1's words are booleans for kubectl and text for kustomize.
        _ if dialect == Dialect::Kustomize => None,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(Value::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn number(text: &str, dialect: Dialect) -> Result<Value, Problem> {
    if matches!(
        text,
        "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF"
    ) {
        return Err(Problem::Number);
    }
    // COMPAT: kustomize turns dates into RFC 3339 times.
    if dialect == Dialect::Kustomize
        && let Some(time) = timestamp::normalised(text)
    {
        return Ok(Value::String(time));
    }
    let digits = text.replace('_', "");
    if let Some(integer) = integer(&digits) {
        return Ok(Value::Number(integer));
    }
    match finite(&digits) {
        Some(number) => float(number),
        None => Ok(Value::String(text.to_owned())),
    }
}

/// Reads an integer with an optional sign and a base prefix; a leading zero alone means octal.
fn integer(digits: &str) -> Option<Number> {
    let (negative, magnitude) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let lower = magnitude.to_ascii_lowercase();
    let (base, body) = if let Some(body) = lower.strip_prefix("0x") {
        (16, body)
    } else if let Some(body) = lower.strip_prefix("0o") {
        (8, body)
    } else if let Some(body) = lower.strip_prefix("0b") {
        (2, body)
    } else if let Some(body) = lower.strip_prefix('0').filter(|body| !body.is_empty()) {
        (8, body)
    } else {
        (10, lower.as_str())
    };
    if body.is_empty() || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(body, base).ok()?;
    if !negative {
        return Some(magnitude.into());
    }
    0i64.checked_sub_unsigned(magnitude).map(Number::from)
}

/// Reads a decimal number with an optional fraction and exponent; `None` when it is none or overflows.
fn finite(digits: &str) -> Option<f64> {
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_decimal = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let body = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !body.is_empty() && all_digits(body)
        });
    if !is_decimal {
        return None;
    }
    digits
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
}

/// Decodes base64 with line breaks in it, when the result is text.
fn binary(text: &str) -> Option<String> {
    use base64::Engine as _;
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .ok()?;
    String::from_utf8(bytes).ok()
}
