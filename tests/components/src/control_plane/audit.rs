//! The API server's audit log: who asked for what, so that a test can count writes.

use serde_json::Value;

/// The log's name in the folder of the run.
pub(super) const LOG: &str = "audit.log";

/// One line per answered request, without bodies: they would hold Secrets.
pub(super) const POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted, Panic]
rules:
- level: Metadata
";

/// Whether the API server writes down each request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuditLog {
    /// No log.
    #[default]
    Off,
    /// Who, verb, object and status code of each request; no bodies.
    Metadata,
}

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The user name, for example `system:serviceaccount:signet:signet`.
    pub user: String,
    /// The user whom the request impersonated, or nothing.
    pub impersonated_user: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` …
    pub verb: String,
    /// Path and query.
    pub uri: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The resource, plural, lower case; empty when the path names none.
    pub resource: String,
    /// The subresource, for example `status`, or nothing.
    pub subresource: String,
    /// The namespace, or nothing.
    pub namespace: String,
    /// The object's name, or nothing.
    pub name: String,
    /// The status code of the answer.
    pub code: u64,
}

impl AuditEvent {
    /// Returns whether the request asked for a change (dry runs included: see [`Self::is_dry_run`]).
    pub fn is_write(&self) -> bool {
        matches!(
            self.verb.as_str(),
            "create" | "update" | "patch" | "delete" | "deletecollection"
        )
    }

    /// Returns whether the request only asked what would happen.
    pub fn is_dry_run(&self) -> bool {
        self.uri.contains("dryRun=")
    }
}

/// Reads the log; a last line that is still being written is left out.
pub(super) fn parse(log: &str) -> Vec<AuditEvent> {
    log.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .map(|line| event(&line))
        .collect()
}

fn event(line: &Value) -> AuditEvent {
    let text = |pointer: &str| {
        line.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    AuditEvent {
        user: text("/user/username"),
        impersonated_user: text("/impersonatedUser/username"),
        user_agent: text("/userAgent"),
        verb: text("/verb"),
        uri: text("/requestURI"),
        group: text("/objectRef/apiGroup"),
        resource: text("/objectRef/resource"),
        subresource: text("/objectRef/subresource"),
        namespace: text("/objectRef/namespace"),
        name: text("/objectRef/name"),
        code: line
            .pointer("/responseStatus/code")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
