use bytes::Bytes;
use manifests::{File, Omission};

use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
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

fn walk_of(files: &[(&str, &str)]) -> Result<Walk, RenderError> {
    walk(
        &tree(files),
        &ArtifactPath::ROOT,
        &KustomizeOptions::default(),
    )
}

#[test]
fn a_remote_reference_is_found_in_every_field_that_kustomize_would_load() {
    let url = "https://example.test/x";
    for text in [
        format!("resources: ['{url}']"),
        format!("bases: ['{url}']"),
        "components: ['github.com/org/repository?ref=v1']".to_owned(),
        format!("crds: ['{url}']"),
        format!("configurations: ['{url}']"),
        format!("generators: ['{url}']"),
        format!("transformers: ['{url}']"),
        format!("validators: ['{url}']"),
        format!("openapi: {{path: '{url}'}}"),
        format!("replacements: [{{path: '{url}'}}]"),
        format!("patches: [{{path: '{url}'}}]"),
        format!("patchesJson6902: [{{path: '{url}'}}]"),
        format!("patchesStrategicMerge: ['{url}']"),
        format!("configMapGenerator: [{{files: ['a={url}']}}]"),
        format!("configMapGenerator: [{{envs: ['{url}']}}]"),
        format!("secretGenerator: [{{files: ['{url}']}}]"),
        format!("secretGenerator: [{{env: '{url}'}}]"),
        format!("ReSources: ['{url}']"),
    ] {
        let error = walk_of(&[("kustomization.yaml", &text)]).unwrap_err();
        assert!(
            matches!(error, RenderError::RemoteBase { .. }),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn a_path_out_of_the_artifact_is_refused_in_every_field() {
    for text in [
        "resources: [../a]",
        "components: [/a]",
        "secretGenerator: [{files: [a=../../b]}]",
        "patches: [{path: ../b}]",
        "configMapGenerator: [{envs: [../b]}]",
    ] {
        let error = walk_of(&[("kustomization.yaml", text)]).unwrap_err();
        assert!(
            matches!(error, RenderError::Reference { .. }),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn resources_are_followed_through_bases_and_components_and_cycles_end() {
    let walk = walk_of(&[
        (
            "kustomization.yaml",
            "resources: [a.yaml, base]\ncomponents: [component]\n",
        ),
        (
            "base/kustomization.yml",
            "bases: [../other]\nresources: [b.yaml]\n",
        ),
        ("other/Kustomization", "resources: [c.yaml, ../base]\n"),
        ("component/kustomization.yaml", "resources: [d.yaml]\n"),
        ("a.yaml", ""),
        ("base/b.yaml", ""),
        ("other/c.yaml", ""),
        ("component/d.yaml", ""),
        ("unused.yaml", ""),
    ])
    .unwrap();
    let paths: Vec<_> = walk.resources.iter().map(ArtifactPath::as_str).collect();
    assert_eq!(
        paths,
        ["a.yaml", "base/b.yaml", "component/d.yaml", "other/c.yaml"]
    );
}

#[test]
fn a_reference_to_what_the_artifact_left_out_says_why() {
    let mut tree = tree(&[("kustomization.yaml", "resources: [linked.yaml]\n")]);
    tree.omit("linked.yaml".parse().unwrap(), Omission::Link);
    let error = walk(&tree, &ArtifactPath::ROOT, &KustomizeOptions::default()).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");

    tree.omit("linked".parse().unwrap(), Omission::Link);
    let path = "linked/apps".parse().unwrap();
    let error = walk(&tree, &path, &KustomizeOptions::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("linked is a symbolic link"),
        "{error}"
    );
}

#[test]
fn a_kustomization_file_that_is_no_yaml_is_named_with_its_line() {
    let error = walk_of(&[("kustomization.yaml", "resources:\n- a\n- [\n")]).unwrap_err();
    let RenderError::Read { source } = error else {
        panic!("{error:?}")
    };
    assert!(
        source.to_string().starts_with("kustomization.yaml:"),
        "{source}"
    );
}

#[test]
fn a_file_whose_name_looks_remote_is_a_file() {
    let walk = walk_of(&[
        ("kustomization.yaml", "resources: [team@home/a.yaml]\n"),
        ("team@home/a.yaml", ""),
    ])
    .unwrap();
    assert_eq!(walk.resources.len(), 1);
}
