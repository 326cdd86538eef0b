use super::*;
use crate::tree::{Element, Entry, Node};
use crate::{
    AgeRecipient, AwsKmsKey, AzureKeyVaultKey, GcpKmsKey, HuaweiKmsKey, MasterKey, PgpKey,
    VaultTransitKey,
};

fn wrapped(key: MasterKey) -> WrappedKey {
    let created_at = match key {
        MasterKey::Age(_) => "",
        _ => "2024-01-02T03:04:05Z",
    };
    WrappedKey {
        key,
        enc: "wrapped".into(),
        created_at: created_at.into(),
    }
}

/// One of each kind, in the order in which a group is read.
fn every_kind() -> Vec<WrappedKey> {
    [
        MasterKey::AwsKms(AwsKmsKey {
            arn: "arn".into(),
            role: Some("role".into()),
            context: [("b".into(), "2".into()), ("a".into(), "1".into())].into(),
            aws_profile: None,
        }),
        MasterKey::GcpKms(GcpKmsKey {
            resource_id: "id".into(),
        }),
        MasterKey::HuaweiKms(HuaweiKmsKey {
            key_id: "region:uuid".into(),
        }),
        MasterKey::AzureKeyVault(AzureKeyVaultKey {
            vault_url: "https://h".into(),
            name: "n".into(),
            version: String::new(),
        }),
        MasterKey::VaultTransit(VaultTransitKey {
            vault_address: "http://v".into(),
            engine_path: "transit".into(),
            key_name: "k".into(),
        }),
        MasterKey::Pgp(PgpKey {
            fingerprint: "F".into(),
        }),
        MasterKey::Age(AgeRecipient {
            recipient: "age1".into(),
        }),
    ]
    .map(wrapped)
    .into()
}

fn metadata(groups: Vec<KeyGroup>) -> Metadata {
    Metadata {
        groups,
        shamir_threshold: 0,
        last_modified: "2024-01-02T03:04:05Z".into(),
        mac: "mac".into(),
        mac_scope: MacScope::AllValues,
        rule: SelectionRule::default(),
        version: FORMAT_VERSION.into(),
    }
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Pair { key, .. } => Some(key.text.clone()),
            Entry::Comment(_) => None,
        })
        .collect()
}

/// S-058, S-059, S-061, S-062
#[test]
fn every_kind_of_key_round_trips() {
    let written = metadata(vec![KeyGroup { keys: every_kind() }]).write();
    let listed = names(&written);
    assert!(listed.is_sorted(), "{listed:?}");
    assert!(!listed.contains(&"key_groups".to_owned()));
    let Some(Entry::Pair {
        value: Node::Sequence(kms),
        ..
    }) = written
        .iter()
        .find(|entry| matches!(entry, Entry::Pair { key, .. } if key.text == "kms"))
    else {
        panic!("no list of AWS keys");
    };
    let [Element::Node(Node::Mapping(fields))] = kms.as_slice() else {
        panic!("not one AWS key");
    };
    assert_eq!(
        names(fields),
        ["arn", "aws_profile", "context", "created_at", "enc", "role"]
    );
    let read = Metadata::read(Some(&Node::Mapping(written))).expect("reads");
    assert_eq!(read.groups[0].keys, every_kind());
}

/// S-063
#[test]
fn several_groups_have_a_list_of_their_own() {
    let pgp = wrapped(MasterKey::Pgp(PgpKey {
        fingerprint: "F".into(),
    }));
    let group = KeyGroup { keys: vec![pgp] };
    let written = metadata(vec![group.clone(), group.clone()]).write();
    let Some(Entry::Pair {
        value: Node::Sequence(groups),
        ..
    }) = written.first()
    else {
        panic!("no groups");
    };
    let Some(Element::Node(Node::Mapping(fields))) = groups.first() else {
        panic!("no group");
    };
    assert_eq!(names(fields), ["age", "hc_vault", "pgp"]);
    let read = Metadata::read(Some(&Node::Mapping(written))).expect("reads");
    assert_eq!(read.groups, [group.clone(), group]);
}

/// S-138
#[test]
fn keys_are_tried_in_the_wanted_order() {
    let group = KeyGroup { keys: every_kind() };
    let kinds = |order: &DecryptionOrder| -> Vec<KeyKind> {
        order
            .sorted(&group)
            .iter()
            .map(|key| key.key.kind())
            .collect()
    };
    assert_eq!(
        kinds(&DecryptionOrder::default())[..3],
        [KeyKind::Age, KeyKind::Pgp, KeyKind::AwsKms]
    );
    assert_eq!(kinds(&DecryptionOrder::as_written())[0], KeyKind::AwsKms);
}
