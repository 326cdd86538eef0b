//! One commit may bring a definition and its objects; an invalid object holds everything back.

use e2e::eventually;
use serde_json::json;

use crate::shared::shared;
use crate::tenant::{DEADLINE, Tenant, config_map};

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.stages.example.com
spec:
  group: stages.example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer}
";

const WIDGET: &str =
    "apiVersion: stages.example.com/v1\nkind: Widget\nmetadata:\n  name: first\nspec:\n  size: 3\n";

/// G-203, G-039.
#[test]
fn definition_and_its_objects_come_with_one_commit() {
    let shared = shared();
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: unit-stages-made\n";
    let inner = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: inner\n  namespace: unit-stages-made\n";
    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata:\n  name: unit-stages\nvalue: 7\n";
    let tenant = Tenant::new(
        shared,
        "unit-stages",
        &[
            ("apps/a-widget.yaml", WIDGET),
            ("apps/b-definition.yaml", DEFINITION),
            ("apps/c-class.yaml", class),
            ("own/a-inner.yaml", inner),
            ("own/z-namespace.yaml", namespace),
        ],
    );
    // A failure would be tried again only after the test has given up.
    tenant.unit("apps", &json!({"retryInterval": "30m"}));
    tenant.unit(
        "own",
        &json!({"retryInterval": "30m", "targetNamespace": null}),
    );
    tenant.ready("apps");
    tenant.ready("own");
    let path = "/apis/stages.example.com/v1/namespaces/unit-stages/widgets/first";
    let widget = tenant.world.cluster().request("GET", path, None);
    assert_eq!(widget.expect("it is applied")["spec"]["size"], 3);
    assert!(
        tenant
            .world
            .get("ConfigMap", "unit-stages-made", "inner")
            .is_ok()
    );
    assert_eq!(
        tenant
            .world
            .get("PriorityClass", "", "unit-stages")
            .expect("it is applied")["value"],
        7
    );

    // And both leave with one: objects before their definition.
    tenant
        .repository
        .remove(&["apps/a-widget.yaml", "apps/b-definition.yaml"], "gone")
        .expect("it is committed");
    tenant.request("GitRepository", "repo");
    let definition = "widgets.stages.example.com";
    tenant
        .world
        .disappears("CustomResourceDefinition", "", definition);
    tenant.ready("apps");
}

/// G-205, G-190: a dry run of the whole stage comes before its first write.
#[test]
fn invalid_object_holds_its_whole_stage_back() {
    let shared = shared();
    let invalid = "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n  ports:\n  - port: 123456\n";
    let unknown = "apiVersion: nobody.example.com/v1\nkind: Nothing\nmetadata:\n  name: none\n";
    let tenant = Tenant::new(
        shared,
        "unit-invalid",
        &[
            ("apps/a.yaml", &config_map("a", "one")),
            ("apps/b.yaml", invalid),
            ("unknown/a.yaml", &config_map("u", "one")),
            ("unknown/b.yaml", unknown),
            ("twice/a.yaml", &config_map("t", "one")),
        ],
    );
    tenant.unit("apps", &json!({}));
    tenant.unit("unknown", &json!({}));
    tenant.unit("twice", &json!({}));
    let message = tenant.fails("apps", "ReconciliationFailed");
    assert!(
        message.starts_with("Service/unit-invalid/bad dry-run failed: invalid: ")
            && message.contains("spec.ports[0].port"),
        "{message}"
    );
    assert!(tenant.get("ConfigMap", "a").is_err());
    let message = tenant.fails("unknown", "ReconciliationFailed");
    assert!(
        message.contains("no matches for kind \"Nothing\""),
        "{message}"
    );
    assert!(tenant.get("ConfigMap", "u").is_err());
    // Other units of the same repository are none the worse.
    tenant.ready("twice");

    // What was there before stays as it was until the commit is right again.
    let commit = tenant.commit(&[
        ("apps/b.yaml", &config_map("b", "one")),
        ("twice/a.yaml", &config_map("t", "two")),
        ("twice/b.yaml", invalid),
    ]);
    tenant.applied("apps", &commit);
    assert!(tenant.get("ConfigMap", "a").is_ok());
    tenant.fails("twice", "ReconciliationFailed");
    let kept = tenant.get("ConfigMap", "t").expect("it is there");
    assert_eq!(kept["data"]["key"], "one");
    let commit = tenant.commit(&[("twice/b.yaml", &config_map("t2", "two"))]);
    tenant.applied("twice", &commit);
    eventually("the right commit is applied", DEADLINE, || {
        let object = tenant.get("ConfigMap", "t")?;
        (object["data"]["key"] == "two")
            .then_some(())
            .ok_or_else(|| object.to_string())
    });
}
