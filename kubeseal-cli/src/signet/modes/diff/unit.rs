//! The unit as the cluster has it.

use api::argo::{AppProject, Application, DEFAULT_PROJECT};
use api::kustomize::Kustomization;
use cluster::ApiError;
use manifests::{GroupKind, ObjectId, Tree};
use pipeline::comparison::IgnoredFields;
use pipeline::inventory::Inventory;
use pipeline::project::Policy;
use pipeline::unit::argo::{self, InvalidSpec};
use pipeline::unit::{Unit, flux};
use serde::de::DeserializeOwned;

use crate::signet::connection::Connection;
use crate::signet::error::Error;
use crate::signet::mode::{UnitKind, UnitName};

/// A unit's object.
pub(super) struct Read {
    /// As messages name it.
    pub(super) name: String,
    pub(super) source: Source,
    object: Object,
}

/// Where a unit's content comes from.
pub(super) enum Source {
    /// From where an object says.
    Object(ObjectId),
    /// From a repository that the unit names itself.
    Repository { url: String, revision: String },
}

enum Object {
    Kustomization(Box<Kustomization>),
    Application(Box<Application>, Option<Box<AppProject>>),
}

/// A unit, and what its status says.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) inventory: Inventory,
    /// Fields that do not count.
    pub(super) ignored: Vec<IgnoredFields>,
    /// What it may apply.
    pub(super) policy: Policy,
    /// The namespace it makes besides.
    pub(super) makes_namespace: Option<String>,
    /// What the user should know about it.
    pub(super) notes: Vec<String>,
}

/// Reads a unit, and the project of an Application from the namespace projects are in.
pub(super) async fn read(
    unit: &UnitName,
    projects: &str,
    connection: &Connection,
) -> Result<Read, Error> {
    let id = |group: &str| {
        let kind = GroupKind::new(group, unit.kind.to_string());
        ObjectId::new(kind, Some(&connection.namespace), &unit.name)
    };
    match unit.kind {
        UnitKind::Application => {
            let id = id("argoproj.io");
            let app = object(&id, "v1alpha1", connection).await?;
            of_application(&id, app, projects, connection).await
        }
        UnitKind::Kustomization => {
            let id = id("kustomize.toolkit.fluxcd.io");
            let object: Kustomization = object(&id, "v1", connection).await?;
            if let Some(field) = flux::unsupported(&object.spec) {
                return Err(Error::UnsupportedField {
                    target: id.to_string(),
                    field,
                });
            }
            Ok(Read {
                name: id.to_string(),
                source: Source::Object(flux::source(&object)),
                object: Object::Kustomization(Box::new(object)),
            })
        }
    }
}

/// What the project does not permit is not even fetched.
async fn of_application(
    id: &ObjectId,
    app: Application,
    projects: &str,
    connection: &Connection,
) -> Result<Read, Error> {
    let name = id.to_string();
    let source = argo::source(&app).map_err(|error| invalid(&name, error))?;
    let project = project(&name, &app, projects, connection).await?;
    let policy = Policy::of(project.as_ref());
    let refused = |message| Error::InvalidUnit {
        target: name.clone(),
        message,
    };
    if id.namespace.as_deref() != Some(projects) {
        policy
            .home(id.namespace.as_deref().unwrap_or_default())
            .map_err(refused)?;
    }
    policy.source(&source.url).map_err(refused)?;
    policy.destination(&app.spec.destination).map_err(refused)?;
    Ok(Read {
        source: Source::Repository {
            url: source.url,
            revision: source.revision,
        },
        object: Object::Application(Box::new(app), project.map(Box::new)),
        name,
    })
}

async fn project(
    target: &str,
    app: &Application,
    namespace: &str,
    connection: &Connection,
) -> Result<Option<AppProject>, Error> {
    let name = match app.spec.project.as_str() {
        "" => DEFAULT_PROJECT,
        name => name,
    };
    let kind = GroupKind::new("argoproj.io", "AppProject");
    let id = ObjectId::new(kind, Some(namespace), name);
    match object(&id, "v1alpha1", connection).await {
        Ok(project) => Ok(Some(project)),
        // The project that nobody has made permits everything.
        Err(Error::NoUnit { .. }) if name == DEFAULT_PROJECT => Ok(None),
        Err(Error::NoUnit { .. }) => Err(Error::InvalidUnit {
            target: target.to_owned(),
            message: format!(
                "project {name} does not exist in namespace {namespace:?}; hint: name another with \
                 --argo-namespace"
            ),
        }),
        Err(error) => Err(error),
    }
}

impl Read {
    /// Returns the unit, whose content is known now.
    pub(super) fn into_unit(self, tree: &Tree, projects: &str) -> Result<Found, Error> {
        match self.object {
            Object::Kustomization(object) => of_kustomization(self.name, &object),
            Object::Application(app, project) => {
                let made = argo::unit(&app, project.as_deref(), tree, projects);
                let made = made.map_err(|error| invalid(&self.name, error))?;
                let warnings = made.warnings.iter();
                let warnings = warnings.map(|(kind, text)| format!("warning: {kind}: {text}"));
                Ok(Found {
                    notes: warnings.collect(),
                    name: self.name,
                    unit: made.unit,
                    inventory: argo::inventory(&app),
                    ignored: made.ignored,
                    policy: Policy::of(project.as_deref()),
                    makes_namespace: makes_namespace(&app),
                })
            }
        }
    }
}

fn of_kustomization(name: String, object: &Kustomization) -> Result<Found, Error> {
    let build = flux::build(&object.spec).map_err(|source| Error::UnitPath {
        target: name.clone(),
        source,
    })?;
    Ok(Found {
        unit: flux::unit(object, build),
        inventory: flux::inventory(object),
        ignored: Vec::new(),
        policy: Policy::of(None),
        makes_namespace: None,
        notes: Vec::new(),
        name,
    })
}

fn makes_namespace(app: &Application) -> Option<String> {
    let policy = app.spec.sync_policy.as_ref()?;
    let is_asked = |option: &String| option == "CreateNamespace=true";
    policy.sync_options.iter().any(is_asked).then_some(())?;
    app.spec.destination.namespace.clone()
}

fn invalid(target: &str, error: InvalidSpec) -> Error {
    Error::InvalidUnit {
        target: target.to_owned(),
        message: error.message,
    }
}

/// Reads an object of ours.
pub(super) async fn object<T: DeserializeOwned>(
    id: &ObjectId,
    version: &str,
    connection: &Connection,
) -> Result<T, Error> {
    let failed = |source: ApiError| Error::Cluster { source };
    let kind = &id.group_kind;
    let kind = connection
        .cluster()
        .kind(&kind.group, version, &kind.kind)
        .await
        .map_err(failed)?;
    let found = connection.cluster().read(&kind, id).await.map_err(failed)?;
    let object = found.ok_or_else(|| Error::NoUnit { unit: id.clone() })?;
    serde_json::from_value(object).map_err(|error| Error::ReadUnit {
        file: id.to_string(),
        reason: error.to_string(),
    })
}
