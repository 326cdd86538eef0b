//! What a unit applies and has something to say about shows in a condition and an event.

use serde_json::json;

use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

/// G-024, M-14, S15: an image override that matches nothing and a Secret committed as plaintext are
/// named, the unit is applied all the same, and what is mended is said no more.
#[test]
fn unused_image_and_plaintext_secret_are_named_until_they_are_mended() {
    let plaintext =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: in-the-open}\n";
    let tenant = Tenant::new(
        shared(),
        "unit-notices",
        &[
            ("apps/a.yaml", &config_map("a", "x")),
            ("apps/secret.yaml", plaintext),
        ],
    );
    let world = tenant.world;
    tenant.unit(
        "apps",
        &json!({"images": [{"name": "registry.example.test/web", "newTag": "9"}]}),
    );
    tenant.ready("apps");
    let said = |condition: &str| {
        let found = world.condition(
            "Kustomization",
            &tenant.namespace,
            "apps",
            condition,
            "True",
        );
        assert_eq!(found["reason"], condition);
        let message = found["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(world.event(&tenant.namespace, "apps", condition), message);
        message
    };
    let image = said("UnusedImageOverride");
    assert!(image.contains("\"registry.example.test/web\""), "{image}");
    let secret = said("PlaintextSecretInSource");
    assert!(secret.starts_with("Secret/unit-notices/db: "), "{secret}");
    assert!(!secret.contains("in-the-open"), "{secret}");
    assert_eq!(
        tenant
            .get("Secret", "db")
            .map(|found| found["kind"].clone()),
        Ok(json!("Secret"))
    );

    let commit = tenant.commit(&[("apps/secret.yaml", &config_map("b", "y"))]);
    tenant.applied("apps", &commit);
    let unit = tenant.get("Kustomization", "apps").expect("it is there");
    let conditions = unit["status"]["conditions"].to_string();
    assert!(
        !conditions.contains("PlaintextSecretInSource"),
        "{conditions}"
    );
    assert!(conditions.contains("UnusedImageOverride"), "{conditions}");
}

const DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: notices.tests.example.test
spec:
  group: tests.example.test
  scope: Namespaced
  names: {kind: Notice, plural: notices, singular: notice}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object}}
";

/// §9.7: a definition is pruned like anything else, and an event tells before how many objects go with
/// it.
#[test]
fn pruning_a_definition_tells_how_many_instances_go_with_it() {
    let tenant = Tenant::new(
        shared(),
        "unit-instances",
        &[
            ("apps/a.yaml", &config_map("a", "x")),
            ("apps/definition.yaml", DEFINITION),
        ],
    );
    let world = tenant.world;
    tenant.unit("apps", &json!({}));
    tenant.ready("apps");
    for name in ["one", "two"] {
        let notice = json!({
            "apiVersion": "tests.example.test/v1", "kind": "Notice", "metadata": {"name": name},
        });
        let path = "/apis/tests.example.test/v1/namespaces/unit-instances/notices";
        let made = world.cluster().request("POST", path, Some(&notice));
        made.expect("the kind is served");
    }
    tenant
        .repository
        .remove(&["apps/definition.yaml"], "gone")
        .expect("it is committed");
    tenant.request("GitRepository", "repo");
    let said = world.event(&tenant.namespace, "apps", "PruningCRDWithInstances");
    assert_eq!(
        said,
        "CustomResourceDefinition/notices.tests.example.test is pruned, and with it 2 instances of Notice"
    );
    world.disappears("CustomResourceDefinition", "", "notices.tests.example.test");
}
