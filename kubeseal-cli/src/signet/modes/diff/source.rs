//! The content of a unit's source, fetched from where the source says and with its credentials, which
//! are read with the rights of whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::source::{GitProvider, GitRepository, GitRepositorySpec};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use manifests::{Artifact, ObjectId};
use secret_bytes::SecretBytes;
use sources::{Credentials, Fetched, GitReference, GitRequest, GitUrl, Limits, SourceError, Store};

use super::unit::{self, Source};
use crate::signet::connection::Connection;
use crate::signet::error::Error;

/// What was fetched, and what the user should know about it.
pub(super) struct Content {
    pub(super) artifact: Artifact,
    pub(super) notes: Vec<String>,
}

/// Fetches what a unit's source names, as it is now.
pub(super) async fn fetch(source: &Source, connection: &Connection) -> Result<Content, Error> {
    match source {
        Source::Object(id) => of_object(id, connection).await,
        Source::Repository { url, revision } => of_repository(url, revision).await,
    }
}

/// Fetches without credentials: those of Applications are for all of them, and not to be read for
/// one.
async fn of_repository(text: &str, revision: &str) -> Result<Content, Error> {
    let failed = |source| Error::Fetch {
        from: text.to_owned(),
        source: Box::new(source),
    };
    let url: GitUrl = text.parse().map_err(failed)?;
    let request = GitRequest {
        reference: GitReference {
            revision: Some(revision.to_owned()),
            ..GitReference::default()
        },
        credentials: Arc::new(Credentials::default()),
        ignore: None,
        timeout: Duration::from_mins(1),
        url,
    };
    let artifact = of_request(&request).await.map_err(failed)?;
    let notes = vec![format!("note: the repository is at {}", artifact.revision)];
    Ok(Content { artifact, notes })
}

async fn of_object(id: &ObjectId, connection: &Connection) -> Result<Content, Error> {
    let object: GitRepository = unit::object(id, "v1", connection).await?;
    let spec = &object.spec;
    if let Some(field) = unsupported(spec) {
        return Err(Error::UnsupportedField {
            target: id.to_string(),
            field,
        });
    }
    let failed = |source| Error::Fetch {
        from: id.to_string(),
        source: Box::new(source),
    };
    let url: GitUrl = spec.url.parse().map_err(failed)?;
    let credentials = match &spec.secret_ref {
        Some(reference) => {
            let data = secret(id.namespace.as_deref(), &reference.name, connection).await?;
            Credentials::from_secret(&url, &data).map_err(failed)?
        }
        None => Credentials::default(),
    };
    let request = GitRequest {
        url,
        reference: reference(spec),
        credentials: Arc::new(credentials),
        ignore: spec.ignore.clone(),
        timeout: spec.timeout.positive().unwrap_or(Duration::from_mins(1)),
    };
    let artifact = of_request(&request).await.map_err(failed)?;
    let known = object
        .status
        .and_then(|status| Some(status.artifact?.revision));
    let revision = artifact.revision.to_string();
    let mut notes = vec![format!("note: {id} is at {revision}")];
    if known.as_ref().is_some_and(|known| *known != revision) {
        notes.push(format!(
            "note: the cluster has not fetched it yet, it has {}",
            known.unwrap_or_default()
        ));
    }
    Ok(Content { artifact, notes })
}

/// A field that would change what is fetched or whether it may be trusted.
fn unsupported(spec: &GitRepositorySpec) -> Option<&'static str> {
    let provider = spec.provider.unwrap_or(GitProvider::Generic);
    [
        ("spec.verify", spec.verify.is_some()),
        ("spec.proxySecretRef", spec.proxy_secret_ref.is_some()),
        ("spec.recurseSubmodules", spec.recurse_submodules),
        ("spec.include", !spec.include.is_empty()),
        ("spec.provider", provider != GitProvider::Generic),
    ]
    .into_iter()
    .find_map(|(field, is_set)| is_set.then_some(field))
}

fn reference(spec: &GitRepositorySpec) -> GitReference {
    let Some(reference) = &spec.reference else {
        return GitReference::default();
    };
    GitReference {
        branch: reference.branch.clone(),
        tag: reference.tag.clone(),
        semver: reference.semver.clone(),
        name: reference.name.clone(),
        commit: reference.commit.clone(),
        revision: None,
    }
}

async fn secret(
    namespace: Option<&str>,
    name: &str,
    connection: &Connection,
) -> Result<BTreeMap<String, Arc<SecretBytes>>, Error> {
    let namespace = namespace.unwrap_or_default();
    let client = connection.cluster().client().clone();
    let secret = Api::<Secret>::namespaced(client, namespace).get(name).await;
    let secret = secret.map_err(|source| Error::ReadCredentials {
        secret: format!("{namespace}/{name}"),
        source: Box::new(source),
    })?;
    let data = secret.data.unwrap_or_default().into_iter();
    Ok(data
        .map(|(key, value)| (key, Arc::new(SecretBytes::new(value.0))))
        .collect())
}

/// The store is needed for the fetch alone: what is in it is as it is in Git.
async fn of_request(request: &GitRequest) -> Result<Artifact, SourceError> {
    let folder = tempfile::tempdir().map_err(|source| SourceError::Store {
        step: "make",
        path: std::env::temp_dir(),
        source,
    })?;
    let store = Store::open(folder.path(), Limits::default())?;
    match store.fetch(request, None).await? {
        Fetched::New { artifact, .. } => Ok(artifact),
        // INVARIANT: not reached, because there is no previous revision to be unchanged.
        Fetched::Unchanged(_) => Err(SourceError::Interrupt),
    }
}
