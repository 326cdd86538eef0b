//! Trees to build, and the programs that build them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use components::Program;
use manifests::{
    Artifact, ArtifactPath, BuildOptions, Digest, File, KustomizeOptions, Manifest, Overlay, Tool,
    Tree,
};
use render::{Renderer, RendererOptions};
use secret_bytes::SecretBytes;

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Reads a fixture folder as an artifact.
pub(crate) fn artifact(name: &str) -> Artifact {
    let root = folder(name);
    let mut files = Vec::new();
    let mut ahead = vec![root.clone()];
    while let Some(directory) = ahead.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                ahead.push(path);
            } else {
                let relative = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.push((relative, fs::read(&path).unwrap()));
            }
        }
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_slice()))
        .collect();
    artifact_of(&files)
}

/// Makes an artifact of files given here.
pub(crate) fn artifact_of(files: &[(&str, &[u8])]) -> Artifact {
    let mut tree = Tree::default();
    let mut hash = [0; 32];
    for (path, content) in files {
        let mut hasher = DefaultHasher::new();
        (path, content).hash(&mut hasher);
        for (byte, mixed) in hash.iter_mut().zip(hasher.finish().to_be_bytes()) {
            *byte ^= mixed;
        }
        let content = Bytes::copy_from_slice(content);
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable: false,
            },
        );
    }
    Artifact {
        revision: format!("main@sha1:{}", "0".repeat(40)).parse().unwrap(),
        digest: Digest::from_sha256(hash),
        tree: Arc::new(tree),
    }
}

pub(crate) fn kustomize(path: &str) -> BuildOptions {
    with(path, KustomizeOptions::default())
}

pub(crate) fn with(path: &str, options: KustomizeOptions) -> BuildOptions {
    BuildOptions {
        path: path.parse().unwrap(),
        tool: Tool::Kustomize(options),
    }
}

pub(crate) fn overlay(files: &[(&str, &str)]) -> Overlay {
    let parse = |path: &str| path.parse::<ArtifactPath>().unwrap();
    files
        .iter()
        .map(|(path, text)| {
            (
                parse(path),
                Arc::new(SecretBytes::new(text.as_bytes().to_vec())),
            )
        })
        .collect()
}

pub(crate) fn options() -> RendererOptions {
    RendererOptions::new(Program::RenderWorker.path().unwrap())
}

pub(crate) fn renderer() -> Renderer {
    Renderer::start(options())
}

/// Returns what the kustomize program prints for a directory of a fixture.
pub(crate) fn printed_by_program(fixture: &str, path: &str) -> Vec<u8> {
    printed_in(&folder(fixture), path)
}

pub(crate) fn printed_in(folder: &Path, path: &str) -> Vec<u8> {
    let output = Command::new(Program::Kustomize.path().unwrap())
        .args(["build", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(folder.join(path))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

pub(crate) fn ids(manifests: &[Manifest]) -> Vec<String> {
    manifests
        .iter()
        .map(|manifest| manifest.id().to_string())
        .collect()
}

/// Returns an error and its causes as one text.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
