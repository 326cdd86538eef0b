use super::*;

const CONFIG: &str = "\
creation_rules:
  - path_regex: \\.dev\\.yaml$
    age: age1a, age1b ,
    encrypted_regex: ^data$
    mac_only_encrypted: true
  - path_regex: groups/
    shamir_threshold: 2
    age: ignored
    key_groups:
      - merge:
          - age: [age1m]
        age: [age1m, 'age1x,age1y']
        kms:
          - arn: arn:aws:kms:r:1:key/k
            role: arn:aws:iam::1:role/r
            context: {env: prod}
            aws_profile: p
      - hc_vault: ['http://v/v1/transit/keys/k']
  - age: [age1rest]
    pgp: 'AB CD'
stores:
  json: {indent: 2}
  yaml: {indent: 2}
";

fn rule(path: &str) -> CreationRule {
    let config = Config::parse(CONFIG).expect("valid");
    config
        .rule_for(path, &AwsKeyOptions::default())
        .expect("a rule applies")
        .expect("there are rules")
}

fn identities(rule: &CreationRule) -> Vec<Vec<String>> {
    let of_group = |group: &Vec<MasterKey>| group.iter().map(MasterKey::identity).collect();
    rule.groups.iter().map(of_group).collect()
}

/// S-175, S-176, S-177, S-180
#[test]
fn the_first_rule_that_matches_applies() {
    let dev = rule("a.dev.yaml");
    assert_eq!(identities(&dev), [["age1a", "age1b"]]);
    assert_eq!(dev.rule.expect("a rule").text(), "^data$");
    assert_eq!(dev.mac_scope, MacScope::EncryptedValues);
    assert_eq!(identities(&rule("else.yaml")), [["age1rest", "ABCD"]]);
}

/// S-178, S-179
#[test]
fn groups_merge_without_repeating_keys() {
    let groups = rule("groups/a.yaml");
    assert_eq!(groups.shamir_threshold, 2);
    assert_eq!(
        identities(&groups),
        [
            vec![
                "age1m",
                "age1x",
                "age1y",
                "arn:aws:kms:r:1:key/k+arn:aws:iam::1:role/r|env:prod|p"
            ],
            vec!["http://v/v1/transit/keys/k"],
        ]
    );
}

/// S-176, S-183
#[test]
fn mistakes_are_named_by_field_and_line() {
    let error = |text: &str| {
        Config::parse(text)
            .and_then(|config| config.rule_for("a", &AwsKeyOptions::default()))
            .expect_err("a mistake")
            .to_string()
    };
    assert_eq!(
        error("creation_rules: []\n"),
        "error loading config: no matching creation rules found"
    );
    assert!(
        error("creation_rules:\n  - path_regex: '('\n").starts_with(
            "creation_rules[0].path_regex (line 2): is not a valid regular expression"
        )
    );
    assert_eq!(
        error("creation_rules:\n  - age:\n      - [x]\n"),
        "creation_rules[0].age (line 3): invalid age key configuration: expected text"
    );
    assert_eq!(
        error("creation_rules:\n  - encrypted_regex: '['\n"),
        "creation_rules[0] has an invalid selection rule"
    );
    assert_eq!(
        error("creation_rules:\n  - encrypted_regex: a\n    encrypted_suffix: b\n"),
        "creation_rules[0] has an invalid selection rule"
    );
}

/// S-184, S-185
#[test]
fn stores_set_indents_and_unknown_fields_do_not_matter() {
    let config = Config::parse(CONFIG).expect("valid");
    assert_eq!(config.indents().yaml, 2);
    assert_eq!(config.indents().json, JsonIndent::Blanks(2));
    let text = "x: &k age1z\nunknown: 1\ncreation_rules:\n  - age: *k\n    odd: 1\n";
    let config = Config::parse(text).expect("valid");
    let rule = config.rule_for("f", &AwsKeyOptions::default());
    assert_eq!(
        identities(&rule.expect("valid").expect("a rule")),
        [["age1z"]]
    );
}
