//! Fields that do not count in a comparison.

use manifests::ObjectId;
use serde_json::{Map, Value};

use crate::health::Fields;

/// Fields of some objects that do not count in a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredFields {
    /// API group; empty is the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name; `None` is any.
    pub name: Option<String>,
    /// Namespace; `None` is any.
    pub namespace: Option<String>,
    /// JSON pointers to fields.
    pub pointers: Vec<String>,
    /// Field managers whose fields do not count.
    pub managers: Vec<String>,
}

impl IgnoredFields {
    /// Whether an object has the fields.
    pub fn matches(&self, id: &ObjectId) -> bool {
        let is_any = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == is)
        };
        self.group == id.group_kind.group
            && self.kind == id.group_kind.kind
            && is_any(&self.name, Some(&id.name))
            && is_any(&self.namespace, id.namespace.as_deref())
    }

    /// Returns the live and the predicted object without the fields that do not count for it.
    pub fn leave_out(
        rules: &[Self],
        id: &ObjectId,
        live: &Value,
        predicted: &Value,
    ) -> (Value, Value) {
        let rules: Vec<&Self> = rules.iter().filter(|rule| rule.matches(id)).collect();
        without(&rules, live, predicted)
    }
}

/// Returns the live and the predicted object without the fields that do not count (G-087, G-088).
pub(super) fn without(rules: &[&IgnoredFields], live: &Value, predicted: &Value) -> (Value, Value) {
    let (mut live, mut predicted) = (live.clone(), predicted.clone());
    let owned: Vec<Value> = live
        .list("/metadata/managedFields")
        .iter()
        .filter(|entry| {
            let manager = entry.text("/manager");
            rules
                .iter()
                .any(|rule| rule.managers.iter().any(|ignored| ignored == manager))
        })
        .filter_map(|entry| entry.get("fieldsV1").cloned())
        .collect();
    for object in [&mut live, &mut predicted] {
        for fields in &owned {
            remove_owned(object, fields);
        }
        for pointer in rules.iter().flat_map(|rule| &rule.pointers) {
            remove(object, pointer);
        }
    }
    (live, predicted)
}

/// Takes away what a JSON pointer leads to; one that leads nowhere is fine.
fn remove(object: &mut Value, pointer: &str) {
    let Some((parent, token)) = pointer.rsplit_once('/') else {
        return;
    };
    let token = token.replace("~1", "/").replace("~0", "~");
    match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.shift_remove(&token);
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = token.parse::<usize>()
                && index < items.len()
            {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// Takes away the fields that a manager owns, as `managedFields` lists them.
fn remove_owned(object: &mut Value, fields: &Value) {
    let Some(fields) = fields.as_object() else {
        return;
    };
    for (key, below) in fields {
        match key.split_once(':') {
            Some(("f", name)) => remove_field(object, name, below),
            Some(("k", keys)) => remove_item(object, keys, below),
            Some(("v", value)) => {
                if let (Some(items), Ok(value)) =
                    (object.as_array_mut(), serde_json::from_str::<Value>(value))
                {
                    items.retain(|item| *item != value);
                }
            }
            _ => {}
        }
    }
}

fn remove_field(object: &mut Value, name: &str, below: &Value) {
    let Some(held) = object.as_object_mut() else {
        return;
    };
    if is_leaf(below) {
        held.shift_remove(name);
    } else if let Some(field) = held.get_mut(name) {
        remove_owned(field, below);
    }
}

/// An item of a list is named by some of its fields.
fn remove_item(object: &mut Value, keys: &str, below: &Value) {
    let (Some(items), Ok(keys)) = (
        object.as_array_mut(),
        serde_json::from_str::<Map<String, Value>>(keys),
    ) else {
        return;
    };
    let named = |item: &Value| keys.iter().all(|(key, value)| item.get(key) == Some(value));
    if is_leaf(below) {
        items.retain(|item| !named(item));
    } else if let Some(item) = items.iter_mut().find(|item| named(item)) {
        remove_owned(item, below);
    }
}

fn is_leaf(below: &Value) -> bool {
    below
        .as_object()
        .is_none_or(|fields| fields.keys().all(|key| key == "."))
}
