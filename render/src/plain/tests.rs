use std::sync::Arc;

use bytes::Bytes;
use manifests::File;
use secret_bytes::SecretBytes;

use super::*;

fn built(text: &str, overlay: &Overlay) -> Option<Vec<String>> {
    let path: ArtifactPath = "a.yaml".parse().unwrap();
    let mut tree = Tree::default();
    let content = Bytes::copy_from_slice(text.as_bytes());
    tree.insert(
        path.clone(),
        File {
            content,
            executable: false,
        },
    );
    let manifests = build(&tree, &[path], overlay).unwrap()?;
    Some(
        manifests
            .iter()
            .map(|manifest| manifest.id().to_string())
            .collect(),
    )
}

#[test]
fn objects_come_in_kustomizes_order_g_191() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n---\n\
                apiVersion: v1\nkind: Namespace\nmetadata: {name: z}\n---\n\
                apiVersion: x.test/v1\nkind: Ant\nmetadata: {name: a}\n---\n\
                apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n\
                apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
    assert_eq!(
        built(text, &Overlay::new()).unwrap(),
        ["Namespace/z", "Secret/a", "Secret/b", "Ant/a", "Pod/a"]
    );
}

#[test]
fn what_is_kustomizes_business_is_left_to_it() {
    let object =
        |extra: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{extra}\n");
    assert!(built(&object("}"), &Overlay::new()).is_some());
    for text in [
        object(", annotations: {config.kubernetes.io/local-config: 'true'}}"),
        object(", annotations: {internal.config.kubernetes.io/path: x}}"),
        object("}\nlist: [1, null]"),
        format!("{}---\n{}", object("}"), object(", namespace: default}")),
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: x}\n---\n\
         apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: y}\n"
            .to_owned(),
    ] {
        assert_eq!(built(&text, &Overlay::new()), None, "{text}");
    }
    let overlay = Overlay::from([(
        "a.yaml".parse().unwrap(),
        Arc::new(SecretBytes::new(Vec::new())),
    )]);
    assert_eq!(built(&object("}"), &overlay), None);
}
