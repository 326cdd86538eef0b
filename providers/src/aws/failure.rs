//! What an AWS error means for us.

use std::error::Error;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use crate::SecretsError;
use crate::secrets_error::Cause;

/// What a service said: its code and message. Never the request, never its identifier.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct ServiceError {
    code: String,
    message: String,
}

/// Returns the error that belongs to a failed call.
pub(crate) fn failure<E, R>(action: impl Into<String>, error: &SdkError<E, R>) -> SecretsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let action = action.into();
    let SdkError::ServiceError(context) = error else {
        return SecretsError::unavailable(action, deepest(error));
    };
    let code = context.err().code().unwrap_or("UnknownError").to_owned();
    let message = context.err().message().unwrap_or_default();
    let source = ServiceError {
        message: without_request_id(message),
        code,
    };
    match source.code.as_str() {
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken" => SecretsError::denied(action, source),
        "ThrottlingException"
        | "Throttling"
        | "InternalServiceError"
        | "InternalServerError"
        | "InternalFailure"
        | "KMSInternalException"
        | "DependencyTimeoutException"
        | "ServiceUnavailable"
        | "RequestLimitExceeded" => SecretsError::unavailable(action, source),
        _ => SecretsError::rejected(action, source),
    }
}

/// Returns the error for credentials that cannot be had.
pub(crate) fn of_credentials(action: &str, error: &(dyn Error + 'static)) -> SecretsError {
    SecretsError::unavailable(action, deepest(error))
}

/// The SDK wraps connection and credential errors in sentences of its own that say little.
fn deepest(error: &(dyn Error + 'static)) -> Cause {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let line = inner.to_string();
        if !text.ends_with(&line) {
            text = format!("{text}: {line}");
        }
        cause = inner.source();
    }
    without_request_id(&text).into()
}

/// Cuts what makes the same failure look new every time.
fn without_request_id(text: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    let cut = ["request id", "requestid", "request_id"]
        .into_iter()
        .filter_map(|mark| lowered.find(mark))
        .min();
    match cut.and_then(|at| text.get(..at)) {
        Some(kept) => kept
            .trim_end_matches([' ', ',', ';', '(', '[', ':'])
            .to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
