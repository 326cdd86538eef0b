//! Repositories without anything encrypted.

use std::process::Command;

use components::Program;

use super::Repository;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1.0
        args: [\"--port\", \"8080\", \"on\"]
        env:
        - {name: EMPTY, value: ''}
        - {name: NUMBER, value: '007'}
";

fn overlay() -> Repository {
    Repository::new(&[
        (
            "base/kustomization.yaml",
            "resources: [web.yaml, settings.yaml]\n",
        ),
        ("base/web.yaml", DEPLOYMENT),
        (
            "base/settings.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: fast, text: \"a\\nb\\n\"}\n",
        ),
        (
            "overlays/production/kustomization.yaml",
            "resources: [../../base]\nnamespace: production\nnamePrefix: live-\n\
             images: [{name: registry.example/web, newTag: '2.0'}]\n\
             patches:\n- target: {kind: Deployment}\n  patch: |-\n    \
             - {op: replace, path: /spec/replicas, value: 3}\n",
        ),
    ])
}

/// G-022: an overlay gives the bytes that the `kustomize` program prints.
#[test]
fn an_overlay_is_printed_as_kustomize_prints_it() {
    let repository = overlay();
    let theirs = Command::new(Program::Kustomize.path().unwrap())
        .args(["build", "overlays/production"])
        .current_dir(repository.root())
        .output()
        .unwrap();
    assert!(theirs.status.success());
    let ours = repository
        .build(&["--path", "overlays/production"])
        .output();
    assert_eq!(ours, String::from_utf8(theirs.stdout).unwrap());
}

#[test]
fn several_paths_come_one_after_the_other() {
    let items = overlay()
        .build(&[
            "--path",
            "base",
            "--path",
            "overlays/production",
            "--output",
            "json",
        ])
        .items();
    let names: Vec<_> = items
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 4);
    assert!(
        names.contains(&"web") && names.contains(&"live-web"),
        "{names:?}"
    );
}

/// G-191: a folder without a kustomization file is built from its manifests, here without a worker.
#[test]
fn a_plain_folder_needs_no_worker() {
    let repository = Repository::new(&[
        ("web.yaml", DEPLOYMENT),
        ("notes.txt", "no manifest"),
        (".git/config", "[core]"),
    ]);
    let output = repository.build_without_worker(&[], &[]).output();
    assert!(output.contains("kind: Deployment"), "{output}");
}

#[test]
fn a_missing_worker_is_told_where_one_is_needed() {
    let refusal = overlay()
        .build_without_worker(&[], &["--path", "base"])
        .refusal(1);
    assert!(
        refusal.contains("failed to build base: no signet-render-worker"),
        "{refusal}"
    );
    assert!(refusal.contains("hint:"), "{refusal}");
}

/// G-191: what is no manifest fails the build, named with its line.
#[test]
fn broken_yaml_is_named_with_its_place_and_nothing_is_printed() {
    let repository = Repository::new(&[
        ("a/web.yaml", DEPLOYMENT),
        ("b/bad.yaml", "apiVersion: v1\nkind: [\n"),
    ]);
    let refusal = repository.build(&["--path", "a", "--path", "b"]).refusal(2);
    assert!(refusal.contains("failed to build b: "), "{refusal}");
    assert!(refusal.contains("b/bad.yaml"), "{refusal}");
}

#[test]
fn every_failing_directory_is_told() {
    let refusal = overlay()
        .build(&["--path", "gone", "--path", "lost"])
        .refusal(1);
    assert!(
        refusal.contains("\"gone\"") && refusal.contains("\"lost\""),
        "{refusal}"
    );
}

#[test]
fn an_overlay_as_root_is_told_how_to_name_its_repository() {
    let repository = Repository::new(&[("kustomization.yaml", "resources: [../base]\n")]);
    let refusal = repository.build(&[]).refusal(2);
    assert!(
        refusal.contains("hint: give the root of the repository"),
        "{refusal}"
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_told() {
    let outside = Repository::new(&[("web.yaml", DEPLOYMENT)]);
    let repository = Repository::new(&[("web.yaml", DEPLOYMENT)]);
    std::os::unix::fs::symlink(outside.root(), repository.root().join("linked")).unwrap();
    let outcome = repository.build(&[]);
    assert!(
        outcome
            .stderr
            .contains("warning: .: linked is a symbolic link"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.output().matches("kind: Deployment").count(), 1);
}
