//! What a failure means: the one place where errors of the libraries get a category and a reason.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What a failed step means for the object and for the next try (style table of categories).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Category {
    /// The user must edit the object.
    Invalid,
    /// Something the object refers to is absent.
    NotFound,
    /// Rights or credentials do not suffice.
    Denied,
    /// Somebody else wrote at the same time.
    Conflict,
    /// A backend does not answer.
    Unavailable,
    /// Our bug.
    Internal,
}

impl Category {
    /// Returns the word used in logs and as a metric label.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// A step of a reconcile did not get done.
///
/// The texts name objects and steps, never a value.
#[derive(Debug)]
pub(crate) struct Error {
    category: Category,
    reason: Cow<'static, str>,
    message: String,
    is_passing: bool,
    again: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Builds an error from what happened; `reason` is the condition's CamelCase reason.
    pub(crate) fn new(
        category: Category,
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            category,
            reason: reason.into(),
            message: message.into(),
            is_passing: false,
            again: None,
            source: None,
        }
    }

    /// Adds the cause.
    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A request to the API server, made to `step`, failed.
    pub(crate) fn kubernetes(step: &str, source: kube::Error) -> Self {
        let category = match &source {
            kube::Error::Api(status) => by_status(status.code),
            _ => Category::Unavailable,
        };
        let error = Self::new(category, "KubernetesError", format!("failed to {step}"));
        Self {
            is_passing: category == Category::Unavailable,
            ..error.because(said(source))
        }
    }

    /// Something that cannot happen did.
    pub(crate) fn internal(
        step: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(
            Category::Internal,
            "InternalError",
            format!("failed to {step}"),
        )
        .because(source)
    }

    /// Returns what the failure means.
    pub(crate) fn category(&self) -> Category {
        self.category
    }

    /// Whether the API server is what could not be reached: nothing about the object is at fault, and
    /// the next try may well do.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_passing
    }

    /// Returns the same failure as one that the next try may well overcome.
    pub(crate) fn passing(mut self) -> Self {
        self.is_passing = true;
        self
    }

    /// Returns the same failure with how soon to look again at what nobody tells that it is mended.
    pub(crate) fn again_in(mut self, interval: Duration) -> Self {
        self.again = Some(interval);
        self
    }

    /// Returns how soon to look again where nobody tells that it is mended.
    pub(crate) fn again(&self) -> Option<Duration> {
        self.again
    }

    /// Returns the condition's reason.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the same failure under another reason, the one its kind's users know.
    pub(crate) fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = reason.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Returns a failed request as a cause: what the API server said, without the dump of its whole
/// answer that the client's own text is.
pub(crate) fn said(error: kube::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => {
            match pipeline::dry_run_error::hint(&status.reason, &status.message) {
                Some(hint) => format!("{}; {hint}", status.message).into(),
                None => status.message.clone().into(),
            }
        }
        kube::Error::Api(status) => format!("status {}", status.code).into(),
        error => error.into(),
    }
}

/// Returns what an HTTP status of the API server means.
pub(crate) fn by_status(code: u16) -> Category {
    match code {
        400 | 422 => Category::Invalid,
        401 | 403 => Category::Denied,
        404 => Category::NotFound,
        409 => Category::Conflict,
        _ => Category::Unavailable,
    }
}

/// Returns what it means that a value could not be had from a store.
pub(crate) fn by_secrets_error(error: &providers::SecretsError) -> Category {
    use providers::{ResolveError, SecretsError};
    match error {
        SecretsError::NoSecret { .. }
        | SecretsError::MissingProperty { .. }
        | SecretsError::Reference(
            ResolveError::GetObject { .. }
            | ResolveError::NoKey { .. }
            | ResolveError::Token { .. },
        ) => Category::NotFound,
        SecretsError::Denied { .. } => Category::Denied,
        SecretsError::Rejected { .. }
        | SecretsError::Invalid { .. }
        | SecretsError::UnsupportedProvider { .. }
        | SecretsError::Reference(_) => Category::Invalid,
        _ => Category::Unavailable,
    }
}

impl From<providers::StoreError> for Error {
    fn from(error: providers::StoreError) -> Self {
        Self {
            category: by_secrets_error(error.kind()),
            reason: Cow::Borrowed("StoreError"),
            message: Chain(&error).to_string(),
            is_passing: false,
            again: None,
            source: None,
        }
    }
}

impl From<cluster::ApiError> for Error {
    fn from(error: cluster::ApiError) -> Self {
        let category = match &error {
            cluster::ApiError::NoKind { .. } => Category::NotFound,
            cluster::ApiError::NoNamespace { .. } | cluster::ApiError::NoName { .. } => {
                Category::Invalid
            }
            cluster::ApiError::Refused { refusal, .. } => by_status(refusal.code),
            _ => Category::Unavailable,
        };
        Self {
            category,
            reason: Cow::Borrowed("KubernetesError"),
            message: Chain(&error).to_string(),
            is_passing: category == Category::Unavailable,
            again: None,
            source: None,
        }
    }
}

impl From<sources::SourceError> for Error {
    fn from(error: sources::SourceError) -> Self {
        use sources::ErrorKind;
        let (category, reason) = match error.kind() {
            ErrorKind::UrlInvalid => (Category::Invalid, "URLInvalid"),
            ErrorKind::AuthenticationFailed => (Category::Denied, "AuthenticationFailed"),
            // Another commit may heal what is refused; until then fetching it again and again helps nobody.
            ErrorKind::InvalidReference | ErrorKind::ContentRefused => {
                (Category::Invalid, "GitOperationFailed")
            }
            ErrorKind::StorageOperationFailed => (Category::Unavailable, "StorageOperationFailed"),
            _ => (Category::Unavailable, "GitOperationFailed"),
        };
        Self::new(category, reason, error.to_string()).because(error)
    }
}

/// Prints an error with all its causes, `a: b: c`, and skips a cause the text before already ends
/// with.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        formatter.write_str(&last)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !last.ends_with(&text) {
                write!(formatter, ": {text}")?;
            }
            last = text;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_prints_each_cause_once() {
        let inner = std::io::Error::other("disk is full");
        let error =
            Error::new(Category::Internal, "X", "failed to store: disk is full").because(inner);
        assert_eq!(Chain(&error).to_string(), "failed to store: disk is full");
    }

    /// G-208: a request refused for want of rights comes with the next step, and once.
    #[test]
    fn missing_rights_come_with_the_next_step() {
        let status = serde_json::json!({
            "status": "Failure", "code": 403, "reason": "Forbidden",
            "message": "secrets \"a\" is forbidden: User \"system:serviceaccount:signet:signet\" cannot \
                        get resource \"secrets\" in API group \"\" in the namespace \"prod\"",
        });
        let status: kube::core::Status = serde_json::from_value(status).unwrap();
        let error = Error::kubernetes("read the Secret", kube::Error::Api(Box::new(status)));
        assert_eq!(error.category(), Category::Denied);
        let text = Chain(&error).to_string();
        assert!(
            text.starts_with("failed to read the Secret: secrets \"a\" is forbidden: "),
            "{text}"
        );
        let hint = "; hint: allow ServiceAccount signet/signet to get secrets by a Role and a \
                    RoleBinding in namespace \"prod\"";
        assert!(text.ends_with(hint), "{text}");
    }

    #[test]
    fn status_codes_have_categories() {
        assert_eq!(by_status(403), Category::Denied);
        assert_eq!(by_status(409), Category::Conflict);
        assert_eq!(by_status(500), Category::Unavailable);
    }
}
