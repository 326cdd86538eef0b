//! What the log says of a reconcile that failed.
//!
//! Which object it was stands in the record itself, and not in the span alone: spans of a level that
//! is off are not written, and in JSON a span's own name takes the place of the object's.

use tracing::{error, warn};

use crate::error::{Category, Chain, Error};

/// An object, as the log names it.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) kind: &'static str,
    /// Empty where the kind has none.
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// Something of an object was not done.
pub(super) fn failed(object: Object, error: &Error) {
    let Object {
        kind,
        namespace,
        name,
    } = object;
    let text = Chain(error).to_string();
    let category = error.category();
    if category == Category::Internal {
        error!(kind, namespace, name, error = text, "reconcile failed");
    } else {
        warn!(
            kind,
            namespace,
            name,
            error = text,
            category = category.as_str(),
            "reconcile failed"
        );
    }
}

/// An object came that is not of its kind's shape.
pub(super) fn unreadable(object: Object, why: &dyn std::fmt::Display) {
    let Object {
        kind,
        namespace,
        name,
    } = object;
    warn!(kind, namespace, name, error = %why, "object cannot be read");
}

#[cfg(test)]
mod tests;
