//! A tree for programs.

use serde_json::{Value, json};

use super::node::{Node, State};

/// Returns units as JSON.
pub(super) fn json(units: &[Node]) -> String {
    let units: Vec<Value> = units.iter().map(node).collect();
    format!("{:#}\n", json!({"units": units}))
}

fn node(node: &Node) -> Value {
    let id = &node.id;
    let group = &id.group_kind.group;
    let api_version = if group.is_empty() {
        node.version.clone()
    } else {
        format!("{group}/{}", node.version)
    };
    let mut entry = json!({
        "apiVersion": api_version,
        "kind": id.group_kind.kind,
        "name": id.name,
    });
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry[key] = value;
        }
    };
    set("namespace", id.namespace.as_ref().map(|name| json!(name)));
    match &node.state {
        State::Seen(health) => {
            let health = health.as_ref();
            set(
                "health",
                health.map(|found| json!(found.health.to_string())),
            );
            let message = health.map(|found| &found.message);
            let message = message.filter(|text| !text.is_empty());
            set("message", message.map(|text| json!(text)));
        }
        State::Unreadable(reason) => set("unreadable", Some(json!(reason))),
    }
    set("created", node.created.map(|time| json!(time.to_string())));
    set("deleted", node.deleted.map(|time| json!(time.to_string())));
    set("revision", node.revision.as_ref().map(|text| json!(text)));
    set("waits", node.waits.as_ref().map(|text| json!(text)));
    let maker = node.maker.as_ref().map(|maker| {
        let refreshed = maker.refreshed.map(|time| time.to_string());
        json!({"object": maker.id.to_string(), "store": maker.store, "refreshed": refreshed})
    });
    set("maker", maker);
    if !node.children.is_empty() {
        set(
            "children",
            Some(node.children.iter().map(self::node).collect()),
        );
    }
    entry
}
