use super::*;

fn aws(role: Option<&str>, context: &[(&str, &str)], profile: Option<&str>) -> MasterKey {
    MasterKey::AwsKms(AwsKmsKey {
        arn: "arn:k".into(),
        role: role.map(Into::into),
        context: context
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
        aws_profile: profile.map(Into::into),
    })
}

/// S-137
#[test]
fn identities_are_spelt_as_scripts_expect_them() {
    let vault = MasterKey::VaultTransit(VaultTransitKey {
        vault_address: "https://v:8200".into(),
        engine_path: "a/b".into(),
        key_name: "k".into(),
    });
    assert_eq!(vault.identity(), "https://v:8200/v1/a/b/keys/k");
    assert_eq!(aws(None, &[], None).identity(), "arn:k");
    assert_eq!(
        aws(Some("arn:r"), &[("b", "2"), ("a", "1")], None).identity(),
        "arn:k+arn:r|a:1,b:2"
    );
    assert_eq!(aws(None, &[], Some("dev")).identity(), "arn:k||dev");
    assert_eq!(aws(None, &[], Some("")).identity(), "arn:k");
}

/// S-138
#[test]
fn every_kind_is_found_by_its_name() {
    for kind in KeyKind::ALL {
        assert_eq!(KeyKind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(KeyKind::from_name("other"), None);
}
