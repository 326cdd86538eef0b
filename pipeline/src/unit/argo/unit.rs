//! From an Application to the unit that no family owns.

use std::sync::LazyLock;
use std::time::Duration;

use api::FieldModel;
use api::argo::{AppProject, Application, ApplicationDestination, ResourceIgnoreDifferences};
use api::names::argo::{
    IN_CLUSTER, IN_CLUSTER_SERVER, RESOURCES_FINALIZER, RESOURCES_FINALIZER_BACKGROUND,
    RESOURCES_FINALIZER_FOREGROUND, SKIP_RECONCILE,
};
use api::names::signet::{
    DECRYPTION, DECRYPTION_SECRET, IMAGE_OVERRIDE_INTERPRETED_AS_TAG, MAC_POLICY, UNSUPPORTED_FIELD,
};
use manifests::{BuildOptions, GroupKind, ObjectId, Tree};

use super::source::{Build, build};
use super::{InvalidSpec, instance, invalid_spec, owner, protections, source};
use crate::comparison::IgnoredFields;
use crate::inventory::Inventory;
use crate::unit::{
    Decryption, DeletionPolicy, Duplicates, Family, HealthChecks, HealthModel, HealthPolicy,
    ImmutableChange, MacPolicy, Propagation, PrunePolicy, SourceRef, Unit, UnitId,
};

/// How long a build may take.
const BUILD_TIMEOUT: Duration = Duration::from_mins(2);

/// How often a repository is asked unless the controller is told otherwise (D-22).
const INTERVAL: Duration = Duration::from_mins(2);

/// What became of an Application's specification.
#[derive(Clone, Debug)]
pub struct Made {
    /// The unit.
    pub unit: Unit,
    /// Fields that do not count in a comparison.
    pub ignored: Vec<IgnoredFields>,
    /// How the directory is built, in the word of a status.
    pub source_type: &'static str,
    /// What is worth a look: type and message of a condition each.
    pub warnings: Vec<(&'static str, String)>,
}

/// Returns the unit of an Application whose repository holds `tree`.
///
/// # Errors
///
/// When what it asks for makes no sense, or is not supported.
pub fn unit(
    app: &Application,
    project: Option<&AppProject>,
    tree: &Tree,
    control_namespace: &str,
) -> Result<Made, InvalidSpec> {
    destination(&app.spec.destination)?;
    let namespace = text(app.metadata.namespace.as_ref());
    let name = text(app.metadata.name.as_ref());
    let Build {
        options,
        source_type,
        images,
    } = build(app, tree, &instance(namespace, name, control_namespace))?;
    let mut warnings = Vec::new();
    if !images.read_as_tag.is_empty() {
        let message = format!(
            "the new name was taken for a tag in spec.source.kustomize.images: {}; write name:tag",
            images.read_as_tag.join(", ")
        );
        warnings.push((IMAGE_OVERRIDE_INTERPRETED_AS_TAG, message));
    }
    let unsupported = unsupported(app);
    if !unsupported.is_empty() {
        warnings.push((UNSUPPORTED_FIELD, unsupported.join("\n")));
    }
    Ok(Made {
        unit: Unit {
            build: options,
            decryption: decryption(app, project)?,
            suspended: annotation(app, SKIP_RECONCILE) == Some("true"),
            ..bare(app, control_namespace)
        },
        ignored: app.spec.ignore_differences.iter().map(ignored).collect(),
        source_type,
        warnings,
    })
}

/// Returns the unit of an Application that is deleted: nothing is built of it any more, so that
/// whether it can be built does not matter.
pub fn to_delete(app: &Application, control_namespace: &str) -> Unit {
    bare(app, control_namespace)
}

/// Returns the objects that the status says belong to an Application.
pub fn inventory(app: &Application) -> Inventory {
    let resources = app.status.iter().flat_map(|status| &status.resources);
    resources
        .filter(|resource| !resource.kind.is_empty() && !resource.name.is_empty())
        .map(|resource| {
            let kind = GroupKind::new(&resource.group, &resource.kind);
            let id = ObjectId::new(kind, resource.namespace.as_deref(), &resource.name);
            (id, resource.version.clone())
        })
        .collect()
}

/// Everything that does not depend on what is built.
fn bare(app: &Application, control_namespace: &str) -> Unit {
    let namespace = text(app.metadata.namespace.as_ref());
    let name = text(app.metadata.name.as_ref());
    let into = app.spec.destination.namespace.clone();
    let into = into.filter(|namespace| !namespace.is_empty());
    let (url, revision) = source(app).map_or_else(
        |_| Default::default(),
        |source| (source.url, source.revision),
    );
    let automated = app
        .spec
        .sync_policy
        .as_ref()
        .and_then(|policy| policy.automated.as_ref());
    let (deletion, propagation) = deletion(app);
    Unit {
        id: UnitId {
            family: Family::Argo,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        },
        source: SourceRef::Inline { url, revision },
        build: BuildOptions::default(),
        decryption: None,
        owner: owner(
            &instance(namespace, name, control_namespace),
            into.as_deref().unwrap_or_default(),
        ),
        default_namespace: into,
        duplicates: Duplicates::LastWins,
        protections: protections(),
        immutable: if has_option(app, "Force=true") {
            ImmutableChange::Recreate
        } else {
            ImmutableChange::Refuse
        },
        prune: match automated.and_then(|automated| automated.prune) {
            Some(true) => PrunePolicy::Prune,
            _ => PrunePolicy::Keep,
        },
        deletion,
        health: HealthPolicy {
            model: HealthModel::Argo,
            checks: HealthChecks::Nothing,
        },
        service_account: None,
        timeout: BUILD_TIMEOUT,
        interval: INTERVAL,
        retry_interval: INTERVAL,
        suspended: false,
        propagation,
    }
}

/// Which cluster is meant (G-005, G-006).
fn destination(destination: &ApplicationDestination) -> Result<(), InvalidSpec> {
    let server = destination.server.as_deref().unwrap_or_default();
    let name = destination.name.as_deref().unwrap_or_default();
    let unknown = |cluster: &str| Err(invalid_spec(&format!("cluster {cluster:?} not configured")));
    match (server.trim_end_matches('/'), name) {
        ("", "") => Err(invalid_spec("Destination server missing from app spec")),
        (IN_CLUSTER_SERVER, "") | ("", IN_CLUSTER) => Ok(()),
        (server, "") => unknown(server),
        ("", name) => unknown(name),
        (server, name) => Err(invalid_spec(&format!(
            "application destination can't have both name and server defined: {name} {server}"
        ))),
    }
}

/// Whether encrypted files are opened, and with which keys (S2).
fn decryption(
    app: &Application,
    project: Option<&AppProject>,
) -> Result<Option<Decryption>, InvalidSpec> {
    let either = |key: &str| {
        let of_project = || {
            let annotations = project?.metadata.annotations.as_ref()?;
            annotations.get(key).map(String::as_str)
        };
        annotation(app, key).or_else(of_project)
    };
    match either(DECRYPTION) {
        None => Ok(None),
        Some("sops") => Ok(Some(Decryption {
            secret_name: either(DECRYPTION_SECRET)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            service_account: None,
            mac_policy: match annotation(app, MAC_POLICY) {
                Some("warn") => MacPolicy::Warn,
                _ => MacPolicy::Refuse,
            },
        })),
        Some(_) => Err(invalid_spec(&format!(
            "annotation {DECRYPTION} can only be \"sops\""
        ))),
    }
}

fn deletion(app: &Application) -> (DeletionPolicy, Propagation) {
    let finalizers = app.metadata.finalizers.as_deref().unwrap_or_default();
    let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
    if has(RESOURCES_FINALIZER) || has(RESOURCES_FINALIZER_FOREGROUND) {
        return (DeletionPolicy::WaitForTermination, Propagation::Foreground);
    }
    if has(RESOURCES_FINALIZER_BACKGROUND) {
        return (DeletionPolicy::WaitForTermination, Propagation::Background);
    }
    let asked = options(app).find_map(|option| option.strip_prefix("PrunePropagationPolicy="));
    let propagation = match asked {
        Some("background") => Propagation::Background,
        Some("orphan") => Propagation::Orphan,
        _ => Propagation::Foreground,
    };
    (DeletionPolicy::Orphan, propagation)
}

fn ignored(rule: &ResourceIgnoreDifferences) -> IgnoredFields {
    let part = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    IgnoredFields {
        group: rule.group.clone(),
        kind: rule.kind.clone(),
        name: part(&rule.name),
        namespace: part(&rule.namespace),
        pointers: rule.json_pointers.clone(),
        managers: rule.managed_fields_managers.clone(),
    }
}

/// Says what is asked for and has no effect: fields that nobody knows, and what is not there yet.
fn unsupported(app: &Application) -> Vec<String> {
    static FIELDS: LazyLock<FieldModel> = LazyLock::new(FieldModel::of::<Application>);
    let spec = serde_json::to_value(&app.spec).unwrap_or_default();
    [
        ("not supported and without effect", FIELDS.unmodelled(&spec)),
        ("not supported yet", without_effect(app)),
    ]
    .into_iter()
    .filter(|(_, fields)| !fields.is_empty())
    .map(|(what, fields)| format!("{what}: {}", fields.join(", ")))
    .collect()
}

/// Returns what is asked for and has no effect yet, although it changes nothing of what is built.
fn without_effect(app: &Application) -> Vec<String> {
    const OPTIONS: [&str; 6] = [
        "Replace=true",
        "Validate=false",
        "ServerSideApply=false",
        "Prune=confirm",
        "Delete=confirm",
        "Delete=false",
    ];
    let has_expressions = |rule: &ResourceIgnoreDifferences| !rule.jq_path_expressions.is_empty();
    let expressions = app.spec.ignore_differences.iter().any(has_expressions);
    let expressions = expressions.then(|| "spec.ignoreDifferences[].jqPathExpressions".to_owned());
    let options = options(app)
        .filter(|option| OPTIONS.contains(option))
        .map(|option| format!("spec.syncPolicy.syncOptions[{option}]"));
    expressions.into_iter().chain(options).collect()
}

fn options(app: &Application) -> impl Iterator<Item = &str> {
    let policy = app.spec.sync_policy.iter();
    policy.flat_map(|policy| policy.sync_options.iter().map(|option| option.trim()))
}

fn has_option(app: &Application, wanted: &str) -> bool {
    options(app).any(|option| option == wanted)
}

fn annotation<'a>(app: &'a Application, key: &str) -> Option<&'a str> {
    let annotations = app.metadata.annotations.as_ref()?;
    annotations.get(key).map(|value| value.trim())
}

fn text(part: Option<&String>) -> &str {
    part.map_or("", String::as_str)
}
