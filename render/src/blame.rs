//! Which file of the artifact a failed build is to be blamed on, and which may not be quoted.
//!
//! kustomize's errors name no file where reading one goes wrong deep inside of it, and quote what
//! they stumble over. A plain Secret in a repository is no secret to its readers, but conditions,
//! events and logs have others (S5).

use manifests::{
    ArtifactPath, Dialect, InputKind, Limits, Problem, ReadManifests, Tree, read_values,
};
use secret_bytes::SecretBytes;
use serde_json::Value;

use crate::RenderError;
use crate::kustomization::{Kustomization, fields};
use crate::walk::{Walk, texts_of};

/// Shorter values would be found everywhere.
const SHORTEST: usize = 4;

/// Returns the error to show for a build that failed.
pub(crate) fn explain(error: RenderError, tree: &Tree, walk: &Walk) -> RenderError {
    match (unreadable(tree, walk), error) {
        (Some(read), _) => read,
        (None, RenderError::Kustomize { message }) => withhold(message, tree, walk),
        (None, error) => error,
    }
}

/// Returns what is wrong with a file that is nested too deep, too large, or has a key twice.
fn unreadable(tree: &Tree, walk: &Walk) -> Option<RenderError> {
    let unread = manifest_files(walk).filter_map(|path| unread(tree, path));
    let mut limits = unread.filter(|error| {
        matches!(
            error.problem,
            Problem::TooLarge { .. }
                | Problem::TooDeep { .. }
                | Problem::TooManyValues { .. }
                | Problem::TooManyDocuments { .. }
                | Problem::RecursiveAlias
                | Problem::DuplicateKey { .. }
        )
    });
    limits.next().map(|source| RenderError::Read { source })
}

/// Returns the files that kustomize reads as YAML: manifests and patches.
fn manifest_files(walk: &Walk) -> impl Iterator<Item = &ArtifactPath> {
    let inputs = walk.inputs.iter();
    let patches = inputs.filter(|input| input.kind == InputKind::Patch);
    walk.resources
        .iter()
        .chain(patches.map(|input| &input.path))
}

fn unread(tree: &Tree, path: &ArtifactPath) -> Option<ReadManifests> {
    let content = &tree.file(path)?.content;
    read_values(Dialect::Kustomize, content, Some(path), &Limits::default()).err()
}

/// Withholds a message that quotes a value of a plain Secret.
fn withhold(message: String, tree: &Tree, walk: &Walk) -> RenderError {
    let mut is_delicate = false;
    let mut quoted: Vec<&ArtifactPath> = Vec::new();
    for (path, values) in values(tree, walk) {
        is_delicate |= !values.is_empty();
        // EXPOSE: compared with the message, nothing is copied.
        let is_quoted = |value: &SecretBytes| {
            let mut parts = message.as_bytes().windows(value.len());
            parts.any(|part| part == value.expose())
        };
        if values.iter().any(is_quoted) {
            quoted.push(path);
        }
    }
    let is_quoted = |path: &&ArtifactPath| quoted.contains(path);
    if let Some(source) = manifest_files(walk)
        .filter(is_quoted)
        .find_map(|path| unread(tree, path))
    {
        // Our own reader says where, and quotes nothing.
        return RenderError::Read { source };
    }
    if !quoted.is_empty() {
        let mut files: Vec<_> = quoted.iter().map(ToString::to_string).collect();
        files.dedup();
        return RenderError::Withheld {
            files: files.join(", "),
        };
    }
    let message = if is_delicate {
        unquoted(&message)
    } else {
        message
    };
    RenderError::Kustomize { message }
}

/// Cuts what stands between backquotes: the YAML library puts the first bytes of a value there,
/// which cannot be found as the value.
fn unquoted(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 1 { "`…`" } else { part })
        .collect()
}

/// Returns the values of Secrets in each file that a build reads.
fn values<'a>(tree: &'a Tree, walk: &'a Walk) -> Vec<(&'a ArtifactPath, Vec<SecretBytes>)> {
    let mut found = Vec::new();
    let mut look = |path: &'a ArtifactPath, values: fn(&[u8]) -> Vec<SecretBytes>| {
        if let Some(file) = tree.file(path) {
            found.push((path, values(&file.content)));
        }
    };
    for path in &walk.kustomizations {
        look(path, of_kustomization);
    }
    for path in &walk.resources {
        look(path, of_manifests);
    }
    for input in &walk.inputs {
        match input.kind {
            InputKind::Patch => look(&input.path, of_manifests),
            _ => look(&input.path, of_lines),
        }
    }
    found
}

/// Literals of generated Secrets, and patches that stand in the kustomization file itself.
fn of_kustomization(content: &[u8]) -> Vec<SecretBytes> {
    let Ok(documents) = read_values(Dialect::Kustomize, content, None, &Limits::default()) else {
        return of_lines(content);
    };
    let kustomization = Kustomization::of(documents);
    let generators = kustomization.list("secretGenerator");
    let literals = generators.flat_map(|generator| texts_of(generator, "literals"));
    let patches = kustomization.texts_in("patches", "patch");
    let patches = patches.chain(kustomization.texts_in("patchesJson6902", "patch"));
    let patches = patches.chain(kustomization.texts("patchesStrategicMerge"));
    let mut values: Vec<_> = literals
        .flat_map(|text| of_lines(text.as_bytes()))
        .collect();
    values.extend(patches.flat_map(|text| of_manifests(text.as_bytes())));
    values
}

/// Values of Secrets, and of operations of patches, which do not say what they are for.
fn of_manifests(content: &[u8]) -> Vec<SecretBytes> {
    let Ok(documents) = read_values(Dialect::Kustomize, content, None, &Limits::default()) else {
        // What cannot be read may be a Secret.
        return of_lines(content);
    };
    let mut values = Vec::new();
    for document in &documents {
        if document.get("kind").is_some_and(|kind| kind == "Secret") {
            for name in ["data", "stringData"] {
                fields(document, name).for_each(|data| leaves(data, &mut values));
            }
        }
        let operations = document.as_array().into_iter().flatten();
        operations
            .flat_map(|operation| fields(operation, "value"))
            .for_each(|value| leaves(value, &mut values));
    }
    values
}

fn leaves(value: &Value, found: &mut Vec<SecretBytes>) {
    match value {
        Value::Object(entries) => entries.values().for_each(|entry| leaves(entry, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::String(text) => found.extend(of_lines(text.as_bytes())),
        Value::Number(number) => found.extend(of_lines(number.to_string().as_bytes())),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Every line, and what stands in it behind each name: `name=value`, `name: value`, `{name: value}`.
fn of_lines(content: &[u8]) -> Vec<SecretBytes> {
    let lines = content.split(|byte| *byte == b'\n');
    lines.flat_map(of_line).collect()
}

fn of_line(line: &[u8]) -> Vec<SecretBytes> {
    const NAMING: [&[u8]; 5] = [b"apiVersion", b"kind", b"name", b"namespace", b"type"];
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || b"-\"'*&!|>{[]},".contains(byte);
    let bare = |text: &[u8]| {
        let start = text.iter().position(|byte| !is_mark(byte));
        let end = text.iter().rposition(|byte| !is_mark(byte));
        let place = start.zip(end).map(|(start, end)| start..=end);
        place
            .and_then(|place| text.get(place).map(<[u8]>::to_vec))
            .unwrap_or_default()
    };
    let mut values = Vec::new();
    let mut name = Vec::new();
    let mut rest = line;
    loop {
        // What names an object stands in every message about it.
        if !NAMING.contains(&name.as_slice()) {
            let end = rest.iter().position(|byte| b",}]".contains(byte));
            values.push(bare(rest));
            values.push(bare(
                rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(),
            ));
        }
        let Some(at) = rest.iter().position(|byte| b"=:".contains(byte)) else {
            break;
        };
        let before = rest.get(..at).unwrap_or_default();
        name = bare(
            before
                .rsplit(|byte| is_mark(byte))
                .next()
                .unwrap_or_default(),
        );
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    // Ciphertext may be quoted.
    values.retain(|value| value.len() >= SHORTEST && !value.starts_with(b"ENC["));
    values.into_iter().map(SecretBytes::new).collect()
}

#[cfg(test)]
mod tests;
