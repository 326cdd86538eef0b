//! Repositories that units name themselves, by URL and revision.
//!
//! All units that follow the same revision of a repository with the same credentials share one
//! resolution of it ([`Repositories::artifact`]): a thousand units ask the server no more often
//! than one. What is kept here saves requests only; a restart asks again.

mod credentials;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use manifests::{Artifact, Digest, Revision};
use sources::{Credentials, Fetched, GitReference, GitRequest, GitUrl};

use crate::context::Context;
use crate::error::{Category, Chain, Error};
use credentials::{Entry, matching};

/// How long resolving and fetching may take together.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long the list of configured repositories is used.
const LISTED_FOR: Duration = Duration::from_secs(10);
/// How long a resolution that nobody asked for again keeps its artifact.
const KEPT: Duration = Duration::from_mins(15);
/// The ConfigMap with the host keys of SSH servers, and its key.
const KNOWN_HOSTS: (&str, &str) = ("argocd-ssh-known-hosts-cm", "ssh_known_hosts");
/// The ConfigMap with certificates by host.
const CERTIFICATES: &str = "argocd-tls-certs-cm";

/// Which repository, at which revision, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    /// Its URL.
    pub(crate) url: String,
    /// Branch, tag, commit or range, as written.
    pub(crate) revision: String,
    /// The project whose credentials may be used.
    pub(crate) project: String,
}

/// What the repositories showed last.
#[derive(Default)]
pub(crate) struct Repositories {
    resolved: Mutex<HashMap<Key, Slot>>,
    configured: Mutex<Option<(Instant, Arc<Configured>)>>,
}

/// Units share what they ask for with the same rights.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    url: String,
    revision: String,
    /// The Secret with the credentials, at one of its versions.
    credentials: String,
}

type Slot = Arc<tokio::sync::Mutex<Known>>;

/// What the last tries to resolve a revision gave.
#[derive(Default)]
struct Known {
    resolution: Option<Resolution>,
    failure: Option<Failure>,
}

/// Why a try gave nothing, for all who waited for it.
struct Failure {
    at: Instant,
    category: Category,
    reason: String,
    message: String,
}

struct Resolution {
    /// Before the server was asked: what it had later is not in it.
    at: Instant,
    revision: Revision,
    digest: Digest,
}

/// The repositories that Secrets configure, and what proves that their servers are who they are.
#[derive(Default)]
struct Configured {
    entries: Vec<Entry>,
    known_hosts: Option<String>,
    certificates: HashMap<String, String>,
}

impl Repositories {
    /// Returns the artifact of the asked revision, resolved no longer than `age` ago.
    ///
    /// # Errors
    ///
    /// When the repository cannot be reached, or has no such revision.
    pub(crate) async fn artifact(
        &self,
        asked: &Asked,
        age: Duration,
        context: &Context,
    ) -> Result<Artifact, Error> {
        let url: GitUrl = asked.url.parse()?;
        let (version, credentials) = self.credentials(&url, asked, age, context).await?;
        let key = Key {
            url: asked.url.clone(),
            revision: asked.revision.clone(),
            credentials: version,
        };
        let slot = self.slot(key);
        let came = Instant::now();
        // Whoever comes while somebody asks waits for that answer, also where there is none: a server
        // that hangs makes nobody wait longer than it takes to find that out.
        let mut known = slot.lock().await;
        if let Some(error) = known.failed_since(came) {
            return Err(error);
        }
        let recent = known.resolution.as_ref();
        if let Some(recent) = recent.filter(|recent| recent.at.elapsed() <= age)
            && let Some(artifact) = context
                .artifacts
                .load(&recent.revision, &recent.digest)
                .await?
        {
            return Ok(artifact);
        }
        let request = GitRequest {
            url,
            reference: GitReference {
                revision: Some(asked.revision.clone()),
                ..GitReference::default()
            },
            credentials,
            // Everything: the tools of the family leave nothing out.
            ignore: Some(String::new()),
            timeout: TIMEOUT,
        };
        let previous = recent.map(|recent| recent.revision.clone());
        let fetched = fetch(&request, previous.as_ref(), context).await;
        known.take(fetched)
    }

    /// Returns the artifacts that are used, and forgets those that nobody asks for any more.
    pub(crate) fn in_use(&self) -> BTreeSet<Digest> {
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = BTreeSet::new();
        resolved.retain(|_, slot| match slot.try_lock() {
            Ok(known) => match known.resolution.as_ref() {
                Some(known) if known.at.elapsed() < KEPT => {
                    used.insert(known.digest.clone());
                    true
                }
                _ => false,
            },
            // Somebody is at it.
            Err(_) => true,
        });
        used
    }

    fn slot(&self, key: Key) -> Slot {
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(resolved.entry(key).or_default())
    }

    /// Returns the credentials for a URL, and what tells them from others.
    async fn credentials(
        &self,
        url: &GitUrl,
        asked: &Asked,
        age: Duration,
        context: &Context,
    ) -> Result<(String, Arc<Credentials>), Error> {
        let configured = self.configured(age, context).await?;
        let Some(entry) = matching(&configured.entries, &asked.url, &asked.project) else {
            return Ok((String::new(), Arc::default()));
        };
        let data = entry.data(
            configured.known_hosts.as_deref(),
            configured
                .certificates
                .get(host(&asked.url))
                .map(String::as_str),
        )?;
        let credentials = Credentials::from_secret(url, &data)?;
        Ok((entry.version.clone(), Arc::new(credentials)))
    }

    async fn configured(&self, age: Duration, context: &Context) -> Result<Arc<Configured>, Error> {
        {
            let known = self
                .configured
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some((at, configured)) = known.as_ref()
                && at.elapsed() <= LISTED_FOR.min(age)
            {
                return Ok(Arc::clone(configured));
            }
        }
        let read = Arc::new(read(context).await?);
        let mut known = self
            .configured
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), Arc::clone(&read)));
        Ok(read)
    }
}

impl Known {
    /// Takes in what came of a try.
    fn take<T>(&mut self, tried: Result<(Resolution, T), Error>) -> Result<T, Error> {
        match tried {
            Ok((resolution, artifact)) => {
                self.resolution = Some(resolution);
                self.failure = None;
                Ok(artifact)
            }
            Err(error) => {
                self.failure = Some(Failure {
                    at: Instant::now(),
                    category: error.category(),
                    reason: error.reason().to_owned(),
                    message: Chain(&error).to_string(),
                });
                Err(error)
            }
        }
    }

    /// Returns why a try gave nothing that has ended since somebody came.
    fn failed_since(&self, came: Instant) -> Option<Error> {
        let failure = self.failure.as_ref().filter(|failure| failure.at >= came)?;
        let Failure {
            category,
            reason,
            message,
            ..
        } = failure;
        Some(Error::new(*category, reason.clone(), message.clone()))
    }
}

async fn fetch(
    request: &GitRequest,
    previous: Option<&Revision>,
    context: &Context,
) -> Result<(Resolution, Artifact), Error> {
    let at = Instant::now();
    let (snapshot, artifact) = match context.artifacts.fetch(request, previous).await? {
        Fetched::New { snapshot, artifact } => (snapshot, Some(artifact)),
        Fetched::Unchanged(snapshot) => (snapshot, None),
    };
    let (revision, digest) = (snapshot.revision, snapshot.digest);
    let artifact = match artifact {
        Some(artifact) => artifact,
        None => stored(&revision, &digest, context).await?,
    };
    let resolution = Resolution {
        at,
        revision,
        digest,
    };
    Ok((resolution, artifact))
}

async fn stored(
    revision: &Revision,
    digest: &Digest,
    context: &Context,
) -> Result<Artifact, Error> {
    let stored = context.artifacts.load(revision, digest).await?;
    stored.ok_or_else(|| {
        Error::new(
            Category::Unavailable,
            "StorageOperationFailed",
            format!("the artifact of {revision} went away while it was used"),
        )
    })
}

/// Reads the Secrets and ConfigMaps of the family's own namespace.
async fn read(context: &Context) -> Result<Configured, Error> {
    let client = context.clusters.own().client().clone();
    let namespace = &context.flags.argo_namespace;
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    let labels = format!(
        "{} in ({}, {})",
        api::names::argo::SECRET_TYPE,
        api::names::argo::REPOSITORY,
        api::names::argo::REPO_CREDS
    );
    let listed = secrets
        .list(&ListParams::default().labels(&labels))
        .await
        .map_err(|source| Error::kubernetes("list the configured repositories", source))?;
    let entries: Vec<Entry> = listed.items.into_iter().filter_map(Entry::of).collect();
    if entries.is_empty() {
        return Ok(Configured::default());
    }
    let maps = Api::<ConfigMap>::namespaced(client, namespace);
    let texts = |name: &'static str| {
        let maps = maps.clone();
        async move {
            maps.get_opt(name)
                .await
                .map(|found| found.and_then(|map| map.data).unwrap_or_default())
                .map_err(|source| Error::kubernetes(&format!("read ConfigMap {name}"), source))
        }
    };
    Ok(Configured {
        entries,
        known_hosts: texts(KNOWN_HOSTS.0).await?.remove(KNOWN_HOSTS.1),
        certificates: texts(CERTIFICATES).await?.into_iter().collect(),
    })
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

/// Returns what tells one version of a Secret from the next.
fn version_of(secret: &Secret) -> String {
    format!(
        "{}@{}",
        secret.name_any(),
        secret.resource_version().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred units of a server that hangs wait for one try, and not each for its own.
    #[test]
    fn failure_is_the_answer_for_all_who_waited_for_it() {
        let before = Instant::now();
        let mut known = Known::default();
        assert!(known.failed_since(before).is_none());
        let tried = Err(Error::new(
            Category::Unavailable,
            "GitOperationFailed",
            "no answer",
        ));
        let failed: Result<(), Error> = known.take(tried);
        assert_eq!(failed.unwrap_err().category(), Category::Unavailable);
        let shared = known.failed_since(before).expect("it was waited for");
        assert_eq!(shared.category(), Category::Unavailable);
        assert_eq!(
            (shared.reason(), shared.to_string().as_str()),
            ("GitOperationFailed", "no answer")
        );
        let later = Instant::now() + Duration::from_secs(1);
        assert!(
            known.failed_since(later).is_none(),
            "who comes later asks anew"
        );
    }
}
