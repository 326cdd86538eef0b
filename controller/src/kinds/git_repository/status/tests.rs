use api::condition::{ConditionStatus, find_condition};
use api::source::GitRepository;
use jiff::Timestamp;
use serde_json::json;

use super::*;
use sources::Snapshot;

fn repository() -> GitRepository {
    serde_json::from_value(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "infra", "namespace": "flux-system", "generation": 2,
            "annotations": {flux::REQUESTED_AT: "now"}},
        "spec": {"url": "https://git.example.com/infra.git", "interval": "1m"},
    }))
    .unwrap()
}

fn applied() -> Applied {
    Applied {
        snapshot: Snapshot {
            revision: format!("main@sha1:{}", "a".repeat(40)).parse().unwrap(),
            digest: format!("sha256:{}", "b".repeat(64)).parse().unwrap(),
            size: 12,
            subject: "first".to_owned(),
        },
        is_new: true,
        host: "source.example".to_owned(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// G-174: path, URL, revision and digest; G-184: the request is acknowledged.
#[test]
fn artifact_is_described_as_consumers_expect() {
    let status = status(&repository(), &Ok(applied()), at(100));
    let artifact = status.artifact.unwrap();
    let file = "a".repeat(40);
    assert_eq!(
        artifact.path,
        format!("gitrepository/flux-system/infra/{file}.tar.gz")
    );
    assert_eq!(
        artifact.url,
        format!("http://source.example/{}", artifact.path)
    );
    assert_eq!(artifact.revision, format!("main@sha1:{file}"));
    assert_eq!(status.last_handled_reconcile_at.as_deref(), Some("now"));
    let ready = find_condition(&status.conditions, "Ready").unwrap();
    assert_eq!(
        (ready.status, ready.reason.as_str()),
        (ConditionStatus::True, "Succeeded")
    );
    assert_eq!(
        ready.message,
        format!("stored artifact for revision 'main@sha1:{file}'")
    );
}

/// G-177: a failure keeps the artifact and says why.
#[test]
fn failure_keeps_the_artifact() {
    let mut object = repository();
    object.status = Some(status(&object, &Ok(applied()), at(100)));
    let error = Error::new(Category::Unavailable, "GitOperationFailed", "no answer");
    let failed = status(&object, &Err(error), at(200));
    assert!(failed.artifact.is_some());
    let condition = |kind| find_condition(&failed.conditions, kind).unwrap().status;
    assert_eq!(condition("Ready"), ConditionStatus::False);
    assert_eq!(condition("FetchFailed"), ConditionStatus::True);
    assert_eq!(condition("ArtifactInStorage"), ConditionStatus::True);
}

#[test]
fn success_twice_is_the_same_status() {
    let mut object = repository();
    let first = status(&object, &Ok(applied()), at(100));
    object.status = Some(first.clone());
    assert_eq!(status(&object, &Ok(applied()), at(500)), first);
}

/// A field that does nothing, as one that asks for a check in a later release, does not go unnoticed.
#[test]
fn fields_without_effect_are_named_until_they_go() {
    let mut object = serde_json::to_value(repository()).unwrap();
    object["spec"]["signatureRequired"] = json!("from a later release");
    let object: GitRepository = serde_json::from_value(object).unwrap();
    let first = status(&object, &Ok(applied()), at(100));
    let condition = find_condition(&first.conditions, "UnsupportedField").unwrap();
    assert_eq!(condition.status, ConditionStatus::True);
    assert!(
        condition.message.ends_with("spec.signatureRequired"),
        "{}",
        condition.message
    );
    assert!(
        !condition.message.contains("later release"),
        "names, no values"
    );

    let mut mended = repository();
    mended.status = Some(first);
    let after = status(&mended, &Ok(applied()), at(200));
    assert_eq!(find_condition(&after.conditions, "UnsupportedField"), None);
}
