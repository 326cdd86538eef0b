use bytes::Bytes;
use manifests::File;

use super::*;

fn tree(paths: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for path in paths {
        let content = Bytes::from_static(b"a: 1\n");
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable: false,
            },
        );
    }
    tree
}

fn synthesised(paths: &[&str], directory: &str) -> Vec<String> {
    synthesise(&tree(paths), &directory.parse().unwrap())
        .unwrap()
        .resources
}

#[test]
fn every_recognised_name_is_found_and_two_of_them_are_an_error() {
    for name in FILE_NAMES {
        let path = format!("a/{name}");
        let found = find(&tree(&[&path]), &"a".parse().unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(found.as_str(), path);
    }
    assert!(
        find(&tree(&["a/b/kustomization.yaml"]), &"a".parse().unwrap())
            .unwrap()
            .is_none()
    );
    let both = tree(&["a/kustomization.yaml", "a/Kustomization"]);
    let error = find(&both, &"a".parse().unwrap()).unwrap_err();
    assert!(matches!(error, RenderError::ManyKustomizationFiles { .. }));
}

#[test]
fn a_link_where_the_kustomization_file_should_be_is_named() {
    let mut tree = tree(&["a/b.yaml"]);
    tree.omit(
        "a/kustomization.yaml".parse().unwrap(),
        manifests::Omission::Link,
    );
    let error = find(&tree, &"a".parse().unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a/kustomization.yaml is a symbolic link"),
        "{error}"
    );
}

#[test]
fn synthesis_takes_yaml_recursively_in_the_order_of_a_walk_g_191() {
    let paths = [
        "apps/a/x.yaml",
        "apps/a-b.yaml",
        "apps/a.yaml",
        "apps/.hidden.yml",
        "apps/.sops.yaml",
        "apps/a/.sops.yaml",
        "apps/notes.md",
        "apps/object.json",
        "apps-other/z.yaml",
    ];
    assert_eq!(
        synthesised(&paths, "apps"),
        ["./.hidden.yml", "./a/x.yaml", "./a-b.yaml", "./a.yaml"]
    );
    assert_eq!(synthesised(&paths, "").len(), 5);
}

#[test]
fn synthesis_refers_to_a_directory_with_its_own_file_and_does_not_enter_it_g_191() {
    let paths = [
        "a.yaml",
        "own/kustomization.yml",
        "own/b.yaml",
        "own/deeper/kustomization.yaml",
        "plain/nested/Kustomization",
        "plain/c.yaml",
    ];
    assert_eq!(
        synthesised(&paths, ""),
        ["./a.yaml", "./own", "./plain/c.yaml", "./plain/nested"]
    );
}

#[test]
fn field_names_are_read_without_regard_to_case() {
    let text = b"Resources: [a]\nresources: [b]\nSECRETGENERATOR: [{Files: [c]}]\n";
    let read = Kustomization::read(text, &"kustomization.yaml".parse().unwrap()).unwrap();
    assert_eq!(read.texts("resources").collect::<Vec<_>>(), ["a", "b"]);
    assert!(read.has("secretGenerator"));
    assert!(!read.has("helmCharts"));
}
