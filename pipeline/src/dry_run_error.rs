//! What the API server says about an object with plaintext that it refuses, without what it quotes
//! (S8).
//!
//! The server's messages quote values: the rejected one, or the bytes around a syntax error. Field
//! paths, reasons and the few sentences known to be constant are kept, everything else is dropped.

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

/// Returns what may be shown of a refusal of a Secret, or of another object that holds plaintext.
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
            let why = constant(cause.message).unwrap_or(word(cause.reason));
            match path(cause.field) {
                Some(field) => format!("{field}: {why}"),
                None => why.to_owned(),
            }
        })
        .collect();
    if !causes.is_empty() {
        return format!("{}: {}", word(reason), causes.join(", "));
    }
    if let Some(rights) = missing_rights(reason, message) {
        return rights;
    }
    match constant(message) {
        Some(sentence) => format!("{}: {sentence}", word(reason)),
        None => format!(
            "{}: the API server's text is withheld, it may quote values",
            word(reason)
        ),
    }
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
fn word(reason: &str) -> &str {
    let is_word = !reason.is_empty() && reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_word && reason.len() <= 64 {
        reason
    } else {
        "Refused"
    }
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

/// Returns what the API server's own authorizer says: who may not do what.
fn missing_rights(reason: &str, message: &str) -> Option<String> {
    if reason != "Forbidden" {
        return None;
    }
    let (_, rest) = message.split_once("is forbidden: User \"")?;
    let (user, rest) = rest.split_once("\" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, _) = rest.split_once('"')?;
    let is_user = user
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b":.-_@/".contains(&byte));
    let is_resource = resource
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/.-".contains(&byte));
    (is_user && is_resource && word(verb) == verb)
        .then(|| format!("Forbidden: user {user:?} cannot {verb} resource {resource:?}"))
}

#[cfg(test)]
mod tests;
