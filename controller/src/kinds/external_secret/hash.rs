//! The marks on a Secret and in a status, exactly as the existing controllers write them (§7.4, §7.6):
//! SHA3-224 of the text in which Go prints a map. Pure.

use std::collections::BTreeMap;
use std::io::Write as _;

use api::names::external_secrets::FIELD_MANAGER_PREFIX;
use sha3::{Digest as _, Sha3_224};

use crate::secrets::Data;

/// The longest name that stands in a field manager as it is.
const LONGEST_NAME: usize = 63;

/// Returns the hash of a Secret's data.
pub(super) fn of_data(data: &Data) -> String {
    let mut hasher = Sha3_224::new();
    hasher.update(b"map[");
    for (index, (key, value)) in data.iter().enumerate() {
        if index > 0 {
            hasher.update(b" ");
        }
        hasher.update(key.as_bytes());
        hasher.update(b":[");
        // EXPOSE: the value is hashed byte by byte; no text of it is made.
        for (place, byte) in value.expose().iter().enumerate() {
            if place > 0 {
                hasher.update(b" ");
            }
            // A digest takes every write.
            let _ = write!(Decimal(&mut hasher), "{byte}");
        }
        hasher.update(b"]");
    }
    hasher.update(b"]");
    hex::encode(hasher.finalize())
}

/// Returns the mark of the ExternalSecret that made a Secret.
pub(super) fn of_maker(namespace: &str, name: &str) -> String {
    of_text(&format!("{namespace}/{name}"))
}

/// Returns which version of an ExternalSecret values were fetched for.
pub(super) fn version(
    generation: i64,
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> String {
    let text = format!(
        "{{annotations:{} labels:{}}}",
        printed(annotations),
        printed(labels)
    );
    format!("{generation}-{}", of_text(&text))
}

/// Returns the field manager of an ExternalSecret's Secret.
pub(super) fn field_manager(name: &str) -> String {
    if name.len() > LONGEST_NAME {
        format!("{FIELD_MANAGER_PREFIX}sha3/{}", of_text(name))
    } else {
        format!("{FIELD_MANAGER_PREFIX}{name}")
    }
}

fn of_text(text: &str) -> String {
    hex::encode(Sha3_224::digest(text.as_bytes()))
}

fn printed(map: &BTreeMap<String, String>) -> String {
    let entries: Vec<String> = map
        .iter()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    format!("map[{}]", entries.join(" "))
}

/// Feeds formatted numbers to a digest without a text in between.
struct Decimal<'a>(&'a mut Sha3_224);

impl std::io::Write for Decimal<'_> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.update(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secret_bytes::SecretBytes;

    use super::*;

    /// E-026: the published vectors.
    #[test]
    fn data_hash_is_the_existing_one() {
        assert_eq!(
            of_data(&Data::new()),
            "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"
        );
        let data = Data::from([(
            "foo".to_owned(),
            Arc::new(SecretBytes::from("bar".to_owned())),
        )]);
        assert_eq!(
            of_data(&data),
            "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36"
        );
    }

    /// Entries are separated, so that no two maps print alike by concatenation.
    #[test]
    fn data_hash_tells_keys_apart() {
        let one = |pairs: &[(&str, &str)]| {
            of_data(
                &pairs
                    .iter()
                    .map(|(key, value)| {
                        (
                            (*key).to_owned(),
                            Arc::new(SecretBytes::from((*value).to_owned())),
                        )
                    })
                    .collect(),
            )
        };
        assert_ne!(
            one(&[("a", "1"), ("b", "2")]),
            one(&[("a", "12"), ("b", "")])
        );
    }

    /// E-027.
    #[test]
    fn maker_is_the_existing_one() {
        assert_eq!(
            of_maker("default", "example"),
            "5b1224068cc3cca5aa3071e518838346f821fe1761229559d4959980"
        );
    }

    /// E-029.
    #[test]
    fn version_is_the_existing_one() {
        assert_eq!(
            version(1, &BTreeMap::new(), &BTreeMap::new()),
            "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2"
        );
    }

    /// E-041: any label or annotation is part of the version.
    #[test]
    fn version_changes_with_labels_and_annotations() {
        let some = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let none = BTreeMap::new();
        let versions = [
            version(1, &none, &none),
            version(1, &some, &none),
            version(1, &none, &some),
            version(2, &none, &none),
        ];
        let distinct: std::collections::BTreeSet<_> = versions.iter().collect();
        assert_eq!(distinct.len(), versions.len());
    }

    /// E-033: a long name is hashed.
    #[test]
    fn field_manager_holds_the_name_or_its_hash() {
        assert_eq!(
            field_manager("db"),
            "externalsecrets.external-secrets.io/db"
        );
        let long = field_manager(&"a".repeat(64));
        let hash = long
            .strip_prefix("externalsecrets.external-secrets.io/sha3/")
            .unwrap();
        assert_eq!(hash.len(), 56);
    }
}
