use std::sync::OnceLock;

use components::ControlPlane;
use deploy::{family::Family, manifests::Install};
use serde_json::{Value, json};

use crate::id;

const STORES: &str = "/apis/external-secrets.io/v1/namespaces/default/secretstores";
const EXTERNAL_SECRETS: &str = "/apis/external-secrets.io/v1/namespaces/default/externalsecrets";
const KUSTOMIZATIONS: &str =
    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/default/kustomizations";

/// Returns a control plane with everything installed.
fn cluster() -> &'static ControlPlane {
    static CLUSTER: OnceLock<ControlPlane> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let cluster = ControlPlane::start().expect("the control plane starts");
        let install = Install::of(&Family::ALL);
        let mut objects = vec![install.namespace()];
        objects.extend(
            Family::ALL
                .into_iter()
                .flat_map(Family::definitions)
                .map(|definition| serde_json::to_value(definition).expect("a definition is JSON")),
        );
        objects.extend(install.rights());
        objects.extend(install.workload());
        objects.push(install.cluster_admin());
        for object in objects {
            let applied = cluster.apply(&object.to_string());
            assert!(applied.is_ok(), "{}: {applied:?}", id(&object));
        }
        cluster
            .kubectl(
                [
                    "wait",
                    "crd",
                    "--all",
                    "--for=condition=Established",
                    "--timeout=30s",
                ],
                None,
            )
            .expect("the definitions are served");
        cluster
    })
}

fn create(path: &str, kind: &str, name: &str, spec: &Value) -> Result<Value, String> {
    let group = path.split('/').nth(2).expect("a path has a group");
    let object = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": kind,
        "metadata": { "name": name },
        "spec": spec,
    });
    cluster()
        .request("POST", path, Some(&object))
        .map_err(|error| format!("{error:?}"))
}

fn store(name: &str, provider: &Value) -> Result<Value, String> {
    create(
        STORES,
        "SecretStore",
        name,
        &json!({ "provider": provider }),
    )
}

/// E-001: the definitions are served under their short names and in their category.
#[test]
fn definitions_are_established_and_their_short_names_resolve() {
    let resources = cluster().kubectl(["api-resources", "--categories=external-secrets"], None);
    let resources = resources.unwrap();
    for kind in ["ExternalSecret", "SecretStore", "ClusterSecretStore"] {
        assert!(resources.contains(kind), "{resources}");
    }
    for short in ["es", "ss", "css", "ks", "gitrepo", "sealedsecrets"] {
        cluster().kubectl(["get", short], None).unwrap();
    }
    let conditions = cluster()
        .kubectl(["get", "crd", "-o", "jsonpath={.items[*].status.conditions[?(@.type==\"NonStructuralSchema\")].message}"], None)
        .unwrap();
    assert_eq!(conditions, "");
}

/// E-002, E-003, E-005: what a small ExternalSecret becomes, and how it is found again.
#[test]
fn external_secret_gets_the_defaults_its_users_know() {
    let spec = json!({
        "secretStoreRef": { "name": "backend", "kind": "SecretStore" },
        "data": [{ "secretKey": "a", "remoteRef": { "key": "b" } }],
    });
    let created = create(EXTERNAL_SECRETS, "ExternalSecret", "small", &spec).unwrap();
    let mut expected = spec.clone();
    expected["refreshInterval"] = json!("1h0m0s");
    expected["target"] = json!({ "creationPolicy": "Owner", "deletionPolicy": "Retain" });
    assert_eq!(created["spec"], expected);

    let mut spec = spec;
    spec["secretStoreRef"]["name"] = json!("other");
    spec["target"] = json!({ "template": {
        "templateFrom": [{ "configMap": { "name": "c", "items": [{ "key": "k" }] } }],
    } });
    let created = create(EXTERNAL_SECRETS, "ExternalSecret", "templated", &spec).unwrap();
    let template = &created["spec"]["target"]["template"];
    assert_eq!(template["engineVersion"], "v2");
    assert_eq!(template["mergePolicy"], "Replace");
    assert_eq!(template["templateFrom"][0]["target"], "Data");
    assert_eq!(
        template["templateFrom"][0]["configMap"]["items"][0]["templateAs"],
        "Values"
    );

    let path = format!("{EXTERNAL_SECRETS}?fieldSelector=spec.secretStoreRef.name%3Dother");
    let found = cluster().request("GET", &path, None).unwrap();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["metadata"]["name"], "templated");
}

/// E-004: columns of the tables people look at.
#[test]
fn tables_have_the_columns_people_know() {
    let header = |kind: &str| {
        let name = format!("column-{kind}");
        let spec = json!({ "provider": { "fake": { "data": [] } } });
        match kind {
            "ss" => create(STORES, "SecretStore", &name, &spec)
                .map(|_| ())
                .unwrap(),
            _ => create(
                EXTERNAL_SECRETS,
                "ExternalSecret",
                &name,
                &json!({ "secretStoreRef": { "name": "a" } }),
            )
            .map(|_| ())
            .unwrap(),
        }
        let table = cluster().kubectl(["get", kind], None).unwrap();
        table
            .lines()
            .next()
            .unwrap()
            .split("  ")
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .collect::<Vec<_>>()
            .join("|")
    };
    assert_eq!(
        header("es"),
        "NAME|STORETYPE|STORE|REFRESH INTERVAL|STATUS|READY|LAST SYNC"
    );
    assert_eq!(header("ss"), "NAME|AGE|STATUS|CAPABILITIES|READY");
}

/// E-006, E-007: values that no reader knows, and names that are none, are refused.
#[test]
fn wrong_values_are_refused() {
    let good = json!({ "data": [{ "secretKey": "a", "remoteRef": { "key": "b" } }] });
    for (field, wrong) in [
        ("target", json!({ "creationPolicy": "Sometimes" })),
        ("target", json!({ "deletionPolicy": "Never" })),
        ("target", json!({ "template": { "engineVersion": "v1" } })),
        ("refreshPolicy", json!("Daily")),
        (
            "data",
            json!([{ "secretKey": "a/b", "remoteRef": { "key": "b" } }]),
        ),
        (
            "data",
            json!([{ "secretKey": "a", "remoteRef": { "key": "b", "decodingStrategy": "Hex" } }]),
        ),
        (
            "data",
            json!([{ "secretKey": "a", "remoteRef": { "key": "b", "conversionStrategy": "Hex" } }]),
        ),
        ("secretStoreRef", json!({ "name": "Upper" })),
        (
            "dataFrom",
            json!([{ "sourceRef": { "generatorRef": { "kind": "Dice", "name": "a" } } }]),
        ),
        (
            "syncWindows",
            json!({ "kind": "allow", "windows": [{ "schedule": "noon", "duration": "1h" }] }),
        ),
    ] {
        let mut spec = good.clone();
        spec[field] = wrong;
        let error = create(EXTERNAL_SECRETS, "ExternalSecret", "wrong", &spec).unwrap_err();
        assert!(error.contains("422"), "{field}: {error}");
    }
}

/// E-008: a store has exactly one provider.
#[test]
fn store_with_no_provider_or_two_is_refused() {
    for wrong in [json!({}), json!({ "fake": { "data": [] }, "gitlab": {} })] {
        let error = store("wrong", &wrong).unwrap_err();
        assert!(
            error.contains("422") && error.contains("spec.provider"),
            "{error}"
        );
    }
}

/// E-009: the refresh interval of a store is a number or a text.
#[test]
fn store_refresh_interval_is_a_number_or_a_text() {
    for (name, interval) in [("number", json!(30)), ("text", json!("30s"))] {
        let spec = json!({ "provider": { "fake": { "data": [] } }, "refreshInterval": interval });
        let created = create(STORES, "SecretStore", name, &spec).unwrap();
        assert_eq!(created["spec"]["refreshInterval"], interval);
    }
}

/// E-012: a store of a provider we do not have is accepted whole.
#[test]
fn store_of_an_unsupported_provider_keeps_its_fields() {
    let provider =
        json!({ "gitlab": { "projectID": "1", "auth": { "SecretRef": { "deep": [1] } } } });
    let created = store("gitlab", &provider).unwrap();
    assert_eq!(created["spec"]["provider"], provider);
}

/// G-190: the API server names the required fields that are missing.
#[test]
fn kustomization_without_required_fields_is_refused() {
    let fragment = json!({ "interval": "10m", "timeout": "3m", "retryInterval": "1m" });
    let error = create(KUSTOMIZATIONS, "Kustomization", "fragment", &fragment).unwrap_err();
    for text in [
        "422",
        "spec.prune: Required value",
        "spec.sourceRef: Required value",
    ] {
        assert!(error.contains(text), "{text}: {error}");
    }
    let error = create(
        KUSTOMIZATIONS,
        "Kustomization",
        "fragment",
        &json!({
            "prune": true, "sourceRef": { "kind": "GitRepository", "name": "a" },
        }),
    )
    .unwrap_err();
    assert!(error.contains("spec.interval: Required value"), "{error}");
}

#[test]
fn new_kustomization_says_that_it_was_not_seen_yet_and_keeps_unknown_fields() {
    let spec = json!({
        "interval": "10m",
        "prune": true,
        "sourceRef": { "kind": "GitRepository", "name": "a", "shape": "round" },
        "colour": { "of": ["many"] },
    });
    let created = create(KUSTOMIZATIONS, "Kustomization", "unseen", &spec).unwrap();
    assert_eq!(created["spec"], spec);
    assert_eq!(created["status"], json!({ "observedGeneration": -1 }));
}

/// K-043, K-044: the definition has the columns people know, and takes what old files hold.
#[test]
fn sealed_secret_keeps_loose_fields() {
    let path = "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets";
    for (name, template) in [
        (
            "labels",
            json!({ "metadata": { "creationTimestamp": null, "labels": { "a": "b" } }, "data": null }),
        ),
        ("bare", json!({ "metadata": null })),
    ] {
        let object = json!({
            "apiVersion": "bitnami.com/v1alpha1",
            "kind": "SealedSecret",
            "metadata": { "name": name, "creationTimestamp": null },
            "spec": { "encryptedData": { "a": "AgB" }, "template": template },
            "status": {},
        });
        let created = cluster().request("POST", path, Some(&object)).unwrap();
        assert_eq!(created["spec"], object["spec"]);
    }
    let status = json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": { "name": "bare" },
        "status": { "conditions": [{ "type": "Synced", "status": "True" }] },
    });
    let status_path = format!("{path}/bare/status?fieldManager=test");
    cluster()
        .request("PATCH", &status_path, Some(&status))
        .unwrap();
    let table = cluster()
        .kubectl(["get", "sealedsecrets", "bare"], None)
        .unwrap();
    let words: Vec<_> = table.split_whitespace().take(6).collect();
    assert_eq!(words, ["NAME", "STATUS", "SYNCED", "AGE", "bare", "True"]);
}

fn allowed(verb: &str, resource: &str, namespace: &str) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let answer = cluster().kubectl(
        [
            "auth",
            "can-i",
            verb,
            resource,
            &format!("--subresource={subresource}"),
            "--as=system:serviceaccount:signet-system:signet",
            &format!("--namespace={namespace}"),
        ],
        None,
    );
    answer.is_ok_and(|text| text.trim() == "yes")
}

/// I9: with all families and without the opt-in binding, the controller may do what its code
/// does and nothing else.
#[test]
fn account_may_do_what_the_families_do() {
    cluster()
        .kubectl(
            ["delete", "clusterrolebinding", "signet-cluster-admin"],
            None,
        )
        .unwrap();
    for (verb, resource) in [
        ("watch", "sealedsecrets.bitnami.com"),
        ("patch", "kustomizations.kustomize.toolkit.fluxcd.io/status"),
        ("impersonate", "serviceaccounts"),
        ("create", "serviceaccounts/token"),
        ("update", "secrets"),
    ] {
        assert!(allowed(verb, resource, "default"), "{verb} {resource}");
    }
    for (verb, resource) in [
        ("create", "deployments.apps"),
        ("impersonate", "users"),
        ("impersonate", "groups"),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
        ("get", "pods"),
        ("delete", "sealedsecrets.bitnami.com"),
        ("update", "leases.coordination.k8s.io"),
    ] {
        assert!(!allowed(verb, resource, "default"), "{verb} {resource}");
    }
    assert!(allowed(
        "update",
        "leases.coordination.k8s.io",
        "signet-system"
    ));
}
