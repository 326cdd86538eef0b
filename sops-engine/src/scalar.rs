//! Scalars and their byte form, which is both what is encrypted and what the MAC covers.

use secret_bytes::SecretBytes;

pub(crate) mod time;

/// A value without children, as every format sees it.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar {
    /// No value: never encrypted, never authenticated.
    Null,
    /// Text, or arbitrary bytes in binary files.
    Text(SecretBytes),
    /// A signed integer.
    Int(i64),
    /// An integer that only fits without a sign: files cannot hold it encrypted.
    Unsigned(u64),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// An instant, as RFC 3339 text with the offset it was written with.
    Time(String),
}

/// The `type` field of an encrypted value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Str,
    Int,
    Float,
    Bool,
    Time,
    Comment,
    Bytes,
}

impl ValueType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Time => "time",
            Self::Comment => "comment",
            Self::Bytes => "bytes",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "str" => Self::Str,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "time" => Self::Time,
            "comment" => Self::Comment,
            "bytes" => Self::Bytes,
            _ => return None,
        })
    }
}

impl Scalar {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(SecretBytes::from(text.into()))
    }

    /// Returns the `type` field under which this value is encrypted; `None` for what is not.
    pub(crate) fn value_type(&self) -> Option<ValueType> {
        match self {
            Self::Null | Self::Unsigned(_) => None,
            Self::Text(_) => Some(ValueType::Str),
            Self::Int(_) => Some(ValueType::Int),
            Self::Float(_) => Some(ValueType::Float),
            Self::Bool(_) => Some(ValueType::Bool),
            Self::Time(_) => Some(ValueType::Time),
        }
    }

    /// Returns the byte form; `None` for null.
    pub(crate) fn bytes(&self) -> Option<SecretBytes> {
        Some(match self {
            Self::Null => return None,
            Self::Text(text) => text.duplicate(),
            Self::Int(number) => number.to_string().into(),
            Self::Unsigned(number) => number.to_string().into(),
            Self::Float(number) => float_bytes(*number).into(),
            Self::Bool(true) => String::from("True").into(),
            Self::Bool(false) => String::from("False").into(),
            Self::Time(text) => text.clone().into(),
        })
    }

    /// Reads decrypted bytes; `None` when they are not a value of the type.
    pub(crate) fn from_plaintext(value_type: ValueType, bytes: SecretBytes) -> Option<Self> {
        if matches!(
            value_type,
            ValueType::Str | ValueType::Bytes | ValueType::Comment
        ) {
            return Some(Self::Text(bytes));
        }
        // EXPOSE: to read the number, boolean or instant that the plaintext spells.
        let text = bytes.expose_str().ok()?;
        match value_type {
            ValueType::Int => text.parse().ok().map(Self::Int),
            ValueType::Float => parse_float(text).map(Self::Float),
            ValueType::Bool => match text {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(Self::Bool(true)),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(Self::Bool(false)),
                _ => None,
            },
            ValueType::Time => time::normalise_rfc3339(text).map(Self::Time),
            ValueType::Str | ValueType::Bytes | ValueType::Comment => None,
        }
    }

    /// Returns a second copy.
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Text(text) => Self::Text(text.duplicate()),
            Self::Int(number) => Self::Int(*number),
            Self::Unsigned(number) => Self::Unsigned(*number),
            Self::Float(number) => Self::Float(*number),
            Self::Bool(flag) => Self::Bool(*flag),
            Self::Time(text) => Self::Time(text.clone()),
        }
    }
}

/// Shortest decimal that reads back the same, never with an exponent.
pub(crate) fn float_bytes(number: f64) -> String {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 { "+Inf" } else { "-Inf" }.into()
    } else {
        number.to_string()
    }
}

/// Shortest digits with an exponent outside `low..high`, at least `pad` exponent digits.
pub(crate) fn float_with_exponent(number: f64, low: i32, high: i32, pad: usize) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if number == 0.0 || (low..high).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:0pad$}", exponent.unsigned_abs())
}

/// Go's float syntax, as far as anything writes it: Rust's, plus signs and cases of the words.
fn parse_float(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests;
