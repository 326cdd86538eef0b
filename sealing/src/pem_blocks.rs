//! Finding PEM blocks in text that may hold anything else besides.
//!
//! As lenient as upstream: what is no well-formed block is passed over.

use pem::{EncodeConfig, LineEnding, Pem};

/// Returns the well-formed blocks of a text, in order.
pub(crate) fn blocks(text: &[u8]) -> Vec<Pem> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("-----BEGIN ") {
            block = Some(String::new());
        }
        let Some(open) = &mut block else { continue };
        open.push_str(line);
        open.push('\n');
        if line.starts_with("-----END ") {
            found.extend(pem::parse(open.as_bytes()));
            zeroize::Zeroize::zeroize(open);
            block = None;
        }
    }
    found
}

/// Writes one block with lines of 64 characters.
pub(crate) fn encode(kind: &str, contents: &[u8]) -> String {
    let block = Pem::new(kind, contents);
    pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests;
