use super::*;

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str]) -> ResourceRule {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ResourceRule {
        verbs: list(verbs),
        api_groups: Some(list(groups)),
        resources: Some(list(resources)),
        resource_names: None,
    }
}

/// E-157: reading Secrets of the core group is what counts.
#[test]
fn only_rules_for_reading_secrets_count() {
    assert!(allows_reading(&rule(&["get"], &[""], &["secrets"])));
    assert!(allows_reading(&rule(&["*"], &["*"], &["*"])));
    assert!(!allows_reading(&rule(&["list"], &[""], &["secrets"])));
    assert!(!allows_reading(&rule(&["get"], &["apps"], &["secrets"])));
    assert!(!allows_reading(&rule(&["get"], &[""], &["configmaps"])));
}
