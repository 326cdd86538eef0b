//! Reading manifests: a bounded YAML or JSON stream becomes a list of [`Manifest`]s.
//!
//! Built on the parser's events instead of a typed reader, because what a plain scalar means must
//! be what the tools a repository was written for make of it, and those do not agree with each
//! other ([`Dialect`]). No error holds a value of the document: it names file, document, line,
//! column and, where there is one, the key.

use std::fmt;

use serde_json::Value;

use crate::{ArtifactPath, Manifest, Origin};

mod json;
mod scalar;
mod timestamp;
mod yaml;

/// What a document may cost before it is refused (I7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the text, and of all text that aliases repeat.
    pub bytes: usize,
    /// Nesting of mappings and sequences.
    pub depth: usize,
    /// Values in the whole stream, with aliases counted as often as they are used.
    pub nodes: usize,
    /// Documents in the stream.
    pub documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 128,
            nodes: 1_000_000,
            documents: 10_000,
        }
    }
}

/// Whose reading of plain scalars to follow.
///
/// Measured on both: they differ in `yes`/`no`/`on`/`off`/`y`/`n`, in dates, and in keys that are
/// no strings; all else (`0777`, `1_000`, `1e3`, `~`, …) they read alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `kubectl` and Argo CD directories: the words are booleans, dates stay text, keys become text.
    #[default]
    Kubectl,
    /// kustomize: the words stay text, dates become RFC 3339, every key must be text.
    Kustomize,
}

/// A stream could not be read. Says where and what; never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", Place(self))]
pub struct ReadManifests {
    /// The file, when the stream has one.
    pub path: Option<ArtifactPath>,
    /// Which document of the stream, from 0.
    pub document: usize,
    /// Line and column, from 1, when known.
    pub position: Option<(usize, usize)>,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text, or what aliases make of it, is too large.
    #[error("more than {limit} bytes of text")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many nested mappings and sequences.
    #[error("nested more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Too many values, aliases expanded.
    #[error("more than {limit} values, aliases counted as often as they are used")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// Too many documents.
    #[error("more than {limit} documents")]
    TooManyDocuments {
        /// The limit.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("not UTF-8 text")]
    Encoding,
    /// The text is not well-formed.
    #[error("{reason}")]
    Syntax {
        /// What the parser stumbled over, without the text itself.
        reason: String,
    },
    /// A mapping holds a key twice.
    #[error("duplicate key {key:?}")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key is a mapping, a sequence, null or, in kustomize's dialect, no text.
    #[error("a key that is not text")]
    Key,
    /// Infinity or not-a-number, which JSON cannot hold.
    #[error("a number that JSON cannot hold")]
    Number,
    /// The value does not fit its tag.
    #[error("a value that does not fit its tag {tag}")]
    Tag {
        /// The tag.
        tag: String,
    },
    /// An alias stands inside the node it repeats.
    #[error("an alias inside the node it stands for")]
    RecursiveAlias,
    /// `<<` does not hold a mapping or a list of mappings.
    #[error("a merge key that holds no mapping")]
    Merge,
    /// The document is text, a number or a list.
    #[error("the document is not an object")]
    NotAnObject,
    /// A field that names the object is no text, as an unquoted `no` or `5` is none.
    #[error("{field} of {object} is not text; hint: quote it")]
    NotText {
        /// As much of the object's identity as there is.
        object: String,
        /// `apiVersion`, `kind`, `metadata.name` or `metadata.namespace`.
        field: &'static str,
    },
    /// A required field is missing.
    #[error("{object} has no {field}")]
    Missing {
        /// As much of the object's identity as there is.
        object: String,
        /// `apiVersion`, `kind` or `metadata.name`.
        field: &'static str,
    },
}

/// Writes `path:line:column (document N): `, as far as it is known.
struct Place<'a>(&'a ReadManifests);

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        match (&error.path, error.position) {
            (Some(path), Some((line, column))) => write!(formatter, "{path}:{line}:{column}")?,
            (Some(path), None) => write!(formatter, "{path}")?,
            (None, Some((line, column))) => write!(formatter, "line {line} column {column}")?,
            (None, None) => write!(formatter, "document {}", error.document + 1)?,
        }
        if error.document > 0 && (error.path.is_some() || error.position.is_some()) {
            write!(formatter, " (document {})", error.document + 1)?;
        }
        formatter.write_str(": ")
    }
}

/// Reads a YAML stream the way `kubectl` does.
///
/// Empty documents are skipped, a `kind: …List` gives its items, duplicate keys are refused.
///
/// # Errors
///
/// When the text is malformed, exceeds a limit, or a document is no Kubernetes object.
///
/// ```
/// use manifests::{Limits, read_yaml};
/// let text = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: apps}\n";
/// let read = read_yaml(text, None, &Limits::default()).unwrap();
/// assert_eq!(read[0].name(), "apps");
/// ```
pub fn read_yaml(
    bytes: &[u8],
    path: Option<&ArtifactPath>,
    limits: &Limits,
) -> Result<Vec<Manifest>, ReadManifests> {
    read_yaml_as(Dialect::Kubectl, bytes, path, limits)
}

/// Reads a YAML stream in the given dialect.
///
/// # Errors
///
/// As [`read_yaml`].
pub fn read_yaml_as(
    dialect: Dialect,
    bytes: &[u8],
    path: Option<&ArtifactPath>,
    limits: &Limits,
) -> Result<Vec<Manifest>, ReadManifests> {
    collect(yaml::documents(bytes, dialect, limits), path)
}

/// Reads every document of a YAML stream, whatever it holds; empty documents are left out.
///
/// For files that are no Kubernetes objects, or that lack a name, such as a kustomization file.
///
/// # Errors
///
/// When the text is malformed or exceeds a limit.
pub fn read_values(
    dialect: Dialect,
    bytes: &[u8],
    path: Option<&ArtifactPath>,
    limits: &Limits,
) -> Result<Vec<Value>, ReadManifests> {
    let documents = yaml::documents(bytes, dialect, limits).map_err(|failure| ReadManifests {
        path: path.cloned(),
        document: failure.document,
        position: failure.position,
        problem: failure.problem,
    })?;
    let values = documents.into_iter().map(|document| document.value);
    Ok(values.filter(|value| !value.is_null()).collect())
}

/// Reads a JSON stream: one value, or several one after the other.
///
/// # Errors
///
/// As [`read_yaml`].
pub fn read_json(
    bytes: &[u8],
    path: Option<&ArtifactPath>,
    limits: &Limits,
) -> Result<Vec<Manifest>, ReadManifests> {
    collect(json::documents(bytes, limits), path)
}

/// One value of a stream and where it begins.
struct Document {
    index: usize,
    position: Option<(usize, usize)>,
    value: Value,
}

/// What went wrong before the file's name is known.
struct Failure {
    document: usize,
    position: Option<(usize, usize)>,
    problem: Problem,
}

fn collect(
    documents: Result<Vec<Document>, Failure>,
    path: Option<&ArtifactPath>,
) -> Result<Vec<Manifest>, ReadManifests> {
    let locate = |failure: Failure| ReadManifests {
        path: path.cloned(),
        document: failure.document,
        position: failure.position,
        problem: failure.problem,
    };
    let mut manifests = Vec::new();
    for document in documents.map_err(locate)? {
        let Document {
            index,
            position,
            value,
        } = document;
        let origin = path.map(|path| Origin {
            path: path.clone(),
            document: index,
        });
        if value.is_null() {
            continue;
        }
        take(value, origin.as_ref(), &mut manifests).map_err(|problem| {
            locate(Failure {
                document: index,
                position,
                problem,
            })
        })?;
    }
    Ok(manifests)
}

/// Adds an object, or the items of a list, to `manifests`.
fn take(
    value: Value,
    origin: Option<&Origin>,
    manifests: &mut Vec<Manifest>,
) -> Result<(), Problem> {
    let Value::Object(mut object) = value else {
        return Err(Problem::NotAnObject);
    };
    let list_kind = object.get("kind").and_then(Value::as_str).and_then(|kind| {
        kind.strip_suffix("List")
            .filter(|_| object.get("items").is_some_and(Value::is_array))
    });
    let Some(item_kind) = list_kind.map(str::to_owned) else {
        let value = Value::Object(object);
        if let Some(problem) = identity_problem(&value) {
            return Err(problem);
        }
        manifests.extend(Manifest::new(value, origin.cloned()));
        return Ok(());
    };
    let api_version = object.get("apiVersion").cloned();
    if let Some(Value::Array(items)) = object.swap_remove("items") {
        for mut item in items {
            // Items of a typed list may leave out what the list's own kind says.
            if let (Some(item), false) = (item.as_object_mut(), item_kind.is_empty()) {
                if let Some(api_version) = &api_version {
                    item.entry("apiVersion")
                        .or_insert_with(|| api_version.clone());
                }
                item.entry("kind")
                    .or_insert_with(|| Value::String(item_kind.clone()));
            }
            take(item, origin, manifests)?;
        }
    }
    Ok(())
}

/// Says what is wrong with the fields that name an object, naming it by what it has.
fn identity_problem(value: &Value) -> Option<Problem> {
    let fields = [
        ("apiVersion", "/apiVersion"),
        ("kind", "/kind"),
        ("metadata.name", "/metadata/name"),
        ("metadata.namespace", "/metadata/namespace"),
    ];
    let text = |pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let object = || match (text("/kind"), text("/metadata/name")) {
        (Some(kind), Some(name)) => format!("{kind}/{name}"),
        (Some(kind), None) => kind.to_owned(),
        (None, Some(name)) => format!("the object named {name:?}"),
        (None, None) => "the object".to_owned(),
    };
    fields
        .into_iter()
        .find_map(|(field, pointer)| match value.pointer(pointer) {
            Some(Value::String(text)) if !text.is_empty() => None,
            None | Some(Value::Null | Value::String(_)) => {
                (field != "metadata.namespace").then(|| Problem::Missing {
                    object: object(),
                    field,
                })
            }
            Some(_) => Some(Problem::NotText {
                object: object(),
                field,
            }),
        })
}

#[cfg(test)]
mod tests;
