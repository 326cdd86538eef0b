//! What the API server says about an object with plaintext that it refuses, without what it quotes
//! (S8).
//!
//! The server's messages quote values: the rejected one, or the bytes around a syntax error. Field
//! paths, reasons and the few sentences known to be constant are kept, everything else is dropped.

use std::fmt;

/// One cause of a refusal, as the API server lists them in its status' details.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    /// Path of the field, `data[password]`.
    pub field: &'a str,
    /// Machine-readable reason, `FieldValueInvalid`.
    pub reason: &'a str,
    /// The server's sentence, which may quote the value.
    pub message: &'a str,
}

/// Sentences of the API server that are constant and tell the user what to mend.
const CONSTANT: [(&str, &str); 10] = [
    ("field is immutable", "field is immutable"),
    (
        "updates to statefulset spec",
        "updates to statefulset spec for these fields are forbidden",
    ),
    ("may not be changed", "the field may not be changed"),
    ("illegal base64 data", "data values must be base64"),
    ("cannot unmarshal", "data values must be of type string"),
    ("expected string", "data values must be of type string"),
    ("must be no more than", "value is too long"),
    ("Too long", "value is too long"),
    ("Required value", "a required value is missing"),
    ("being terminated", "the namespace is being terminated"),
];

/// What is said of a text that is not shown.
const WITHHELD: &str = "the API server's text is withheld, it may quote values";

/// Returns what may be shown of a refusal of a Secret, or of another object that holds plaintext;
/// the status' reason itself is for the caller to say.
///
/// `reason` is the status' machine-readable reason, `message` its sentence.
pub fn of_secret<'a>(
    reason: &str,
    message: &str,
    causes: impl IntoIterator<Item = Cause<'a>>,
) -> String {
    let causes: Vec<_> = causes
        .into_iter()
        .map(|cause| {
            let why = constant(cause.message).or_else(|| word(cause.reason));
            let why = why.unwrap_or(WITHHELD);
            match path(cause.field) {
                Some(field) => format!("{field}: {why}"),
                None => why.to_owned(),
            }
        })
        .collect();
    if !causes.is_empty() {
        return causes.join(", ");
    }
    if let Some(missing) = MissingRights::read(reason, message) {
        return missing.to_string();
    }
    constant(message).unwrap_or(WITHHELD).to_owned()
}

/// Returns what to do about a refusal for want of rights.
///
/// `reason` is the status' machine-readable reason, `message` its sentence.
pub fn hint(reason: &str, message: &str) -> Option<String> {
    let missing = MissingRights::read(reason, message)?;
    Some(missing.hint())
}

/// Whether a refusal says that an immutable field would change.
pub fn is_immutable<'a>(message: &str, causes: impl IntoIterator<Item = Cause<'a>>) -> bool {
    let says_so =
        |text: &str| text.contains("field is immutable") || text.contains("is immutable when");
    says_so(message) || causes.into_iter().any(|cause| says_so(cause.message))
}

fn constant(message: &str) -> Option<&'static str> {
    CONSTANT
        .iter()
        .find(|(part, _)| message.contains(part))
        .map(|(_, sentence)| *sentence)
}

/// Returns a reason if it is one word, as all of the API server's own are.
fn word(reason: &str) -> Option<&str> {
    let is_word = !reason.is_empty() && reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_word && reason.len() <= 64).then_some(reason)
}

/// Returns a field path if it looks like one. Keys of a Secret are shown everywhere.
fn path(field: &str) -> Option<&str> {
    let is_path = !field.is_empty()
        && field.len() <= 320
        && field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".[]-_/".contains(&byte));
    is_path.then_some(field)
}

/// What the API server's own authorizer says: who may not do what, and where.
struct MissingRights<'a> {
    user: &'a str,
    verb: &'a str,
    resource: &'a str,
    group: &'a str,
    /// `None` at the scope of the cluster.
    namespace: Option<&'a str>,
}

impl<'a> MissingRights<'a> {
    fn read(reason: &str, message: &'a str) -> Option<Self> {
        if reason != "Forbidden" {
            return None;
        }
        let (_, rest) = message.split_once("is forbidden: User \"")?;
        let (user, rest) = rest.split_once("\" cannot ")?;
        let (verb, rest) = rest.split_once(" resource \"")?;
        let (resource, rest) = rest.split_once("\" in API group \"")?;
        let (group, rest) = rest.split_once('"')?;
        let namespace = rest
            .strip_prefix(" in the namespace \"")
            .and_then(|rest| rest.split_once('"'))
            .map(|(namespace, _)| namespace);
        let is_made_of = |text: &str, marks: &[u8]| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
        };
        let is_known = is_made_of(user, b":.-_@/")
            && word(verb).is_some()
            && is_made_of(resource, b"/.-")
            && is_made_of(group, b".-")
            && namespace.is_none_or(|namespace| is_made_of(namespace, b"-"));
        is_known.then_some(Self {
            user,
            verb,
            resource,
            group,
            namespace,
        })
    }

    /// Rights are given to a ServiceAccount by its name, to anybody else by the name they sign in
    /// with.
    fn hint(&self) -> String {
        let (verb, resource) = (self.verb, self.resource);
        let resource = match self.group {
            "" => resource.to_owned(),
            group => format!("{resource}.{group}"),
        };
        let binding = match self.namespace {
            Some(namespace) => format!("a Role and a RoleBinding in namespace {namespace:?}"),
            None => "a ClusterRole and a ClusterRoleBinding".to_owned(),
        };
        let account = self.user.strip_prefix("system:serviceaccount:");
        let who = match account.and_then(|account| account.split_once(':')) {
            Some((namespace, name)) => format!("ServiceAccount {namespace}/{name}"),
            None => format!("user {:?}", self.user),
        };
        format!("hint: allow {who} to {verb} {resource} by {binding}")
    }
}

impl fmt::Display for MissingRights<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            verb,
            resource,
            group,
            namespace,
        } = self;
        write!(
            formatter,
            "user {user:?} cannot {verb} resource {resource:?} in API group {group:?} "
        )?;
        match namespace {
            Some(namespace) => write!(formatter, "in the namespace {namespace:?}"),
            None => formatter.write_str("at the cluster scope"),
        }
    }
}

#[cfg(test)]
mod tests;
