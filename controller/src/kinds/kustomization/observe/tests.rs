use cluster::Identity;
use serde_json::json;

use super::{identity, stay_home};
use crate::kinds::kustomization::parse;

/// G-208: without an account of its own a unit has the default one's rights, never ours; its
/// deletion as well.
#[test]
fn default_account_stands_in_for_a_missing_one() {
    let unit = |spec: serde_json::Value| {
        let mut object = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "apps", "namespace": "team-a"},
            "spec": {"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "infra"}},
        });
        for (field, value) in spec.as_object().unwrap() {
            object["spec"][field] = value.clone();
        }
        parse::to_delete(&serde_json::from_value(object).unwrap())
    };
    let account = |name: &str| Identity::ServiceAccount {
        namespace: "team-a".to_owned(),
        name: name.to_owned(),
    };
    let (plain, named) = (
        unit(json!({})),
        unit(json!({"serviceAccountName": "deployer"})),
    );
    assert_eq!(identity(&plain, None), Identity::Own);
    assert_eq!(identity(&plain, Some("default")), account("default"));
    assert_eq!(identity(&named, Some("default")), account("deployer"));
}

/// A path that cannot be built does not keep a deleted object from going away.
#[test]
fn unit_that_cannot_be_built_can_be_deleted() {
    let object = serde_json::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "team-a"},
        "spec": {
            "interval": "5m", "prune": true, "path": "../../etc",
            "sourceRef": {"kind": "GitRepository", "name": "infra"},
        },
    }))
    .unwrap();
    assert!(parse::parse(&object).is_err());
    assert_eq!(parse::to_delete(&object).id.name, "apps");
}

/// I8: with the flag, nothing leads out of the unit's namespace, named or not.
#[test]
fn references_to_other_namespaces_are_refused_by_the_flag() {
    let wanted = |source: &str, dependency: &str| {
        let object = serde_json::from_value(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "apps", "namespace": "team-a"},
            "spec": {
                "interval": "5m", "prune": true,
                "sourceRef": {"kind": "GitRepository", "name": "infra", "namespace": source},
                "dependsOn": [{"name": "base"}, {"name": "other", "namespace": dependency}],
            },
        }));
        parse::parse(&object.unwrap()).unwrap()
    };
    stay_home(&wanted("team-a", "team-a")).unwrap();
    for (source, dependency, named) in [
        ("team-b", "team-a", "team-b/infra"),
        ("team-a", "team-b", "dependency 'team-b/other'"),
    ] {
        let error = stay_home(&wanted(source, dependency)).unwrap_err();
        assert_eq!(error.reason(), "AccessDenied");
        assert!(error.to_string().contains("another namespace"), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}
