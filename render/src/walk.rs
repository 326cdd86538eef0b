//! The walk through the kustomization files of a build, without building it.
//!
//! It follows `resources`, `bases` and `components` from the directory on, and finds what a build
//! reads: files to decrypt first, files of manifests, and references that are refused.

use std::collections::BTreeSet;

use manifests::{
    ArtifactPath, Dialect, File, InputFile, InputKind, KustomizeOptions, Limits, Problem, Tree,
    read_values,
};
use serde_json::Value;

use crate::kustomization::{self, Kustomization, Synthesised, fields};
use crate::{RenderError, reference};

/// What a build reads.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The kustomization file made for the directory, when it has none.
    pub(crate) synthesised: Option<Synthesised>,
    /// The kustomization files themselves.
    pub(crate) kustomizations: Vec<ArtifactPath>,
    /// Generator files and patches, in the order in which they are met.
    pub(crate) inputs: Vec<InputFile>,
    /// Files of manifests, in path order.
    pub(crate) resources: BTreeSet<ArtifactPath>,
    /// Component directories of the options, as far as they are there.
    pub(crate) components: Vec<String>,
}

/// Walks a build.
///
/// # Errors
///
/// When the directory is not there, or something refers to the network or out of the artifact.
pub(crate) fn walk(
    tree: &Tree,
    directory: &ArtifactPath,
    options: &KustomizeOptions,
) -> Result<Walk, RenderError> {
    if !tree.is_directory(directory) {
        return Err(absent(tree, directory));
    }
    let mut walker = Walker {
        tree,
        walk: Walk::default(),
        visited: BTreeSet::new(),
    };
    match kustomization::find(tree, directory)? {
        Some(_) => walker.visit(directory)?,
        None => walker.visit_synthesised(directory)?,
    }
    walker.visit_components(directory, options)?;
    Ok(walker.walk)
}

fn absent(tree: &Tree, path: &ArtifactPath) -> RenderError {
    let mut at = path.clone();
    while !at.is_root() {
        if let Some(omission) = tree.omission(&at) {
            return RenderError::Omitted {
                path: at,
                reason: omission.reason(),
            };
        }
        at = at.parent();
    }
    RenderError::NoDirectory { path: path.clone() }
}

struct Walker<'a> {
    tree: &'a Tree,
    walk: Walk,
    visited: BTreeSet<ArtifactPath>,
}

impl Walker<'_> {
    fn visit_synthesised(&mut self, directory: &ArtifactPath) -> Result<(), RenderError> {
        let made = kustomization::synthesise(self.tree, directory)?;
        if made.resources.is_empty() {
            return Err(RenderError::NoManifests {
                path: directory.clone(),
            });
        }
        for path in &made.files {
            self.take_manifests(path)?;
        }
        for below in &made.directories {
            self.visit(below)?;
        }
        self.walk.synthesised = Some(made);
        Ok(())
    }

    fn visit_components(
        &mut self,
        directory: &ArtifactPath,
        options: &KustomizeOptions,
    ) -> Result<(), RenderError> {
        for component in &options.components {
            let path = directory
                .join(component)
                .map_err(|source| RenderError::Reference {
                    file: directory.clone(),
                    source,
                })?;
            let is_there = kustomization::find(self.tree, &path)?.is_some();
            if is_there {
                self.visit(&path)?;
                self.walk.components.push(component.clone());
            } else if !options.ignore_missing_components {
                return Err(RenderError::NoComponent { path });
            }
        }
        Ok(())
    }

    /// Visits a directory with a kustomization file. kustomize reports cycles, this skips them.
    fn visit(&mut self, directory: &ArtifactPath) -> Result<(), RenderError> {
        let mut ahead = vec![directory.clone()];
        while let Some(directory) = ahead.pop() {
            if !self.visited.insert(directory.clone()) {
                continue;
            }
            // One without a kustomization file is an error, which kustomize explains.
            let Some(path) = kustomization::find(self.tree, &directory)? else {
                continue;
            };
            let Some(file) = self.tree.file(&path) else {
                continue;
            };
            let kustomization = Kustomization::read(&file.content, &path)?;
            self.walk.kustomizations.push(path.clone());
            let place = Place {
                tree: self.tree,
                directory: &directory,
                file: &path,
            };
            refuse_helm(&kustomization, place)?;
            note_deprecated(&kustomization, place);
            for entry in ["resources", "bases", "components"]
                .iter()
                .flat_map(|field| kustomization.texts(field))
            {
                let path = place.resolve(entry)?;
                if self.tree.file(&path).is_some() {
                    self.take_manifests(&path)?;
                } else if self.tree.is_directory(&path) {
                    ahead.push(path);
                } else if let Some(omission) = self.tree.omission(&path) {
                    return Err(RenderError::Omitted {
                        path,
                        reason: omission.reason(),
                    });
                }
            }
            self.take_inputs(&kustomization, place)?;
            check_other_references(&kustomization, place)?;
        }
        Ok(())
    }

    fn take_manifests(&mut self, path: &ArtifactPath) -> Result<(), RenderError> {
        if let Some(file) = self.tree.file(path) {
            check_aliases(file, path)?;
        }
        self.walk.resources.insert(path.clone());
        Ok(())
    }

    fn take_inputs(
        &mut self,
        kustomization: &Kustomization,
        place: Place<'_>,
    ) -> Result<(), RenderError> {
        for generator in kustomization.list("secretGenerator") {
            for entry in texts_of(generator, "files") {
                let (key, path) = match entry.split_once('=') {
                    Some((key, path)) => (Some(key), path),
                    None => (None, entry),
                };
                self.take_input(InputKind::File, key, path, place)?;
            }
            let environments = texts_of(generator, "envs").chain(texts_of(generator, "env"));
            for entry in environments {
                self.take_input(InputKind::Environment, None, entry, place)?;
            }
        }
        let patches = kustomization
            .texts_in("patches", "path")
            .chain(kustomization.texts_in("patchesJson6902", "path"));
        for entry in patches {
            self.take_input(InputKind::Patch, None, entry, place)?;
        }
        // An entry of this list is a path, or the patch itself.
        for entry in kustomization.texts("patchesStrategicMerge") {
            let is_path = place
                .directory
                .join(entry)
                .is_ok_and(|path| self.tree.file(&path).is_some());
            if is_path || reference::is_remote(entry) {
                self.take_input(InputKind::Patch, None, entry, place)?;
            }
        }
        Ok(())
    }

    fn take_input(
        &mut self,
        kind: InputKind,
        key: Option<&str>,
        entry: &str,
        place: Place<'_>,
    ) -> Result<(), RenderError> {
        let path = place.resolve(entry)?;
        if let Some(omission) = self.tree.omission(&path) {
            return Err(RenderError::Omitted {
                path,
                reason: omission.reason(),
            });
        }
        let input = InputFile {
            path,
            key: key.map(str::to_owned),
            kind,
        };
        // What is not there is an error, which kustomize explains.
        let Some(file) = self.tree.file(&input.path) else {
            return Ok(());
        };
        if kind == InputKind::Patch {
            check_aliases(file, &input.path)?;
        }
        if !self.walk.inputs.contains(&input) {
            self.walk.inputs.push(input);
        }
        Ok(())
    }
}

/// Where an entry stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    tree: &'a Tree,
    directory: &'a ArtifactPath,
    file: &'a ArtifactPath,
}

impl Place<'_> {
    fn resolve(self, entry: &str) -> Result<ArtifactPath, RenderError> {
        let path = self.directory.join(entry);
        // kustomize takes a file of that name first, whatever the name looks like.
        let is_file = path
            .as_ref()
            .is_ok_and(|path| self.tree.file(path).is_some());
        if !is_file && reference::is_remote(entry) {
            return Err(RenderError::RemoteBase {
                file: self.file.clone(),
                reference: reference::without_credentials(entry),
            });
        }
        path.map_err(|source| RenderError::Reference {
            file: self.file.clone(),
            source,
        })
    }
}

/// kustomize expands aliases without bound, so a file with any is read within our limits first.
fn check_aliases(file: &File, path: &ArtifactPath) -> Result<(), RenderError> {
    let has = |wanted: u8| file.content.contains(&wanted);
    if !(has(b'&') && has(b'*')) {
        return Ok(());
    }
    match read_values(
        Dialect::Kustomize,
        &file.content,
        Some(path),
        &Limits::default(),
    ) {
        // What is no YAML, such as a JSON patch with a comment, is for kustomize to judge.
        Err(error) if is_about_limits(&error.problem) => Err(RenderError::Read { source: error }),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn is_about_limits(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::TooLarge { .. }
            | Problem::TooDeep { .. }
            | Problem::TooManyValues { .. }
            | Problem::TooManyDocuments { .. }
            | Problem::RecursiveAlias
    )
}

/// Fields that kustomize wants people to leave behind; what they should use instead.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

fn note_deprecated(kustomization: &Kustomization, place: Place<'_>) {
    for (field, instead) in DEPRECATED {
        if kustomization.has(field) {
            tracing::debug!(path = %place.file, field, instead, "a kustomization file uses a deprecated field");
        }
    }
}

fn refuse_helm(kustomization: &Kustomization, place: Place<'_>) -> Result<(), RenderError> {
    let helm = ["helmCharts", "helmChartInflationGenerator"];
    if helm.iter().any(|field| kustomization.has(field)) {
        return Err(RenderError::Unsupported {
            file: place.file.clone(),
            what: "Helm charts inside a kustomization",
        });
    }
    Ok(())
}

/// Checks the references that lead to no kustomization file and hold nothing to decrypt.
fn check_other_references(
    kustomization: &Kustomization,
    place: Place<'_>,
) -> Result<(), RenderError> {
    let lists = [
        "crds",
        "configurations",
        "generators",
        "transformers",
        "validators",
    ];
    let listed = lists
        .iter()
        .flat_map(|field| kustomization.texts(field))
        // Plugins may stand in the list themselves, as text.
        .filter(|entry| !entry.contains(['\n', '{']));
    let generated = kustomization
        .list("configMapGenerator")
        .flat_map(|generator| {
            texts_of(generator, "files")
                .chain(texts_of(generator, "envs"))
                .chain(texts_of(generator, "env"))
                .map(|entry| entry.split_once('=').map_or(entry, |(_, path)| path))
        });
    let schema = kustomization
        .values("openapi")
        .flat_map(|openapi| fields(openapi, "path"))
        .filter_map(Value::as_str);
    let replacements = kustomization.texts_in("replacements", "path");
    for entry in listed.chain(generated).chain(schema).chain(replacements) {
        place.resolve(entry)?;
    }
    Ok(())
}

/// Returns the texts of a field that is a text or a list of them.
pub(crate) fn texts_of<'a>(value: &'a Value, name: &'a str) -> impl Iterator<Item = &'a str> {
    fields(value, name).flat_map(|field| match field {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        Value::String(text) if !text.is_empty() => vec![text.as_str()],
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests;
