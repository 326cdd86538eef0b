use api::{
    GoDuration,
    kustomize::{DecryptionProvider, Kustomization, SourceKind},
    source::GitRepository,
};
use serde_json::json;

use crate::{assert_keeps, manifest, round_trip};

const INFRASTRUCTURE: &str = include_str!("../fixtures/M-24-gitrepository-infrastructure.yaml");
const K8S_CONFIG: &str = include_str!("../fixtures/M-41-gitrepository-k8s-config.yaml");
const API_SERVER: &str = include_str!("../fixtures/M-25-kustomization-api-server.yaml");
const FRONTEND: &str = include_str!("../fixtures/M-42-kustomization-frontend.yaml");
const FRAGMENT: &str = include_str!("../fixtures/M-32-kustomization-api-server.yaml");
const COMPLETED: &str = include_str!("../fixtures/M-32-kustomization-api-server-twin.yaml");

fn seconds(seconds: i64) -> GoDuration {
    GoDuration::from_seconds(seconds)
}

#[test]
fn git_repositories_keep_what_was_written() {
    for text in [INFRASTRUCTURE, K8S_CONFIG] {
        let (repository, written) = round_trip::<GitRepository>(text);
        assert_keeps(&written, &manifest(text), "");
        assert_eq!(repository.spec.interval, seconds(60));
        assert_eq!(repository.spec.timeout, seconds(60));
        assert_eq!(
            repository.spec.reference.unwrap().branch.as_deref(),
            Some("main")
        );
        assert_eq!(repository.spec.secret_ref.unwrap().name, "git-credentials");
    }
}

#[test]
fn kustomizations_keep_what_was_written() {
    for text in [API_SERVER, FRONTEND, COMPLETED] {
        let (kustomization, written) = round_trip::<Kustomization>(text);
        assert_keeps(&written, &manifest(text), "");
        assert!(kustomization.spec.prune);
        assert_eq!(
            kustomization.spec.source_ref.kind,
            SourceKind::GitRepository
        );
        assert_eq!(kustomization.spec.timeout, Some(seconds(180)));
        assert_eq!(kustomization.spec.health_checks[0].kind, "Deployment");
    }
}

/// G-190: a Kustomization without `prune` and `sourceRef` is refused where it is read, too.
#[test]
fn fragment_without_required_fields_is_refused() {
    let error = serde_json::from_value::<Kustomization>(manifest(FRAGMENT)).unwrap_err();
    assert_eq!(error.to_string(), "missing field `sourceRef`");
}

#[test]
fn unknown_fields_survive() {
    let mut user = manifest(API_SERVER);
    user["spec"]["colour"] = json!({ "of": ["many", 1, null] });
    user["spec"]["sourceRef"]["shape"] = json!("round");
    user["spec"]["decryption"] = json!({ "provider": "sops", "extra": true });
    let (kustomization, written) = round_trip::<Kustomization>(&user.to_string());
    assert_keeps(&written, &user, "");
    assert_eq!(
        kustomization.spec.unmodelled.names().collect::<Vec<_>>(),
        ["colour"]
    );
    assert_eq!(
        kustomization.spec.decryption.unwrap().provider,
        DecryptionProvider::Sops
    );
}
