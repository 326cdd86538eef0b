//! Everything that `signet` can say went wrong, and what that means to the shell.

use std::io;
use std::path::PathBuf;

use cluster::ApiError;
use manifests::{ObjectId, ParsePath, ReadManifests};
use pipeline::decrypt::Decrypt;
use pipeline::normalise::Normalise;
use render::{RenderError, WorkerFailure};
use sources::SourceError;

use super::printable::printable;
use crate::error::{Category, Chain};
use crate::{Io, kubeconfig};

const KEYS_HINT: &str = "hint: age identities come from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE and the \
                         default keys.txt, AWS credentials from the usual places, a Vault token for \
                         the server VAULT_ADDR from VAULT_TOKEN";

const ROOT_HINT: &str =
    "hint: give the root of the repository as DIR, and the directory to build with --path";

const SIZE_HINT: &str = "hint: leave out what is no source of manifests in a .sourceignore file";

const CHECKOUT_HINT: &str =
    "hint: give a checkout of the repository with --source DIR to do without fetching it";

/// A failure of `signet`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    #[error("{text}")]
    Help { text: String },
    #[error("{message}")]
    CommandLine { message: String },
    #[error("failed to write standard output")]
    WriteOutput { source: io::Error },
    #[error("failed to start")]
    Runtime { source: io::Error },
    #[error("--path cannot be used")]
    Path { source: ParsePath },
    #[error("failed to read repository {}", root.display())]
    ReadFolder {
        root: PathBuf,
        source: Box<SourceError>,
    },
    #[error("failed to look for Kustomizations")]
    ReadUnits { source: ReadManifests },
    #[error("{file} holds a Kustomization that cannot be read: {reason}")]
    ReadUnit { file: String, reason: String },
    #[error("no Flux Kustomization in {}; hint: name directories with --path", root.display())]
    NoUnits { root: PathBuf },
    #[error("{target}: spec.path cannot be used")]
    UnitPath { target: String, source: ParsePath },
    #[error("{target}: {field} is not supported yet as it is set here")]
    UnsupportedField { target: String, field: &'static str },
    #[error("failed to build {target}")]
    Render {
        target: String,
        source: Box<RenderError>,
    },
    #[error("failed to build {target}: {reason}")]
    FindWorker { target: String, reason: String },
    #[error("failed to build {target}")]
    Decrypt {
        target: String,
        source: Box<Decrypt>,
    },
    #[error("{flag} is for {what}: {why}")]
    UnusedFlag {
        flag: &'static str,
        what: &'static str,
        why: &'static str,
    },
    #[error("{text:?} names no unit; write kustomization/NAME or application/NAME")]
    UnitName { text: String },
    #[error(transparent)]
    Kubeconfig { source: kubeconfig::Error },
    #[error("failed to connect to the cluster")]
    Connect { source: ApiError },
    #[error("the cluster did not answer as needed")]
    Cluster { source: ApiError },
    #[error("the API server {server} cannot be reached")]
    Reach {
        server: String,
        source: Box<ApiError>,
    },
    #[error("failed to ask the cluster for your rights")]
    AskRights { source: Box<kube::Error> },
    #[error("failed to fetch {from}")]
    Fetch {
        from: String,
        source: Box<SourceError>,
    },
    #[error("failed to read Secret {secret} with the credentials of the source")]
    ReadCredentials {
        secret: String,
        source: Box<kube::Error>,
    },
    #[error("{target}: {message}")]
    InvalidUnit { target: String, message: String },
    #[error("{unit} is not there; hint: name its namespace with --namespace")]
    NoUnit { unit: ObjectId },
    #[error(
        "the cluster serves neither Kustomizations nor Applications; install their definitions first"
    )]
    NoUnitsServed,
    #[error(
        "you may not list units: {reasons}; hint: name a namespace with --namespace, or a unit"
    )]
    UnitsForbidden { reasons: String },
    #[error("there are no units{}", place(namespace.as_deref()))]
    NoUnitsFound { namespace: Option<String> },
    #[error("failed to prepare the objects; nothing is compared")]
    Normalise { source: Normalise },
    #[error("{object} is not compared: {message}")]
    NotCompared { object: ObjectId, message: String },
    #[error(
        "--show-secrets is refused: you may not get Secrets in namespace {namespace:?}; leave the \
         flag out to see which values change"
    )]
    MayNotShow { namespace: String },
    /// A failure of a comparison, which has exit statuses of its own.
    #[error(transparent)]
    Diff(Box<Error>),
    /// Several directories, each with its own failure.
    #[error("{} failures", .0.len())]
    Several(Vec<Error>),
}

impl Error {
    /// Says it, where it is expected.
    pub(super) fn show(&self, io: &mut Io) {
        match self {
            Self::Help { text } => drop(io.write_stdout(text.as_bytes())),
            Self::CommandLine { message } => io.note(message.trim_end()),
            Self::Several(errors) => errors.iter().for_each(|error| error.show(io)),
            Self::Diff(error) => error.show(io),
            error => {
                io.note(&printable(&format!("error: {}", Chain(error))));
                if let Some(hint) = error.hint() {
                    io.note(hint);
                }
            }
        }
    }

    /// Returns the exit status; of several failures the most serious decides.
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Help { .. } => 0,
            Self::CommandLine { .. } => 2,
            Self::Several(errors) => errors.iter().map(Self::exit_status).max().unwrap_or(1),
            // 1 says that there are differences.
            Self::Diff(error) => error.exit_status().max(2),
            error => error.category().exit_status(),
        }
    }

    /// Returns the next step, where the message does not say it.
    fn hint(&self) -> Option<&'static str> {
        let leaves_root = match self {
            Self::Path { .. } => true,
            Self::Render { source, .. } => matches!(**source, RenderError::Reference { .. }),
            _ => false,
        };
        match self {
            _ if leaves_root => Some(ROOT_HINT),
            Self::Decrypt { source, .. } => {
                matches!(**source, Decrypt::DataKey { .. }).then_some(KEYS_HINT)
            }
            Self::Fetch { .. } | Self::ReadCredentials { .. } => Some(CHECKOUT_HINT),
            Self::ReadFolder { source, .. } => matches!(
                **source,
                SourceError::TooLarge { .. } | SourceError::TooMany { .. }
            )
            .then_some(SIZE_HINT),
            _ => None,
        }
    }

    fn category(&self) -> Category {
        match self {
            Self::ReadFolder { source, .. } => read_category(source),
            Self::Render { source, .. } => render_category(source),
            Self::Decrypt { source, .. } => decrypt_category(source),
            Self::Cluster { source } | Self::Connect { source } => api_category(source),
            Self::Reach { source, .. } => api_category(source),
            Self::Kubeconfig { .. }
            | Self::FindWorker { .. }
            | Self::NoUnit { .. }
            | Self::NoUnitsServed
            | Self::NoUnitsFound { .. }
            | Self::NotCompared { .. } => Category::NotFound,
            Self::MayNotShow { .. }
            | Self::ReadCredentials { .. }
            | Self::UnitsForbidden { .. } => Category::Denied,
            Self::Diff(error) => error.category(),
            Self::Fetch { .. } | Self::WriteOutput { .. } | Self::AskRights { .. } => {
                Category::Unavailable
            }
            Self::Runtime { .. } => Category::Internal,
            Self::Help { .. }
            | Self::CommandLine { .. }
            | Self::Path { .. }
            | Self::ReadUnits { .. }
            | Self::ReadUnit { .. }
            | Self::NoUnits { .. }
            | Self::UnitPath { .. }
            | Self::UnsupportedField { .. }
            | Self::UnusedFlag { .. }
            | Self::UnitName { .. }
            | Self::InvalidUnit { .. }
            | Self::Normalise { .. }
            | Self::Several(_) => Category::Invalid,
        }
    }
}

fn place(namespace: Option<&str>) -> String {
    match namespace {
        None => String::new(),
        Some(name) => {
            format!(" in namespace {name:?}; hint: name another with --namespace, or -A for all")
        }
    }
}

fn read_category(error: &SourceError) -> Category {
    match error {
        SourceError::Store { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => Category::Denied,
            _ => Category::NotFound,
        },
        _ => Category::Invalid,
    }
}

fn api_category(error: &ApiError) -> Category {
    match error {
        ApiError::Refused { refusal, .. } => match refusal.code {
            401 | 403 => Category::Denied,
            404 => Category::NotFound,
            409 => Category::Conflict,
            400..500 => Category::Invalid,
            _ => Category::Unavailable,
        },
        ApiError::NoKind { .. } => Category::NotFound,
        ApiError::NoNamespace { .. } | ApiError::NoName { .. } => Category::Invalid,
        _ => Category::Unavailable,
    }
}

fn render_category(error: &RenderError) -> Category {
    match error {
        RenderError::NoDirectory { .. } | RenderError::NoComponent { .. } => Category::NotFound,
        RenderError::Worker { source } => match source {
            WorkerFailure::Start { .. } => Category::NotFound,
            WorkerFailure::TimedOut { .. } | WorkerFailure::OutputTooLarge { .. } => {
                Category::Invalid
            }
            _ => Category::Internal,
        },
        _ => Category::Invalid,
    }
}

fn decrypt_category(error: &Decrypt) -> Category {
    match error {
        Decrypt::DataKey { source, .. } if source.is_transient() => Category::Unavailable,
        Decrypt::DataKey { .. } => Category::Denied,
        Decrypt::KeyNotGiven { .. } => Category::Internal,
        _ => Category::Invalid,
    }
}

#[cfg(test)]
mod tests;
