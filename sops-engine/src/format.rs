//! The formats of files, and how an encrypted file of each is told from a plain one.

use serde_json::Value;

use crate::cipher::looks_encrypted;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML, also of several documents.
    Yaml,
    /// JSON with an object at the top.
    Json,
    /// `KEY=value` lines.
    Dotenv,
    /// INI sections.
    Ini,
    /// Anything else, as bytes.
    Binary,
}

impl Format {
    /// Returns the format that a file's name stands for; unknown names are binary.
    pub fn from_path(path: &str) -> Self {
        const SUFFIXES: [(&str, Format); 5] = [
            (".yaml", Format::Yaml),
            (".yml", Format::Yaml),
            (".json", Format::Json),
            (".env", Format::Dotenv),
            (".ini", Format::Ini),
        ];
        SUFFIXES
            .into_iter()
            .find(|(suffix, _)| path.ends_with(suffix))
            .map_or(Self::Binary, |(_, format)| format)
    }

    /// Returns the format of this name, as `--input-type` takes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "yaml" => Self::Yaml,
            "json" => Self::Json,
            "dotenv" => Self::Dotenv,
            "ini" => Self::Ini,
            "binary" => Self::Binary,
            _ => return None,
        })
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Binary => "binary",
        }
    }
}

/// Whether a file carries the mark of an encrypted file of this format. Cheap, and no proof.
pub fn is_encrypted(format: Format, bytes: &[u8]) -> bool {
    let has = |mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    match format {
        // A document in flow style, as JSON is, carries the mark of JSON.
        Format::Yaml => has(b"mac: ENC[") || json_mark(bytes),
        Format::Json | Format::Binary => json_mark(bytes),
        Format::Dotenv => has(b"sops_mac=ENC["),
        Format::Ini => has(b"[sops]"),
    }
}

/// `"mac"`, a colon with any blanks, `"ENC[`.
fn json_mark(bytes: &[u8]) -> bool {
    let key = b"\"mac\"";
    bytes
        .windows(key.len())
        .enumerate()
        .filter(|(_, window)| window == key)
        .any(|(at, _)| {
            let rest = bytes.get(at + key.len()..).unwrap_or_default();
            rest.trim_ascii_start()
                .strip_prefix(b":")
                .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"ENC["))
        })
}

/// Whether an object is encrypted: it has a top-level `sops` mapping with a MAC.
pub fn is_encrypted_object(object: &Value) -> bool {
    object
        .pointer("/sops/mac")
        .and_then(Value::as_str)
        .is_some_and(|mac| !mac.is_empty())
}

/// Whether a text is an encrypted value that was left as it is.
pub fn is_encrypted_value(text: &str) -> bool {
    looks_encrypted(text.as_bytes())
}

#[cfg(test)]
mod tests;
