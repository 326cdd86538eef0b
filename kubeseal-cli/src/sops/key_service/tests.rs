use jiff::Timestamp;
use sops_engine::{AwsKeyOptions, KeyKind, MasterKey};

use super::Services;
use crate::Environment;

fn services(kind: KeyKind, key: &str) -> Services {
    let environment = Environment {
        variables: Vec::new(),
        directory: "/nonexistent".into(),
        now: Timestamp::UNIX_EPOCH,
    };
    let key = MasterKey::parse(kind, key, &AwsKeyOptions::default()).unwrap();
    Services::for_keys(std::iter::once(&key), &environment).unwrap()
}

#[test]
fn age_alone_starts_no_runtime() {
    let recipient = "age1recipient";
    let services = services(KeyKind::Age, recipient);
    assert!(services.runtime.is_none());
    assert_eq!(services.run(async { 1 }), 1);
}

#[test]
fn key_of_a_service_gets_a_runtime() {
    let uri = "https://vault.example.com/v1/transit/keys/app";
    let services = services(KeyKind::VaultTransit, uri);
    assert!(services.runtime.is_some());
}
