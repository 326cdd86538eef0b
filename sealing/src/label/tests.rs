use std::collections::BTreeMap;

use super::{CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION, ParseScope, Scope};

fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// K-007, K-008, K-009: what stands on the wire for each scope.
#[test]
fn label_holds_what_the_scope_binds() {
    assert_eq!(Scope::Strict.label("prod", "db").as_bytes(), b"prod/db");
    assert_eq!(Scope::NamespaceWide.label("prod", "db").as_bytes(), b"prod");
    assert_eq!(Scope::ClusterWide.label("prod", "db").as_bytes(), b"");
}

/// K-010
#[test]
fn cluster_wide_wins_over_namespace_wide() {
    let both = annotations(&[
        (NAMESPACE_WIDE_ANNOTATION, "true"),
        (CLUSTER_WIDE_ANNOTATION, "true"),
    ]);
    assert_eq!(Scope::from_annotations(&both), Scope::ClusterWide);
}

/// K-011
#[test]
fn only_the_exact_word_true_counts() {
    for value in ["TRUE", "True", "1", "", "yes", " true"] {
        let given = annotations(&[(CLUSTER_WIDE_ANNOTATION, value)]);
        assert_eq!(Scope::from_annotations(&given), Scope::Strict, "{value:?}");
    }
    let unknown = annotations(&[("sealedsecrets.bitnami.com/scope", "cluster-wide")]);
    assert_eq!(Scope::from_annotations(&unknown), Scope::Strict);
}

#[test]
fn names_of_scopes_are_read_and_written_alike() {
    for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
        assert_eq!(scope.to_string().parse(), Ok(scope));
    }
    assert_eq!("".parse(), Ok(Scope::Strict));
    assert_eq!("cluster".parse::<Scope>(), Err(ParseScope));
    assert_eq!(
        ParseScope.to_string(),
        "must be one of: strict, namespace-wide, cluster-wide"
    );
}
