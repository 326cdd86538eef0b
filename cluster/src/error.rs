//! What can go wrong with the API server, in words that hold no value.

use kube::core::Status;
use manifests::ObjectId;
use pipeline::dry_run_error::{self, Cause};

/// A request to the API server did not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No client can be made.
    #[error("failed to set up the connection to the API server")]
    Connect {
        /// Why.
        source: Box<kube::Error>,
    },
    /// The operating system gives no random bytes.
    #[error("failed to draw a random key")]
    Random,
    /// The process is shutting down.
    #[error("the process is stopping")]
    Stopping,
    /// Nobody serves the kind.
    #[error(
        "no matches for kind {kind:?} in version {api_version:?}{}",
        served_hint(served)
    )]
    NoKind {
        /// `apiVersion` as written.
        api_version: String,
        /// Kind as written.
        kind: String,
        /// Versions in which a kind of that name and group is served (D-20).
        served: Vec<String>,
    },
    /// A namespaced object has no namespace.
    #[error("{object} namespace not specified")]
    NoNamespace {
        /// Which object.
        object: ObjectId,
    },
    /// A name or namespace that no object can have: it would reach another place of the API.
    #[error("{object} has a name or namespace that no object can have")]
    NoName {
        /// Which object.
        object: ObjectId,
    },
    /// The API server understood and said no.
    #[error("{object} {refusal}")]
    Refused {
        /// Which object.
        object: ObjectId,
        /// What it said.
        refusal: Box<Refusal>,
    },
    /// The API server cannot be reached or did not answer.
    #[error("failed to reach the API server for {object}")]
    Unreachable {
        /// Which object.
        object: ObjectId,
        /// Why.
        source: Box<kube::Error>,
    },
    /// The API server took the request and did not answer in time. What was asked for may have
    /// been done.
    #[error("the API server did not answer for {object} within {seconds} s")]
    NoAnswer {
        /// Which object.
        object: ObjectId,
        /// How long was waited.
        seconds: u64,
    },
    /// The list of served kinds is not sent in time.
    #[error("the API server did not say within {seconds} s what it serves")]
    DiscoverInTime {
        /// How long was waited.
        seconds: u64,
    },
    /// The list of served kinds cannot be read.
    #[error("failed to discover what the API server serves")]
    Discover {
        /// Why.
        source: Box<kube::Error>,
    },
}

/// The API server's answer to a request it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason, `Invalid`, `Forbidden`, `Conflict`, ….
    pub reason: String,
    /// The server's text; for Secrets only field paths and reasons of it (S8).
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let act = match self.code {
            403 => "forbidden",
            404 => "not found",
            409 => "conflict",
            400 | 422 => "invalid",
            _ => "refused",
        };
        write!(formatter, "{act}: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// Whether the object would have to be created anew to get the wanted state.
    pub fn is_immutable_field(&self) -> bool {
        matches!(self.code, 422 | 400)
            && (self.message.contains("field is immutable")
                || self.message.contains("updates to statefulset spec")
                || self.message.contains("may not be changed"))
    }
}

impl ApiError {
    /// Sorts a client error: the server's own words are kept for `Refused`, made free of values
    /// where the object is a Secret.
    pub(crate) fn of(object: &ObjectId, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused {
                object: object.clone(),
                refusal: Box::new(if object.group_kind.is_secret() {
                    value_free(&status)
                } else {
                    refusal(&status, status.message.clone())
                }),
            },
            source => Self::Unreachable {
                object: object.clone(),
                source: Box::new(source),
            },
        }
    }

    /// As [`ApiError::of`], for a request that held plaintext, whatever the kind of its object.
    pub(crate) fn of_plaintext(object: &ObjectId, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused {
                object: object.clone(),
                refusal: Box::new(value_free(&status)),
            },
            error => Self::of(object, error),
        }
    }

    /// Whether the object was not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. }
            if refusal.code == 404 && refusal.reason == NOT_FOUND)
    }

    /// Whether there is no such place in the API: the kind is no longer served in this version.
    /// That says nothing about the object.
    pub(crate) fn is_unserved(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. }
            if refusal.code == 404 && refusal.reason != NOT_FOUND)
    }
}

/// The reason of an answer about an object that is not there, or whose namespace is not.
const NOT_FOUND: &str = "NotFound";

/// Keeps of the server's text what cannot quote a value (S8).
fn value_free(status: &Status) -> Refusal {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let message = dry_run_error::of_secret(
        &status.reason,
        &status.message,
        causes.map(|cause| Cause {
            field: &cause.field,
            reason: &cause.reason,
            message: &cause.message,
        }),
    );
    refusal(status, message)
}

fn refusal(status: &Status, message: String) -> Refusal {
    Refusal {
        code: status.code,
        reason: status.reason.clone(),
        message,
        hint: dry_run_error::hint(&status.reason, &status.message),
    }
}

fn served_hint(served: &[String]) -> String {
    if served.is_empty() {
        "; ensure its CustomResourceDefinition is installed".to_owned()
    } else {
        format!("; the cluster serves it as {}", served.join(", "))
    }
}
