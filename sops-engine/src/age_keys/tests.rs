use age::secrecy::ExposeSecret;

use super::*;
use crate::test_support::{data_key, now, rng};
use crate::{AgeRecipient, DecryptionOrder, KeyGroup, Metadata, unwrap_data_key, wrap_data_key};

fn recipient(identity: &age::x25519::Identity) -> MasterKey {
    MasterKey::Age(AgeRecipient {
        recipient: identity.to_public().to_string(),
    })
}

fn text_of(identity: &age::x25519::Identity) -> String {
    identity.to_string().expose_secret().to_owned()
}

fn wrapped(key: MasterKey) -> WrappedKey {
    let enc = now(AgeKeyService::new().wrap(&key, &data_key())).expect("wraps");
    WrappedKey {
        key,
        enc,
        created_at: String::new(),
    }
}

fn service(text: &str) -> AgeKeyService {
    AgeKeyService::from_identities(&text.to_owned().into(), "a test").expect("identities")
}

/// S-140, S-141, S-145
#[test]
fn one_of_several_identities_unwraps() {
    let (mine, other) = (
        age::x25519::Identity::generate(),
        age::x25519::Identity::generate(),
    );
    let wrapped = wrapped(recipient(&mine));
    assert!(
        wrapped
            .enc
            .starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n")
    );
    assert!(wrapped.enc.ends_with("-----END AGE ENCRYPTED FILE-----\n"));
    let text = format!("# comment\n\n{} {}\n", text_of(&other), text_of(&mine));
    let data_key_again = now(service(&text).unwrap(&wrapped)).expect("unwraps");
    assert_eq!(data_key_again, data_key());
    let error = now(service(&text_of(&other)).unwrap(&wrapped)).expect_err("another's");
    assert!(
        matches!(error, KeyServiceError::NoIdentity { .. }),
        "{error}"
    );
}

/// S-151
#[test]
fn a_failure_names_the_sources() {
    let mine = age::x25519::Identity::generate();
    let mut service = AgeKeyService::new();
    service.note_absent("SOPS_AGE_KEY");
    service.note_broken("SOPS_AGE_KEY_FILE", "no such file");
    let error = now(service.unwrap(&wrapped(recipient(&mine)))).expect_err("nothing there");
    let text = error.to_string();
    assert!(
        text.contains("failed to read SOPS_AGE_KEY_FILE: no such file"),
        "{text}"
    );
    assert!(
        text.contains("Did not find keys in location(s) 'SOPS_AGE_KEY'"),
        "{text}"
    );
}

#[test]
fn what_is_no_identity_is_refused_without_its_text() {
    for text in [
        "hunter2",
        "-----BEGIN AGE ENCRYPTED FILE-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nx",
    ] {
        let error = AgeKeyService::from_identities(&text.to_owned().into(), "the file")
            .err()
            .expect("refused");
        assert!(error.to_string().starts_with("failed to read the file: "));
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[test]
fn what_is_no_recipient_is_refused() {
    for text in ["age1", "age1yubikey1q", "someone", "ssh-dss AAAA"] {
        let key = MasterKey::Age(AgeRecipient {
            recipient: text.into(),
        });
        let error = now(AgeKeyService::new().wrap(&key, &data_key())).expect_err("refused");
        assert!(
            matches!(error, KeyServiceError::Malformed { .. }),
            "{text}: {error}"
        );
    }
}

fn metadata(groups: Vec<KeyGroup>, shamir_threshold: usize) -> Metadata {
    Metadata {
        groups,
        shamir_threshold,
        last_modified: "2024-01-02T03:04:05Z".into(),
        mac: String::new(),
        mac_scope: crate::MacScope::AllValues,
        rule: crate::SelectionRule::default(),
        version: crate::FORMAT_VERSION.into(),
    }
}

/// S-025, S-081, S-082, S-139
#[test]
fn groups_share_the_data_key() {
    let identities: Vec<_> = (0..3).map(|_| age::x25519::Identity::generate()).collect();
    let groups: Vec<Vec<MasterKey>> = identities.iter().map(|i| vec![recipient(i)]).collect();
    let wrap = |groups: &[Vec<MasterKey>], threshold| {
        let service = AgeKeyService::new();
        now(wrap_data_key(
            &data_key(),
            groups,
            threshold,
            &service,
            "2024-01-02T03:04:05Z",
            &mut rng(),
        ))
    };
    let shared = metadata(wrap(&groups, 2).expect("wraps"), 2);
    let open = |metadata: &Metadata, texts: &[&age::x25519::Identity]| {
        let texts: Vec<String> = texts.iter().map(|identity| text_of(identity)).collect();
        let service = service(&texts.join("\n"));
        now(unwrap_data_key(
            metadata,
            &service,
            &DecryptionOrder::default(),
        ))
    };
    let two = open(&shared, &[&identities[0], &identities[2]]).expect("two are enough");
    assert_eq!(two, data_key());
    let one = open(&shared, &[&identities[1]]).expect_err("one is not");
    assert_eq!(
        (one.recovered(), one.threshold(), one.groups().len()),
        (1, 2, 3)
    );
    let only = metadata(wrap(&groups[..1], 7).expect("wraps"), 7);
    assert_eq!(
        open(&only, &[&identities[0]]).expect("no shares"),
        data_key()
    );
    assert!(wrap(&[Vec::new()], 0).is_err());
    let bad = MasterKey::Age(AgeRecipient {
        recipient: "bad".into(),
    });
    assert!(wrap(&[vec![recipient(&identities[0]), bad]], 0).is_err());
}
