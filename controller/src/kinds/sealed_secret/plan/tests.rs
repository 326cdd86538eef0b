use api::bitnami::SealedSecret;

use super::*;
use crate::kinds::sealed_secret::parse::parse;

fn wanted(template: &Value) -> Wanted {
    let object: SealedSecret = serde_json::from_value(json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "prod", "uid": "u1", "labels": {"own": "label"}},
        "spec": {"encryptedData": {"password": "x"}, "template": template},
    }))
    .unwrap();
    parse(&object).unwrap()
}

fn items(value: &str) -> BTreeMap<String, SecretBytes> {
    BTreeMap::from([("password".to_owned(), SecretBytes::from(value.to_owned()))])
}

fn live(metadata: &Value, data: &[(&str, &str)]) -> Live {
    Live {
        metadata: serde_json::from_value(metadata.clone()).unwrap(),
        kind: Some("Opaque".to_owned()),
        immutable: None,
        data: data
            .iter()
            .map(|(key, value)| {
                (
                    (*key).to_owned(),
                    Arc::new(SecretBytes::from((*value).to_owned())),
                )
            })
            .collect(),
    }
}

fn ours() -> Value {
    json!({"name": "db", "namespace": "prod", "resourceVersion": "5", "ownerReferences": [{
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "db", "uid": "u1", "controller": true}]})
}

fn body(manifest: &Manifest) -> Value {
    // EXPOSE: the test reads the request body it expects.
    serde_json::from_slice(manifest.to_body().expose()).unwrap()
}

fn replaced_by(wanted: &Wanted, found: Found) -> Value {
    match plan(wanted, found) {
        Plan::Replace(manifest) => body(&manifest),
        _ => panic!("a replacement is planned"),
    }
}

/// K-046, K-047, K-048, K-049.
#[test]
fn new_secret_has_template_metadata_and_one_owner() {
    let wanted = wanted(
        &json!({"type": "kubernetes.io/basic-auth", "immutable": true, "metadata": {
        "name": "other", "labels": {"team": "a"}, "annotations": {"note": "b"}, "uid": "forged"}}),
    );
    let Plan::Create(manifest) = plan(
        &wanted,
        Found {
            items: items("hunter2"),
            live: None,
        },
    ) else {
        panic!("a creation is planned")
    };
    let body = body(&manifest);
    assert_eq!(body["metadata"]["name"], "db");
    assert_eq!(body["metadata"]["labels"], json!({"team": "a"}));
    assert_eq!(body["metadata"].get("uid"), None);
    assert_eq!(
        body["metadata"]["ownerReferences"],
        ours()["ownerReferences"]
    );
    assert_eq!(
        (&body["type"], &body["immutable"]),
        (&json!("kubernetes.io/basic-auth"), &json!(true))
    );
    assert_eq!(body["data"]["password"], "aHVudGVyMg==");
}

/// K-050.
#[test]
fn owner_reference_can_be_left_out() {
    let template = json!({"metadata": {"annotations": {SKIP_OWNER_REFERENCES: "true"}}});
    let Plan::Create(manifest) = plan(
        &wanted(&template),
        Found {
            items: items("x"),
            live: None,
        },
    ) else {
        panic!("a creation is planned")
    };
    assert_eq!(body(&manifest)["metadata"].get("ownerReferences"), None);
}

/// K-062: what is as sealed is not written.
#[test]
fn secret_as_sealed_is_kept() {
    let found = Found {
        items: items("hunter2"),
        live: Some(live(&ours(), &[("password", "hunter2")])),
    };
    assert!(matches!(plan(&wanted(&json!({})), found), Plan::Keep));
}

/// K-061: old keys go, and the live version is the one that is replaced.
#[test]
fn changed_secret_is_replaced_whole() {
    let found = Found {
        items: items("new"),
        live: Some(live(&ours(), &[("password", "old"), ("gone", "x")])),
    };
    let body = replaced_by(&wanted(&json!({})), found);
    assert_eq!(body["data"], json!({"password": "bmV3"}));
    assert_eq!(body["metadata"]["resourceVersion"], "5");
}

/// K-068, I3: a Secret of somebody else is never touched.
#[test]
fn foreign_secret_is_refused() {
    for metadata in [json!({"name": "db"}), {
        let mut other = ours();
        other["ownerReferences"][0]["uid"] = json!("u2");
        other
    }] {
        let found = Found {
            items: items("x"),
            live: Some(live(&metadata, &[("password", "theirs")])),
        };
        let Plan::Refuse { error, .. } = plan(&wanted(&json!({})), found) else {
            panic!("it is refused")
        };
        assert_eq!(
            error.to_string(),
            r#"failed update: Resource "db" already exists and is not managed by SealedSecret"#
        );
    }
}

/// K-069: an adopted Secret is overwritten and owned.
#[test]
fn managed_secret_is_taken_over() {
    let metadata =
        json!({"name": "db", "annotations": {MANAGED: "true"}, "labels": {"old": "label"}});
    let found = Found {
        items: items("new"),
        live: Some(live(&metadata, &[("old", "x")])),
    };
    let body = replaced_by(&wanted(&json!({})), found);
    assert_eq!(body["data"], json!({"password": "bmV3"}));
    assert_eq!(body["metadata"].get("labels"), None);
    assert_eq!(
        body["metadata"]["ownerReferences"],
        ours()["ownerReferences"]
    );
}

/// K-070, K-071, K-072.
#[test]
fn patched_secret_keeps_its_own_keys_and_owner() {
    let patched = |annotations: &Value| {
        let metadata = json!({"name": "db", "annotations": annotations});
        Found {
            items: items("new"),
            live: Some(live(&metadata, &[("own", "x")])),
        }
    };
    let body = replaced_by(&wanted(&json!({})), patched(&json!({PATCH: "true"})));
    assert_eq!(body["data"], json!({"own": "eA==", "password": "bmV3"}));
    assert_eq!(body["metadata"].get("ownerReferences"), None);
    let owned = replaced_by(
        &wanted(&json!({})),
        patched(&json!({PATCH: "true", MANAGED: "true"})),
    );
    assert_eq!(
        owned["metadata"]["ownerReferences"],
        ours()["ownerReferences"]
    );
    let empty = Found {
        items: items("new"),
        live: Some(live(
            &json!({"name": "db", "annotations": {PATCH: "true"}}),
            &[],
        )),
    };
    assert_eq!(
        replaced_by(&wanted(&json!({})), empty)["data"],
        json!({"password": "bmV3"})
    );
}
