use bytes::Bytes;

use super::*;

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ";

fn object(name: &str) -> String {
    format!("{OBJECT}{name}}}\n")
}

fn tree(files: &[(&str, String)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        let content = Bytes::copy_from_slice(text.as_bytes());
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

fn names(tree: &Tree, options: &DirectoryOptions) -> Vec<String> {
    let built = build(tree, &"apps".parse().unwrap(), options).unwrap();
    built
        .iter()
        .map(|manifest| manifest.name().to_owned())
        .collect()
}

fn options(recurse: bool, include: &str, exclude: &str) -> DirectoryOptions {
    DirectoryOptions {
        recurse,
        include: include.to_owned(),
        exclude: exclude.to_owned(),
    }
}

fn apps() -> Tree {
    tree(&[
        ("apps/a.yaml", object("a")),
        ("apps/b.yml", object("b")),
        (
            "apps/c.json",
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}"#.into(),
        ),
        ("apps/d.txt", object("d")),
        ("apps/sub/e.yaml", object("e")),
        ("apps/sub/e-test.yaml", object("e-test")),
        ("other/f.yaml", object("f")),
    ])
}

#[test]
fn subdirectories_are_read_when_asked_g_027() {
    assert_eq!(names(&apps(), &options(false, "", "")), ["a", "b", "c"]);
    assert_eq!(
        names(&apps(), &options(true, "", "")),
        ["a", "b", "c", "e-test", "e"]
    );
}

#[test]
fn globs_select_and_exclude_wins_g_027() {
    assert_eq!(
        names(&apps(), &options(true, "*.yaml", "")),
        ["a", "e-test", "e"]
    );
    assert_eq!(names(&apps(), &options(true, "{a,b}.y*ml", "")), ["a", "b"]);
    assert_eq!(
        names(&apps(), &options(true, "*.yaml", "*-test.yaml")),
        ["a", "e"]
    );
    assert_eq!(
        names(&apps(), &options(true, "sub/*", "{sub/e.yaml,x}")),
        ["e-test"]
    );
    assert_eq!(
        names(&apps(), &options(true, "a.yaml", "a.yaml")),
        Vec::<String>::new()
    );
    let error = build(&apps(), &"apps".parse().unwrap(), &options(true, "[", "")).unwrap_err();
    assert!(matches!(error, RenderError::Glob { .. }), "{error:?}");
}

#[test]
fn kustomizes_own_documents_are_skipped_g_029() {
    let tree = tree(&[
        ("apps/a.yaml", object("a")),
        (
            "apps/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n\
             patches:\n- patch: |\n    metadata:\n      name: a\n"
                .into(),
        ),
        (
            "apps/named.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n"
                .into(),
        ),
    ]);
    assert_eq!(names(&tree, &options(false, "", "")), ["a"]);
}

/// G-029: the name alone does not make a file kustomize's.
#[test]
fn another_groups_kustomization_is_an_object() {
    let tree = tree(&[(
        "apps/kustomization.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n"
            .into(),
    )]);
    assert_eq!(names(&tree, &options(false, "", "")), ["apps"]);
}

#[test]
fn lists_are_expanded_in_yaml_and_json_g_027() {
    let tree = tree(&[
        (
            "apps/a.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n"
                .into(),
        ),
        (
            "apps/b.json",
            r#"[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b"}},
                {"apiVersion":"v1","kind":"Secret","metadata":{"name":"c"}}]"#
                .into(),
        ),
    ]);
    assert_eq!(names(&tree, &options(false, "", "")), ["a", "b", "c"]);
}

#[test]
fn a_file_that_is_no_manifest_is_left_out_and_a_broken_manifest_is_an_error() {
    let unrelated = tree(&[
        ("apps/a.yaml", object("a")),
        ("apps/values.yaml", "replicas: 2\n".into()),
        (
            "apps/skipped.yaml",
            format!("# +argocd:skip-file-rendering\n{}", object("skipped")),
        ),
    ]);
    assert_eq!(names(&unrelated, &options(false, "", "")), ["a"]);
    for broken in [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nreplicas: 2\n",
    ] {
        let tree = tree(&[("apps/a.yaml", broken.to_owned())]);
        let error = build(&tree, &"apps".parse().unwrap(), &options(false, "", "")).unwrap_err();
        assert!(
            matches!(error, RenderError::Read { .. }),
            "{broken}: {error:?}"
        );
    }
}

#[test]
fn jsonnet_is_refused_clearly() {
    let tree = tree(&[("apps/a.jsonnet", "{}".into())]);
    let error = build(&tree, &"apps".parse().unwrap(), &options(false, "", "")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "apps/a.jsonnet needs Jsonnet, which is not supported yet"
    );
}

#[test]
fn more_than_ten_mebibytes_are_refused() {
    let padding = "#".repeat(6 << 20);
    let file = |name| format!("{}{padding}\n", object(name));
    let tree = tree(&[("apps/a.yaml", file("a")), ("apps/b.yaml", file("b"))]);
    let error = build(&tree, &"apps".parse().unwrap(), &options(false, "", "")).unwrap_err();
    assert!(matches!(error, RenderError::TooLarge { .. }), "{error:?}");
}
