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
        write!(formatter, "{act}: {}", self.message)
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
                refusal: Box::new(refusal(object, &status)),
            },
            source => Self::Unreachable {
                object: object.clone(),
                source: Box::new(source),
            },
        }
    }

    /// Whether the object was not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.code == 404)
    }
}

fn refusal(object: &ObjectId, status: &Status) -> Refusal {
    let message = if object.group_kind.is_secret() {
        let causes = status.details.iter().flat_map(|details| &details.causes);
        dry_run_error::of_secret(
            &status.reason,
            &status.message,
            causes.map(|cause| Cause {
                field: &cause.field,
                reason: &cause.reason,
                message: &cause.message,
            }),
        )
    } else {
        status.message.clone()
    };
    Refusal {
        code: status.code,
        reason: status.reason.clone(),
        message,
    }
}

fn served_hint(served: &[String]) -> String {
    if served.is_empty() {
        "; ensure its CustomResourceDefinition is installed".to_owned()
    } else {
        format!("; the cluster serves it as {}", served.join(", "))
    }
}
