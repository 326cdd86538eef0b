//! Difference: what applying would change of one object, for people and programs to read.
//!
//! What is compared is what [`crate::plan::differs`] compares, so that a difference is shown exactly
//! where a plan would write. Values of Secrets and whatever was decrypted never get here in the open:
//! [`conceal_alike`] sees to it before a [`crate::redact::View`] makes tokens of them.

use manifests::{CONCEALED, Manifest, pointer_token};
use serde_json::{Map, Value};

use crate::plan::LAST_APPLIED;

/// One field that would change.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// JSON pointer to it.
    pub path: String,
    /// What is there; `None` when the field is added.
    pub before: Option<Value>,
    /// What would be there; `None` when the field goes away.
    pub after: Option<Value>,
}

/// Returns of an object what a comparison looks at: names, labels, annotations and body.
///
/// All other metadata and the status are the API server's and the controllers' business.
pub fn compared(object: Value) -> Value {
    let Value::Object(fields) = object else {
        return object;
    };
    let kept = fields
        .into_iter()
        .filter(|(key, _)| key != "status")
        .map(|(key, value)| {
            let value = if key == "metadata" {
                compared_metadata(value)
            } else {
                value
            };
            (key, value)
        });
    Value::Object(kept.collect())
}

fn compared_metadata(metadata: Value) -> Value {
    let Value::Object(fields) = metadata else {
        return metadata;
    };
    let kept = fields.into_iter().filter_map(|(key, mut value)| {
        match key.as_str() {
            "name" | "namespace" => {}
            "labels" | "annotations" => {
                let marks = value.as_object_mut()?;
                marks.shift_remove(LAST_APPLIED);
                // Absent and empty are the same.
                if marks.is_empty() {
                    return None;
                }
            }
            _ => return None,
        }
        Some((key, value))
    });
    Value::Object(kept.collect())
}

/// Returns the fields in which two states of an object differ, each as deep in it as can be said.
pub fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    walk(before, after, "", &mut changes);
    changes
}

fn walk(before: &Value, after: &Value, path: &str, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => {
            let added = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(added) {
                let path = format!("{path}/{}", pointer_token(key));
                entry(before.get(key), after.get(key), &path, changes);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                walk(before, after, &format!("{path}/{index}"), changes);
            }
        }
        _ => entry_change(Some(before), Some(after), path, changes),
    }
}

fn entry(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &str,
    changes: &mut Vec<FieldChange>,
) {
    match (before, after) {
        (Some(before), Some(after)) => walk(before, after, path, changes),
        (before, after) => entry_change(before, after, path, changes),
    }
}

fn entry_change(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &str,
    changes: &mut Vec<FieldChange>,
) {
    changes.push(FieldChange {
        path: path.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    });
}

/// Conceals in what the API server has of an object each place in which the wanted object conceals
/// one, and whatever stands beside such a place and is not written in the open in the wanted object
/// too: a value that was decrypted earlier may have had another key or another place in a list.
pub fn conceal_alike(found: &mut Manifest, wanted: &Manifest) {
    let mut pointers = Vec::new();
    for (pointer, _) in wanted.concealed() {
        let Some((parent, _)) = pointer.rsplit_once('/') else {
            continue;
        };
        let parent: Vec<Step> = steps(wanted.object(), parent);
        let mut open = Vec::new();
        at(wanted.object(), &parent, "", &mut |place, path| {
            leaves(place, path, &mut |leaf, _| {
                if leaf.as_str() != Some(CONCEALED) {
                    open.push(leaf);
                }
            });
        });
        at(found.object(), &parent, "", &mut |place, path| {
            leaves(place, path, &mut |leaf, path| {
                if !open.contains(&leaf) {
                    pointers.push(path.to_owned());
                }
            });
        });
    }
    for pointer in pointers {
        found.conceal(&pointer);
    }
    found.conceal_secret_data();
}

/// One step of a path; a place in a list stands for every place in it.
enum Step {
    Key(String),
    Every,
}

fn steps(object: &Value, pointer: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut place = Some(object);
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        place = match place {
            Some(Value::Array(items)) => {
                steps.push(Step::Every);
                key.parse::<usize>().ok().and_then(|index| items.get(index))
            }
            place => {
                let below = place.and_then(|place| place.get(&key));
                steps.push(Step::Key(key));
                below
            }
        };
    }
    steps
}

/// Calls back for every place that a path leads to.
fn at<'a>(value: &'a Value, steps: &[Step], path: &str, found: &mut impl FnMut(&'a Value, &str)) {
    let Some((step, rest)) = steps.split_first() else {
        found(value, path);
        return;
    };
    match (step, value) {
        (Step::Key(key), Value::Object(entries)) => {
            if let Some(below) = entries.get(key) {
                at(
                    below,
                    rest,
                    &format!("{path}/{}", pointer_token(key)),
                    found,
                );
            }
        }
        (Step::Every, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                at(item, rest, &format!("{path}/{index}"), found);
            }
        }
        // Another shape than the wanted one: nobody knows where in it the value is.
        _ => found(value, path),
    }
}

/// Calls back for every scalar at and below a place.
fn leaves<'a>(value: &'a Value, path: &str, found: &mut impl FnMut(&'a Value, &str)) {
    match value {
        Value::Object(entries) => object_leaves(entries, path, found),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{index}"), found);
            }
        }
        _ => found(value, path),
    }
}

fn object_leaves<'a>(
    entries: &'a Map<String, Value>,
    path: &str,
    found: &mut impl FnMut(&'a Value, &str),
) {
    for (key, value) in entries {
        leaves(value, &format!("{path}/{}", pointer_token(key)), found);
    }
}

#[cfg(test)]
mod tests;
