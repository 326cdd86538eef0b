use super::*;

const ITEM: &str = "AgA=";

fn body(annotations: &str, template: &str) -> String {
    format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: prod\n  \
         annotations: {annotations}\n  resourceVersion: '7'\nspec:\n  encryptedData:\n    password: {ITEM}\n  \
         template: {template}\nstatus: {{}}\n"
    )
}

/// K-091, K-092.
#[test]
fn only_one_sealed_secret_is_taken() {
    assert!(read(body("{}", "{}").as_bytes()).is_ok());
    let two = format!("{}---\n{}", body("{}", "{}"), body("{}", "{}"));
    assert!(read(two.as_bytes()).is_err());
    assert!(read(b"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n").is_err());
    assert!(read(b"{not yaml").is_err());
}

/// K-093: a template, even one that is refused elsewhere, plays no part.
#[test]
fn templates_are_not_looked_at() {
    let (_, wanted) = read(body("{}", "{data: {a: '{{ fail .password }}'}}").as_bytes()).unwrap();
    assert_eq!(wanted.items.len(), 1);
}

/// K-096, K-097: the template cannot widen the scope, and what it says otherwise stays.
#[test]
fn rotation_keeps_the_scope_and_the_template() {
    let widening = "{type: Opaque, immutable: true, metadata: {labels: {a: b}, uid: x, annotations: \
                    {sealedsecrets.bitnami.com/cluster-wide: 'true', team: c}}, data: {k: v}}";
    let (mut object, _) = read(body("{}", widening).as_bytes()).unwrap();
    rotated(
        &mut object,
        &BTreeMap::from([("password".to_owned(), "new".to_owned())]),
    );
    let template = &object["spec"]["template"];
    assert_eq!(
        template["metadata"],
        json!({"labels": {"a": "b"}, "annotations": {"team": "c"}})
    );
    assert_eq!(template["data"], json!({"k": "v"}));
    assert_eq!(template["immutable"], true);
    assert_eq!(object["spec"]["encryptedData"], json!({"password": "new"}));
    assert_eq!(object.get("status"), None);
    assert_eq!(object["metadata"].get("resourceVersion"), None);
}

#[test]
fn rotation_keeps_a_wide_scope() {
    let wide = "{sealedsecrets.bitnami.com/namespace-wide: 'true'}";
    let (mut object, _) = read(body(wide, "{}").as_bytes()).unwrap();
    rotated(&mut object, &BTreeMap::new());
    let pointer = "/spec/template/metadata/annotations/sealedsecrets.bitnami.com~1namespace-wide";
    assert_eq!(object.pointer(pointer), Some(&json!("true")));
}
