use bytes::Bytes;
use manifests::{DirectoryOptions, File, InputKind, KustomizeOptions};

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

fn kustomize(path: &str) -> BuildOptions {
    BuildOptions {
        path: path.parse().unwrap(),
        tool: Tool::Kustomize(KustomizeOptions::default()),
    }
}

const GENERATORS: &str = "\
secretGenerator:
- name: a
  files: [token.txt, config.json=raw.enc, gone.txt]
  envs: [database.env]
- name: b
  env: legacy
  literals: [a=b]
configMapGenerator:
- {name: c, files: [public.txt]}
patches:
- path: patch.yaml
- patch: '{}'
patchesStrategicMerge:
- merge.yaml
- |
  apiVersion: v1
patchesJson6902:
- {path: json6902.json, target: {version: v1}}
";

#[test]
fn generator_files_and_patches_are_inputs_and_config_map_files_are_not() {
    let names = [
        "token.txt",
        "raw.enc",
        "database.env",
        "legacy",
        "public.txt",
        "patch.yaml",
        "merge.yaml",
        "json6902.json",
    ];
    let mut files = vec![(
        "overlay/kustomization.yaml".to_owned(),
        "resources: [../base]".to_owned(),
    )];
    files.push(("base/kustomization.yaml".to_owned(), GENERATORS.to_owned()));
    files.extend(names.map(|name| (format!("base/{name}"), String::new())));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let found: Vec<_> = inputs(&tree(&files), &kustomize("overlay"))
        .unwrap()
        .iter()
        .map(|input| {
            (
                input.path.file_name().to_owned(),
                input.format_name().to_owned(),
                input.kind,
            )
        })
        .collect();
    let expected = [
        ("token.txt", "token.txt", InputKind::File),
        ("raw.enc", "config.json", InputKind::File),
        ("database.env", "database.env", InputKind::Environment),
        ("legacy", "legacy", InputKind::Environment),
        ("patch.yaml", "patch.yaml", InputKind::Patch),
        ("json6902.json", "json6902.json", InputKind::Patch),
        ("merge.yaml", "merge.yaml", InputKind::Patch),
    ];
    assert_eq!(
        found,
        expected.map(|(path, name, kind)| (path.to_owned(), name.to_owned(), kind))
    );
}

#[test]
fn a_plain_directory_has_resource_files_and_no_inputs() {
    let tree = tree(&[
        ("a.yaml", ""),
        ("b.json", ""),
        ("c.txt", ""),
        ("sub/d.yml", ""),
    ]);
    let directory = |recurse| BuildOptions {
        path: ArtifactPath::ROOT,
        tool: Tool::Directory(DirectoryOptions {
            recurse,
            ..DirectoryOptions::default()
        }),
    };
    let paths = |options: &BuildOptions| -> Vec<String> {
        let files = resource_files(&tree, options).unwrap();
        files.iter().map(ToString::to_string).collect()
    };
    assert_eq!(paths(&directory(false)), ["a.yaml", "b.json"]);
    assert_eq!(paths(&directory(true)), ["a.yaml", "b.json", "sub/d.yml"]);
    assert_eq!(paths(&kustomize("")), ["a.yaml", "sub/d.yml"]);
    assert!(inputs(&tree, &directory(true)).unwrap().is_empty());
}
