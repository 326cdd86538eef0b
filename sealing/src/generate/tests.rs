use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use x509_parser::extensions::ParsedExtension;
use x509_parser::parse_x509_certificate;

use super::{GenerateKey, GenerateOptions, generate};
use crate::pem_blocks;
use crate::sealing_key::read_private_keys;

fn now() -> Timestamp {
    "2026-01-02T03:04:05.678Z".parse().unwrap()
}

fn options(bits: usize, common_name: &str) -> GenerateOptions {
    GenerateOptions {
        bits,
        common_name: common_name.to_owned(),
        validity: SignedDuration::from_hours(24),
    }
}

/// K-022, K-029, K-030
#[test]
fn certificate_has_the_attributes_of_upstream() {
    let made = generate(&options(2048, ""), now(), &mut StdRng::seed_from_u64(1)).unwrap();
    let document = pem_blocks::blocks(made.certificate_pem.as_bytes())
        .remove(0)
        .into_contents();
    let (_, certificate) = parse_x509_certificate(&document).unwrap();
    assert_eq!(certificate.version().0, 2);
    assert_eq!(
        certificate.signature_algorithm.algorithm.to_id_string(),
        "1.2.840.113549.1.1.11"
    );
    assert_eq!(certificate.subject().iter().count(), 0);
    assert_eq!(certificate.issuer(), certificate.subject());
    assert!(certificate.raw_serial().len() <= 17);
    assert_ne!(certificate.raw_serial()[0] & 0x80, 0x80);
    let sealing = made.key.sealing_certificate().unwrap();
    assert_eq!(sealing.not_before().to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(sealing.not_after().to_string(), "2026-01-03T03:04:05Z");
    assert_eq!(sealing.public_key().bits(), 2048);

    let usage = certificate.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.encipher_only());
    assert_eq!(usage.value.flags.count_ones(), 1);
    let constraints = certificate.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, None);
    let other = certificate.extensions().iter().any(|extension| {
        !matches!(
            extension.parsed_extension(),
            ParsedExtension::KeyUsage(_)
                | ParsedExtension::BasicConstraints(_)
                | ParsedExtension::SubjectKeyIdentifier(_)
        )
    });
    assert!(!other);
}

/// K-022: the private key is written as PKCS#1, unencrypted.
#[test]
fn private_key_is_one_pkcs1_block() {
    let made = generate(&options(2048, ""), now(), &mut StdRng::seed_from_u64(1)).unwrap();
    let blocks = pem_blocks::blocks(made.private_pem.expose());
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].tag(), "RSA PRIVATE KEY");
    let read = read_private_keys(made.private_pem.expose()).unwrap();
    assert_eq!(read[0].fingerprint(), made.key.fingerprint());
}

/// K-030
#[test]
fn common_name_is_subject_and_issuer() {
    let made = generate(
        &options(2048, "seal me"),
        now(),
        &mut StdRng::seed_from_u64(1),
    )
    .unwrap();
    let document = pem_blocks::blocks(made.certificate_pem.as_bytes())
        .remove(0)
        .into_contents();
    let (_, certificate) = parse_x509_certificate(&document).unwrap();
    assert_eq!(certificate.subject().to_string(), "CN=seal me");
    assert_eq!(certificate.issuer().to_string(), "CN=seal me");
}

#[test]
fn size_out_of_range_is_refused() {
    for bits in [0, 1024, 2047, 8193] {
        let made = generate(&options(bits, ""), now(), &mut StdRng::seed_from_u64(1));
        assert!(matches!(made, Err(GenerateKey::Size { .. })), "{bits}");
    }
}

#[test]
fn default_is_that_of_upstream() {
    let default = GenerateOptions::default();
    assert_eq!(default.bits, 4096);
    assert_eq!(default.validity.as_hours(), 87_600);
    assert_eq!(default.common_name, "");
}
