use super::*;
use crate::test_support::{data_key, encryption, rng, with_rule};
use crate::{EncryptedFile, RuleKind};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/yaml/valid");

fn encrypted(plain: &str, encryption: &Encryption) -> String {
    let bytes = encrypt(
        plain.as_bytes(),
        Format::Yaml,
        Format::Yaml,
        encryption,
        &data_key(),
        &mut rng(),
    )
    .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
    String::from_utf8(bytes).expect("UTF-8")
}

fn decrypted(sealed: &[u8]) -> String {
    let file = EncryptedFile::parse(Format::Yaml, sealed).expect("reads");
    let verified = file.decrypt(&data_key()).expect("decrypts");
    assert!(verified.warnings().is_empty(), "{:?}", verified.warnings());
    let plain = verified.to_bytes(Format::Yaml).expect("writes");
    plain.expose_str().expect("UTF-8").to_owned()
}

/// Bytes of the vectors survive but for what ciphertext cannot remember.
#[test]
fn bytes_of_the_vectors_survive() {
    let mut names: Vec<_> = std::fs::read_dir(VECTORS)
        .expect("vectors")
        .map(|entry| entry.expect("entry").path())
        .collect();
    names.sort();
    let mut report = String::new();
    for path in names {
        let name = path
            .file_name()
            .expect("name")
            .to_string_lossy()
            .into_owned();
        let plain = std::fs::read(&path).expect("readable");
        let result = encrypt(
            &plain,
            Format::Yaml,
            Format::Yaml,
            &encryption(),
            &data_key(),
            &mut rng(),
        );
        let sealed = match result {
            Ok(sealed) => sealed,
            Err(error) => {
                report.push_str(&format!(
                    "#### {name}: {error}: {:?}\n",
                    std::error::Error::source(&error)
                ));
                continue;
            }
        };
        let back = decrypted(&sealed);
        if back.as_bytes() != &*plain {
            report.push_str(&format!(
                "#### {name}\n{}\n---- became\n{back}\n",
                String::from_utf8_lossy(&plain)
            ));
        }
    }
    println!("{report}");
}
