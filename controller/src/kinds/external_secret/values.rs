//! From fetched bytes to values that may stand in a Secret (§9.3–9.6). Pure; errors name keys and
//! never values.

use std::sync::{Arc, LazyLock};

use api::external_secrets::{ConversionStrategy, DecodingStrategy, NullBytePolicy};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::Regex;
use secret_bytes::SecretBytes;

use crate::secrets::Data;

/// The longest key of a Secret.
const LONGEST_KEY: usize = 253;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// What may not stand in a key.
static UNFIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\p{L}\p{N}\-._]").ok());

/// A fetched value cannot stand in a Secret as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnfitValue {
    /// Two keys are the same after conversion.
    #[error("secret name collision during conversion: {key}")]
    Collision { key: String },
    /// A key has a character that no Secret takes.
    #[error(
        "key has invalid character {character}, only alphanumeric, '-', '.' and '_' are allowed: {key}"
    )]
    Character { key: String, character: String },
    /// A key is longer than a Secret takes.
    #[error("key has length {length} but max is {LONGEST_KEY}")]
    Length { length: usize },
    /// The text is not encoded as said.
    #[error("failure decoding key {key}: illegal {encoding} data")]
    Encoding { key: String, encoding: &'static str },
    /// A value holds a zero byte and may not.
    #[error("value of key {key} holds a null byte")]
    NullByte { key: String },
}

/// Makes keys fit for a Secret.
pub(super) fn converted(data: Data, strategy: ConversionStrategy) -> Result<Data, UnfitValue> {
    let mut fit = Data::new();
    for (key, value) in data {
        let key = converted_key(&key, strategy);
        if fit.contains_key(&key) {
            return Err(UnfitValue::Collision { key });
        }
        fit.insert(key, value);
    }
    Ok(fit)
}

fn converted_key(key: &str, strategy: ConversionStrategy) -> String {
    let Some(unfit) = &*UNFIT else {
        return key.to_owned();
    };
    let fit = unfit.replace_all(key, |found: &regex::Captures<'_>| match strategy {
        ConversionStrategy::Default => "_".to_owned(),
        ConversionStrategy::Unicode => found[0]
            .chars()
            .next()
            .map_or_else(String::new, |character| {
                format!("_U{:04x}_", u32::from(character))
            }),
    });
    fit.into_owned()
}

/// Drops empty keys and refuses those that no Secret takes.
pub(super) fn with_valid_keys(mut data: Data) -> Result<Data, UnfitValue> {
    data.remove("");
    for key in data.keys() {
        if key.len() > LONGEST_KEY {
            return Err(UnfitValue::Length { length: key.len() });
        }
        if let Some(found) = UNFIT.as_ref().and_then(|unfit| unfit.find(key)) {
            return Err(UnfitValue::Character {
                key: key.clone(),
                character: found.as_str().to_owned(),
            });
        }
    }
    Ok(data)
}

/// Decodes a value.
pub(super) fn decoded(
    key: &str,
    value: Arc<SecretBytes>,
    strategy: DecodingStrategy,
) -> Result<Arc<SecretBytes>, UnfitValue> {
    let failed = |encoding| UnfitValue::Encoding {
        key: key.to_owned(),
        encoding,
    };
    match strategy {
        DecodingStrategy::None => Ok(value),
        DecodingStrategy::Base64 => opened(&value, &BASE64).ok_or_else(|| failed("base64")),
        DecodingStrategy::Base64Url => {
            opened(&value, &BASE64_URL).ok_or_else(|| failed("base64url"))
        }
        DecodingStrategy::Auto => Ok(opened(&value, &BASE64)
            .or_else(|| opened(&value, &BASE64_URL))
            .unwrap_or(value)),
    }
}

/// COMPAT: line breaks inside the text do not count.
fn opened(value: &SecretBytes, engine: &GeneralPurpose) -> Option<Arc<SecretBytes>> {
    // EXPOSE: the decoded bytes go into the same type; the text without breaks is wiped.
    let text: Vec<u8> = value
        .expose()
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let text = SecretBytes::new(text);
    // EXPOSE: see above.
    let bytes = engine.decode(text.expose()).ok()?;
    Some(Arc::new(SecretBytes::new(bytes)))
}

/// Refuses zero bytes where they are not wanted.
pub(super) fn without_null_bytes(
    key: &str,
    value: &SecretBytes,
    policy: NullBytePolicy,
) -> Result<(), UnfitValue> {
    // EXPOSE: only whether there is such a byte leaves this function.
    if policy == NullBytePolicy::Fail && value.expose().contains(&0) {
        return Err(UnfitValue::NullByte {
            key: key.to_owned(),
        });
    }
    Ok(())
}

/// Returns a strategy's name as users write it.
pub(super) fn name_of(strategy: DecodingStrategy) -> &'static str {
    match strategy {
        DecodingStrategy::Auto => "Auto",
        DecodingStrategy::Base64 => "Base64",
        DecodingStrategy::Base64Url => "Base64URL",
        DecodingStrategy::None => "None",
    }
}

#[cfg(test)]
mod tests;
