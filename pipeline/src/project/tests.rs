use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fixtures::id;

fn project(name: &str, spec: &Value) -> AppProject {
    AppProject::new(name, serde_json::from_value(spec.clone()).unwrap())
}

fn policy(spec: &Value) -> Policy {
    Policy::of(Some(&project("frontend", spec)))
}

fn to(namespace: &str) -> ApplicationDestination {
    ApplicationDestination {
        server: Some("https://kubernetes.default.svc".to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ApplicationDestination::default()
    }
}

fn object(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
    ObjectId::new(manifests::GroupKind::new(group, kind), namespace, name)
}

/// The project of a team: one repository, the team's own namespaces.
fn frontend() -> Policy {
    policy(&json!({
        "sourceRepos": ["https://github.com/myorg/gitops-repo.git"],
        "destinations": [
            {"server": "https://kubernetes.default.svc", "namespace": "frontend"},
            {"server": "https://kubernetes.default.svc", "namespace": "frontend-staging"},
        ],
        "clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "frontend*"}],
    }))
}

#[test]
fn project_nobody_made_permits_everything() {
    let policy = Policy::of(None);
    assert_eq!(policy.source("https://anywhere.example.com/x"), Ok(()));
    assert_eq!(policy.destination(&to("anywhere")), Ok(()));
    let role = object("rbac.authorization.k8s.io", "ClusterRole", None, "x");
    assert_eq!(policy.object(&role, Some(Scope::Cluster)), Ok(()));
    assert!(policy.home("team").is_err(), "but it lets nobody else in");
}

#[test]
fn empty_project_permits_nothing() {
    let policy = policy(&json!({}));
    assert!(policy.source("https://anywhere.example.com/x").is_err());
    assert!(policy.destination(&to("anywhere")).is_err());
}

/// G-133
#[test]
fn team_cannot_deploy_to_another_team_s_namespace() {
    let policy = frontend();
    assert_eq!(policy.destination(&to("frontend")), Ok(()));
    assert_eq!(
        policy.destination(&to("backend")).unwrap_err(),
        "application destination server 'https://kubernetes.default.svc' and namespace 'backend' do \
         not match any of the allowed destinations in project 'frontend'"
    );
    // Not through an object that names the namespace itself, either.
    let config = id("ConfigMap", "backend", "x");
    assert_eq!(
        policy.object(&config, Some(Scope::Namespaced)).unwrap_err(),
        "namespace backend is not permitted in project 'frontend'"
    );
}

/// G-131: with or without `.git`, whatever the case of the host.
#[test]
fn repository_is_compared_as_it_is_reached() {
    let policy = frontend();
    for url in [
        "https://github.com/myorg/gitops-repo.git",
        "https://GitHub.com/myorg/gitops-repo",
        "https://github.com/myorg/gitops-repo/",
    ] {
        assert_eq!(policy.source(url), Ok(()), "{url}");
    }
    assert_eq!(
        policy
            .source("https://github.com/myorg/other.git")
            .unwrap_err(),
        "application repo https://github.com/myorg/other.git is not permitted in project 'frontend'"
    );
    assert!(
        policy
            .source("https://github.com/MyOrg/gitops-repo")
            .is_err()
    );
    assert_eq!(
        repository("git@Host.example.com:Team/a.git"),
        "git@host.example.com:Team/a"
    );
}

/// G-131: what is refused cannot be had under another spelling.
#[test]
fn refusal_holds_for_every_spelling_of_a_repository() {
    let policy = policy(&json!({
        "sourceRepos": ["*", "!https://git.example.com/team/secret", "!git@git.example.com:ops/*"],
    }));
    for url in [
        "https://git.example.com/team/secret.git",
        "https://git.example.com/Team/Secret",
        "https://user@git.example.com/team/secret",
        "https://git.example.com:443/team/secret",
        "https://git.example.com//team//secret/",
        "https://git.example.com/team/secret/.git",
        "https://git.example.com/team/%73ecret",
        "https://git.example.com/team/secret.gi%74",
        "git@git.example.com:ops/deploy.git",
        "ssh://git@git.example.com/ops/deploy",
        "ssh://other@git.example.com:22/ops/deploy.git",
        "other@GIT.example.com:ops/deploy",
    ] {
        assert!(policy.source(url).is_err(), "{url}");
    }
    for url in [
        "https://git.example.com/team/secrets",
        "https://git.example.com/team/secret/more",
        "https://git.example.com:8443/team/secret",
        "https://git.example.org/team/secret",
        "https://dev.azure.com/org/My%20Project/_git/app",
        "git@git.example.com:dev/deploy.git",
    ] {
        assert_eq!(policy.source(url), Ok(()), "{url}");
    }
}

/// I1: a refusal goes to a status and a log, and a password that stands in a URL does not.
#[test]
fn refusal_shows_no_password() {
    let policy = frontend();
    for url in [
        "https://bot:s3cret@git.example.com/team/app",
        "https://bot:s3/cr3t@git.example.com/team/app?x",
    ] {
        let text = policy.source(url).unwrap_err();
        assert!(text.contains("https://git.example.com/team/app"), "{text}");
        assert!(!text.contains("s3"), "{text}");
    }
}

/// G-131: globs allow, `!` refuses and wins, and refusing alone allows nothing.
#[test]
fn refusing_patterns_win() {
    let policy = policy(&json!({
        "sourceRepos": ["https://git.example.com/team/*", "!https://git.example.com/team/legacy"],
        "destinations": [
            {"server": "*", "namespace": "team-*"},
            {"server": "*", "namespace": "!team-prod"},
            {"name": "in-cluster", "namespace": "shared"},
        ],
    }));
    let source = |name: &str| policy.source(&format!("https://git.example.com/{name}"));
    assert!(source("team/new").is_ok());
    assert!(source("team/legacy.git").is_err());
    assert!(source("team/deep/er").is_err(), "* ends at a slash");
    assert!(source("other/new").is_err());
    assert!(policy.destination(&to("team-dev")).is_ok());
    assert!(policy.destination(&to("team-prod")).is_err());
    assert!(policy.destination(&to("shared")).is_ok());
    assert!(policy.destination(&to("kube-system")).is_err());
    let refusing = Policy::of(Some(&project(
        "p",
        &json!({"sourceRepos": ["!https://bad"], "destinations":
            [{"server": "*", "namespace": "!kube-system"}]}),
    )));
    assert!(refusing.source("https://good").is_err());
    assert!(refusing.destination(&to("good")).is_err());
}

/// A pattern is about the repository that is fetched, not about a text that looks like it.
#[test]
fn url_that_leads_elsewhere_is_not_permitted() {
    let policy = policy(&json!({"sourceRepos": [
        "https://git.example.com/team/**", "https://*.example.org/*",
    ]}));
    assert!(
        policy
            .source("https://git.example.com/team/a/b.git")
            .is_ok()
    );
    assert!(policy.source("https://git.example.org/a").is_ok());
    for url in [
        "https://git.example.com/team/../other/a",
        "https://git.example.com/team/%2E%2e/other/a",
        "https://git.example.com/team/a/./../../other",
        "https://git.example.com/team/..%2fother",
        "https://evil.example.net?.example.org/a",
        "https://evil.example.net#.example.org/a",
        "https://evil.example.net\\.example.org/a",
        "https://git.example.org@evil.example.net/a",
        "https://git.example.com/team/a\tb",
    ] {
        assert!(policy.source(url).is_err(), "{url}");
    }
}

/// G-132: without a list no kind of the cluster is permitted, and every kind in namespaces; with an
/// empty list no kind in namespaces is.
#[test]
fn kinds_are_permitted_by_lists() {
    let everywhere = json!([{"server": "*", "namespace": "*"}]);
    let cluster = |policy: &Policy, kind: &str, name: &str| {
        policy.object(&object("", kind, None, name), Some(Scope::Cluster))
    };
    let config = id("ConfigMap", "a", "x");
    let bare = policy(&json!({"destinations": everywhere}));
    assert_eq!(
        cluster(&bare, "Namespace", "a").unwrap_err(),
        "resource :Namespace is not permitted in project frontend"
    );
    assert_eq!(bare.object(&config, Some(Scope::Namespaced)), Ok(()));
    let none = policy(&json!({"destinations": everywhere, "namespaceResourceWhitelist": []}));
    assert!(none.object(&config, Some(Scope::Namespaced)).is_err());
    let named = frontend();
    assert!(cluster(&named, "Namespace", "frontend-x").is_ok());
    assert!(cluster(&named, "Namespace", "backend").is_err());
    let refusing = policy(&json!({
        "destinations": everywhere,
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
        "clusterResourceBlacklist": [{"group": "", "kind": "Namespace"}],
        "namespaceResourceBlacklist": [{"group": "", "kind": "ConfigMap"}],
    }));
    assert!(cluster(&refusing, "Namespace", "a").is_err());
    assert!(cluster(&refusing, "PersistentVolume", "a").is_ok());
    assert!(refusing.object(&config, Some(Scope::Namespaced)).is_err());
    assert!(
        refusing
            .object(&id("Secret", "a", "x"), Some(Scope::Namespaced))
            .is_ok()
    );
}

/// A kind that nobody serves is not a way around a list.
#[test]
fn kind_of_unknown_scope_is_judged_by_what_it_names() {
    let policy = frontend();
    let thing = |namespace| object("example.com", "Thing", namespace, "x");
    assert!(policy.object(&thing(None), None).is_err());
    assert!(policy.object(&thing(Some("backend")), None).is_err());
    assert!(policy.object(&thing(Some("frontend")), None).is_ok());
}

/// G-008
#[test]
fn applications_elsewhere_need_the_project_s_consent() {
    let policy = policy(&json!({"sourceNamespaces": ["team-*"]}));
    assert_eq!(policy.home("team-a"), Ok(()));
    assert_eq!(
        policy.home("other").unwrap_err(),
        "application in namespace 'other' is not allowed to use project 'frontend'"
    );
}

/// A restriction that is not supported is not ignored.
#[test]
fn unsupported_restrictions_permit_nothing() {
    for (field, value) in [
        ("signatureKeys", json!([{"keyID": "4AEE18F83AFDEB23"}])),
        ("sourceIntegrity", json!({"git": {}})),
        ("syncWindows", json!([{"kind": "deny"}])),
        ("permitOnlyProjectScopedClusters", json!(true)),
    ] {
        let policy = policy(&json!({"sourceRepos": ["*"], field: value}));
        let error = policy.source("https://git.example.com/a").unwrap_err();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn a_broken_pattern_allows_nothing_and_refuses_everything() {
    let allowing = policy(&json!({"sourceRepos": ["https://[a"], "destinations":
        [{"server": "*", "namespace": "[a"}]}));
    assert!(allowing.source("https://[a").is_err());
    assert!(allowing.destination(&to("[a")).is_err());
    let refusing = policy(&json!({"sourceRepos": ["*", "!https://[a"], "destinations":
        [{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "![a"}]}));
    assert!(refusing.source("https://git.example.com/a").is_err());
    assert!(refusing.destination(&to("a")).is_err());
}

proptest! {
    #[test]
    fn patterns_never_panic(pattern in ".{0,12}", text in ".{0,12}") {
        let _ = fits(&pattern, &text);
        let _ = repository(&text);
        let policy = policy(&json!({"sourceRepos": [pattern]}));
        let _ = policy.source(&text);
    }
}
