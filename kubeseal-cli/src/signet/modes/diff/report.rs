//! Differences as a unified diff, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use manifests::{Manifest, ObjectId, wipe};
use pipeline::comparison::IgnoredFields;
use pipeline::difference::{compared, fields};
use pipeline::plan::{Action, Entry, Skip};
use pipeline::redact::{Taint, View, masked};
use secret_bytes::SecretBytes;
use serde_json::{Value, json};
use similar::TextDiff;

use super::look::Looked;
use crate::signet::colours::{Colour, Colours};
use crate::signet::error::Error;
use crate::signet::mode::Secrets;
use crate::signet::output::plain;
use crate::signet::printable::one_line;
use crate::yaml;

/// Everything a comparison found.
pub(super) struct Report {
    pub(super) looked: Vec<Looked>,
    pub(super) pruned: Vec<Entry>,
    /// What prune would have to look at and could not.
    pub(super) unread: BTreeMap<ObjectId, String>,
    pub(super) notes: Vec<String>,
    pub(super) ignored: Vec<IgnoredFields>,
    pub(super) taint: Taint,
    pub(super) view: View,
    pub(super) secrets: Secrets,
}

/// Both sides of a difference, for people.
struct Sides {
    before: Option<Value>,
    after: Option<Value>,
}

impl Drop for Sides {
    fn drop(&mut self) {
        self.before.iter_mut().for_each(wipe);
        self.after.iter_mut().for_each(wipe);
    }
}

impl Report {
    /// Takes every value that was seen for one that must not be shown.
    pub(super) fn tainted(mut self) -> Self {
        for object in &self.looked {
            let mut wanted = object.wanted.clone();
            wanted.conceal_secret_data();
            self.taint.add_concealed(&wanted);
            for found in object.live.iter().chain(&object.predicted) {
                self.taint.add_concealed(found);
            }
        }
        self
    }

    /// Whether nothing would change.
    pub(super) fn is_empty(&self) -> bool {
        self.changed().next().is_none() && self.deleted().next().is_none()
    }

    /// Returns what the user should know besides, a line each.
    pub(super) fn notes(&self) -> Vec<String> {
        let left_alone = self
            .looked
            .iter()
            .filter_map(|object| Some((&object.id, object.foreseen.as_ref().ok()?)))
            .chain(self.pruned.iter().map(|entry| (&entry.id, &entry.action)))
            .filter_map(|(id, action)| {
                let why = match action {
                    Action::Skipped(Skip::Protected(_)) => "a mark on it protects it".to_owned(),
                    Action::Skipped(Skip::NotOurs) => {
                        "it is no longer wanted, but not the unit's".to_owned()
                    }
                    Action::Skipped(Skip::Claimed { by }) => format!("it belongs to {by}"),
                    _ => return None,
                };
                Some(format!("note: {id} is left as it is: {why}"))
            });
        self.notes.iter().cloned().chain(left_alone).collect()
    }

    /// Returns why objects could not be compared.
    pub(super) fn refusals(&self) -> Vec<Error> {
        let refused = self
            .looked
            .iter()
            .filter_map(|object| Some((&object.id, object.foreseen.as_ref().err()?)));
        refused
            .chain(&self.unread)
            .map(|(object, message)| Error::NotCompared {
                object: object.clone(),
                // The API server may quote what it refuses.
                message: match self.secrets {
                    Secrets::Masked => self.taint.mask(message, &self.view),
                    Secrets::Shown => message.clone(),
                },
            })
            .collect()
    }

    /// Returns one line that counts.
    pub(super) fn summary(&self) -> String {
        let count = |wanted: &Action| {
            let foreseen = self
                .looked
                .iter()
                .filter_map(|object| object.foreseen.as_ref().ok());
            foreseen.filter(|action| *action == wanted).count()
        };
        let mut parts = Vec::new();
        for (number, word) in [
            (count(&Action::Created), "created"),
            (count(&Action::Configured), "configured"),
            (self.deleted().count(), "deleted"),
            (count(&Action::Unchanged), "unchanged"),
            (self.refusals().len(), "not compared"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        if parts.is_empty() {
            parts.push("no objects".to_owned());
        }
        parts.join(", ")
    }

    /// Returns a unified diff of each object that would change.
    pub(super) fn text(&self, colours: Colours) -> SecretBytes {
        let mut text = String::new();
        for (object, action) in self.changed() {
            let name = one_line(&object.id.to_string());
            text.push_str(&colours.paint(Colour::Bold, &format!("{name} {action}")));
            text.push('\n');
            let sides = self.sides(object, action);
            unified(&sides, &name, colours, &mut text);
        }
        for entry in self.deleted() {
            let line = one_line(&format!("{entry}: it is no longer wanted"));
            text.push_str(&colours.paint(Colour::Red, &line));
            text.push('\n');
        }
        SecretBytes::from(text)
    }

    /// Returns the same for programs.
    pub(super) fn json(&self) -> SecretBytes {
        let mut objects: Vec<Value> = self
            .changed()
            .map(|(object, action)| {
                let mut sides = self.sides(object, action);
                let mut entry = named(&object.id, object.wanted.version(), action);
                match (&sides.before, sides.after.take()) {
                    (Some(before), Some(after)) => {
                        let changes = fields(before, &after);
                        let changes: Vec<Value> = changes
                            .into_iter()
                            .map(|change| {
                                json!({"path": change.path, "before": change.before,
                                    "after": change.after})
                            })
                            .collect();
                        entry["fields"] = Value::Array(changes);
                    }
                    (_, after) => entry["object"] = after.unwrap_or_default(),
                }
                entry
            })
            .collect();
        objects.extend(
            self.deleted()
                .map(|entry| named(&entry.id, &entry.version, &entry.action)),
        );
        let not_compared: Vec<Value> = self
            .refusals()
            .iter()
            .map(|error| Value::String(error.to_string()))
            .collect();
        let mut report = json!({"objects": objects, "notCompared": not_compared});
        let text = format!("{report:#}\n");
        wipe(&mut report);
        SecretBytes::from(text)
    }

    fn changed(&self) -> impl Iterator<Item = (&Looked, &Action)> {
        self.looked.iter().filter_map(|object| {
            let action = object.foreseen.as_ref().ok()?;
            matches!(action, Action::Created | Action::Configured).then_some((object, action))
        })
    }

    fn deleted(&self) -> impl Iterator<Item = &Entry> {
        self.pruned
            .iter()
            .filter(|entry| entry.action == Action::Deleted)
    }

    fn sides(&self, object: &Looked, action: &Action) -> Sides {
        let after = self.shown(object.predicted.as_ref().unwrap_or(&object.wanted));
        let live = object.live.as_ref().filter(|_| *action != Action::Created);
        let Some(live) = live else {
            return Sides {
                before: None,
                after: Some(compared(after)),
            };
        };
        let (before, after) =
            IgnoredFields::leave_out(&self.ignored, &object.id, &self.shown(live), &after);
        Sides {
            before: Some(compared(before)),
            after: Some(compared(after)),
        }
    }

    fn shown(&self, manifest: &Manifest) -> Value {
        match self.secrets {
            Secrets::Masked => masked(manifest, &self.taint, &self.view),
            Secrets::Shown => plain(manifest),
        }
    }
}

fn named(id: &ObjectId, version: &str, action: &Action) -> Value {
    let group = &id.group_kind.group;
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    let mut entry = json!({
        "action": action.to_string(),
        "apiVersion": api_version,
        "kind": id.group_kind.kind,
        "name": id.name,
    });
    if let Some(namespace) = &id.namespace {
        entry["namespace"] = Value::String(namespace.clone());
    }
    entry
}

fn unified(sides: &Sides, id: &str, colours: Colours, text: &mut String) {
    let document = |side: &Option<Value>| {
        SecretBytes::from(side.as_ref().map(yaml::document).unwrap_or_default())
    };
    let (before, after) = (document(&sides.before), document(&sides.after));
    // EXPOSE: masked unless the user asked for plaintext and may read it.
    let (Ok(before), Ok(after)) = (before.expose_str(), after.expose_str()) else {
        return;
    };
    let name = |side: &Option<Value>, place: &str| match side {
        Some(_) => format!("{place}/{id}"),
        None => "/dev/null".to_owned(),
    };
    let (old, new) = (name(&sides.before, "live"), name(&sides.after, "wanted"));
    let lines = TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(&old, &new)
        .to_string();
    if lines.is_empty() {
        text.push_str("values differ, and their tokens happen to be equal; run it again\n");
    }
    for line in lines.lines() {
        let colour = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Some(Colour::Bold),
            [b'-', ..] => Some(Colour::Red),
            [b'+', ..] => Some(Colour::Green),
            [b'@', ..] => Some(Colour::Cyan),
            _ => None,
        };
        match colour {
            // Writing to a text cannot fail.
            Some(colour) => drop(writeln!(text, "{}", colours.paint(colour, line))),
            None => drop(writeln!(text, "{line}")),
        }
    }
}
