//! Which repository an Application names, and what builds the directory in it.

use api::argo::{Application, ApplicationSource};
use manifests::{
    ArtifactPath, BuildOptions, Dialect, DirectoryOptions, Limits, Tool, Tree, read_values,
};
use serde_json::Value;

use super::kustomize::{self, Images};
use super::{InvalidSpec, comparison_error, invalid_spec};

/// Where an Application's objects come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// URL of the Git repository.
    pub url: String,
    /// Branch, tag, commit or range, as written; `HEAD` when nothing is.
    pub revision: String,
    /// The directory.
    pub path: ArtifactPath,
}

/// How a directory is built.
pub(super) struct Build {
    pub(super) options: BuildOptions,
    /// The word for it in a status.
    pub(super) source_type: &'static str,
    pub(super) images: Images,
}

/// The file that says that a directory is a chart.
const CHART: &str = "Chart.yaml";

/// The files that say that a directory is kustomize's.
const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Returns the source of an Application: the one of `sources` before `source` (G-007).
///
/// # Errors
///
/// When there is none, or one that is not supported.
pub fn source(app: &Application) -> Result<Source, InvalidSpec> {
    let source = chosen(app)?;
    let repository = source.repo_url.trim();
    let path = source.path.as_deref().unwrap_or_default();
    if let Some(chart) = source.chart.as_deref().filter(|chart| !chart.is_empty()) {
        return Err(comparison_error(format!(
            "chart {chart:?} of a Helm repository is not supported yet; nothing is applied"
        )));
    }
    if repository.starts_with("oci://") {
        return Err(comparison_error(
            "OCI repositories are not supported yet; nothing is applied".to_owned(),
        ));
    }
    if repository.is_empty() || path.is_empty() {
        return Err(invalid_spec(
            "spec.source.repoURL and either spec.source.path or spec.source.chart are required",
        ));
    }
    let revision = source.target_revision.as_deref().map(str::trim);
    Ok(Source {
        url: repository.to_owned(),
        revision: revision
            .filter(|text| !text.is_empty())
            .unwrap_or("HEAD")
            .to_owned(),
        path: path
            .parse()
            .map_err(|error| comparison_error(format!("spec.source.path: {error}")))?,
    })
}

fn chosen(app: &Application) -> Result<&ApplicationSource, InvalidSpec> {
    let spec = &app.spec;
    if spec.unmodelled.field("sourceHydrator").is_some() {
        return Err(comparison_error(
            "spec.sourceHydrator is not supported yet; nothing is applied".to_owned(),
        ));
    }
    match spec.sources.as_slice() {
        [] => spec.source.as_ref().ok_or_else(|| {
            invalid_spec(
                "spec.source.repoURL and either spec.source.path or spec.source.chart are required",
            )
        }),
        [source] => Ok(source),
        _ => Err(comparison_error(
            "more than one entry in spec.sources is not supported yet; nothing is applied"
                .to_owned(),
        )),
    }
}

/// Returns how the directory is built, parameter files in it included (G-013, G-031).
pub(super) fn build(app: &Application, tree: &Tree, instance: &str) -> Result<Build, InvalidSpec> {
    let path = source(app)?.path;
    if !tree.is_directory(&path) {
        return Err(comparison_error(format!("{path}: app path does not exist")));
    }
    let written = chosen(app)?;
    let overridden = overridden(written, tree, &path, instance)?;
    if let Some(field) = unsupported(&overridden) {
        return Err(comparison_error(format!(
            "spec.source.{field} is not supported yet as it is set; nothing is applied"
        )));
    }
    let (tool, source_type, images) = tool(&overridden, tree, &path)?;
    Ok(Build {
        options: BuildOptions { path, tool },
        source_type,
        images,
    })
}

fn tool(
    source: &ApplicationSource,
    tree: &Tree,
    path: &ArtifactPath,
) -> Result<(Tool, &'static str, Images), InvalidSpec> {
    let explicit = [
        ("Kustomize", source.kustomize.is_some()),
        ("Helm", source.helm.is_some()),
        ("Directory", source.directory.is_some()),
        ("Plugin", source.plugin.is_some()),
    ];
    let explicit: Vec<&str> = explicit
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
        .collect();
    if explicit.len() > 1 {
        return Err(comparison_error(format!(
            "multiple application sources defined: {}",
            explicit.join(",")
        )));
    }
    let detected = detected(tree, path);
    match *explicit.first().unwrap_or(&detected) {
        "Kustomize" => {
            let (options, images) = kustomize::options(source.kustomize.as_ref())?;
            Ok((Tool::Kustomize(options), "Kustomize", images))
        }
        "Directory" => {
            let asked = source.directory.clone().unwrap_or_default();
            let options = DirectoryOptions {
                recurse: asked.recurse.unwrap_or_default(),
                include: asked.include.unwrap_or_default(),
                exclude: asked.exclude.unwrap_or_default(),
            };
            Ok((Tool::Directory(options), "Directory", Images::default()))
        }
        "Plugin" => {
            let name = source
                .plugin
                .as_ref()
                .and_then(|plugin| plugin.name.clone());
            Err(comparison_error(format!(
                "plugin {:?} is not there: plugins are not supported; nothing is applied",
                name.unwrap_or_default()
            )))
        }
        _ => Err(no_helm(path, detected)),
    }
}

/// Returns the tool that the files of a directory speak for.
fn detected(tree: &Tree, path: &ArtifactPath) -> &'static str {
    if holds(tree, path, CHART) {
        "Helm"
    } else if KUSTOMIZATION.iter().any(|name| holds(tree, path, name)) {
        "Kustomize"
    } else {
        "Directory"
    }
}

fn holds(tree: &Tree, path: &ArtifactPath, name: &str) -> bool {
    path.join(name).is_ok_and(|file| tree.file(&file).is_some())
}

/// Says why Helm does not work, and what would (D-01).
fn no_helm(path: &ArtifactPath, detected: &str) -> InvalidSpec {
    let what = match detected {
        "Kustomize" => "a kustomization file",
        "Directory" => "no chart",
        _ => {
            return comparison_error(format!(
                "{path} is a Helm chart, which is not supported yet; nothing is applied"
            ));
        }
    };
    comparison_error(format!(
        "{path} cannot be rendered by Helm: it has no {CHART}; hint: path contains {what}, but \
         spec.source.helm forces Helm, which is not supported yet; take spec.source.helm out"
    ))
}

/// Lays the parameter files of the directory over the source. What they say about anything but how
/// it is built is ignored.
fn overridden(
    source: &ApplicationSource,
    tree: &Tree,
    path: &ArtifactPath,
    instance: &str,
) -> Result<ApplicationSource, InvalidSpec> {
    let names = [
        ".argocd-source.yaml".to_owned(),
        format!(".argocd-source-{instance}.yaml"),
    ];
    let mut overridden = source.clone();
    for name in names {
        let unreadable = |why: String| comparison_error(format!("{path}/{name}: {why}"));
        let Ok(file) = path.join(&name) else {
            continue;
        };
        let Some(content) = tree.file(&file).map(|file| &file.content) else {
            continue;
        };
        let documents = read_values(Dialect::Kubectl, content, Some(&file), &Limits::default())
            .map_err(|error| comparison_error(error.to_string()))?;
        let mut merged =
            serde_json::to_value(&overridden).map_err(|error| unreadable(error.to_string()))?;
        for document in &documents {
            merge(&mut merged, document);
        }
        let read: ApplicationSource = serde_json::from_value(merged)
            .map_err(|_| unreadable("a field has a value of another type".to_owned()))?;
        overridden = ApplicationSource {
            repo_url: source.repo_url.clone(),
            target_revision: source.target_revision.clone(),
            path: source.path.clone(),
            chart: source.chart.clone(),
            ..read
        };
    }
    Ok(overridden)
}

/// Merges as JSON merge patches do.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let Some(entries) = into.as_object_mut() else {
        return;
    };
    for (key, value) in fields {
        if value.is_null() {
            entries.shift_remove(key);
        } else {
            merge(entries.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// Returns the first field that would change what is built, and that is not supported yet as it is
/// set: building something else would be worse than building nothing.
fn unsupported(source: &ApplicationSource) -> Option<&'static str> {
    let directory = source.directory.as_ref();
    let jsonnet = directory.and_then(|directory| directory.jsonnet.as_ref());
    let kustomize = source.kustomize.as_ref();
    [
        ("tagPrefix", source.tag_prefix.is_some()),
        (
            "directory.disableExtensionFilter",
            directory.is_some_and(|it| it.disable_extension_filter == Some(true)),
        ),
        (
            "directory.jsonnet",
            jsonnet.is_some_and(|it| {
                !(it.ext_vars.is_empty() && it.tlas.is_empty() && it.libs.is_empty())
            }),
        ),
        (
            "kustomize.replicas",
            kustomize.is_some_and(|it| !it.replicas.is_empty()),
        ),
        (
            "kustomize.commonAnnotationsEnvsubst",
            kustomize.is_some_and(|it| it.common_annotations_envsubst == Some(true)),
        ),
        (
            "kustomize.labelIncludeTemplates",
            kustomize.is_some_and(|it| it.label_include_templates == Some(true)),
        ),
        (
            "kustomize.patches[].path",
            kustomize.is_some_and(|it| it.patches.iter().any(|patch| patch.patch.is_none())),
        ),
        (
            "kustomize.patches[].options",
            kustomize.is_some_and(|it| it.patches.iter().any(|patch| !patch.options.is_empty())),
        ),
    ]
    .into_iter()
    .find_map(|(field, is_set)| is_set.then_some(field))
}
