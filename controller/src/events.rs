//! Events on objects, in the form and under the names the upstream tools use.
//!
//! They are core `v1` events with `source.component`: that is what people's alerts and the roles of
//! an existing installation know. The same event again within ten minutes becomes a count, which is
//! written each time it has doubled.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use crate::driver::{Note, Severity};

/// How long the same event is counted instead of told again.
const SAME: SignedDuration = SignedDuration::from_mins(10);

/// How many events are remembered for counting.
const REMEMBERED: usize = 4096;

/// The API server refuses longer messages.
const LONGEST: usize = 1024;

/// No name is longer.
const LONGEST_NAME: usize = 253;

/// Writes events and remembers the last ones.
pub(crate) struct Events {
    client: Client,
    instance: String,
    told: Mutex<HashMap<Same, Told>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Same {
    component: &'static str,
    uid: String,
    reason: String,
    message: String,
}

struct Told {
    name: String,
    count: i32,
    at: Timestamp,
}

impl Events {
    /// Builds the writer.
    pub(crate) fn new(client: Client, instance: &str) -> Self {
        Self {
            client,
            instance: instance.to_owned(),
            told: Mutex::default(),
        }
    }

    /// Writes one event, signed by `component`.
    pub(crate) async fn publish(
        &self,
        component: &'static str,
        object: &ObjectReference,
        note: &Note,
        now: Timestamp,
    ) -> Result<(), kube::Error> {
        // Cluster-scoped objects have their events in the default namespace.
        let namespace = object.namespace.as_deref().unwrap_or("default");
        let events = Api::<Event>::namespaced(self.client.clone(), namespace);
        let same = Same {
            component,
            uid: object.uid.clone().unwrap_or_default(),
            reason: note.reason.clone(),
            message: shortened(&note.message),
        };
        if let Some((name, count)) = self.again(&same, now) {
            if !is_worth_writing(count) {
                return Ok(());
            }
            let patch = json!({"count": count, "lastTimestamp": Time(now)});
            match events
                .patch(&name, &PatchParams::default(), &Patch::Merge(patch))
                .await
            {
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                other => return other.map(|_| ()),
            }
        }
        let name = event_name(object.name.as_deref().unwrap_or_default(), rand::random());
        let event = self.event(&name, namespace, object, note.severity, &same, now);
        events.create(&PostParams::default(), &event).await?;
        self.remember(same, name, now);
        Ok(())
    }

    fn event(
        &self,
        name: &str,
        namespace: &str,
        object: &ObjectReference,
        severity: Severity,
        same: &Same,
        now: Timestamp,
    ) -> Event {
        Event {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            involved_object: object.clone(),
            type_: Some(severity.as_str().to_owned()),
            reason: Some(same.reason.clone()),
            message: Some(same.message.clone()),
            source: Some(EventSource {
                component: Some(same.component.to_owned()),
                ..EventSource::default()
            }),
            reporting_component: Some(same.component.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            first_timestamp: Some(Time(now)),
            last_timestamp: Some(Time(now)),
            count: Some(1),
            ..Event::default()
        }
    }

    /// Counts an event that was told a short while ago; `None` when it is to be told.
    fn again(&self, same: &Same, now: Timestamp) -> Option<(String, i32)> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let last = told
            .get_mut(same)
            .filter(|last| now.duration_since(last.at) < SAME)?;
        last.count += 1;
        Some((last.name.clone(), last.count))
    }

    fn remember(&self, same: Same, name: String, now: Timestamp) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= REMEMBERED {
            told.retain(|_, last| now.duration_since(last.at) < SAME);
        }
        if told.len() < REMEMBERED {
            told.insert(
                same,
                Told {
                    name,
                    count: 1,
                    at: now,
                },
            );
        }
    }
}

/// An event's name begins with its object's, which may be as long as a name can be.
fn event_name(object: &str, random: u64) -> String {
    let begin: String = object.chars().take(LONGEST_NAME - 17).collect();
    let begin = begin.trim_end_matches(|last: char| !last.is_ascii_alphanumeric());
    format!("{begin}.{random:x}")
}

/// While a backend is away, thousands of objects say so every few seconds: the API server is told
/// each doubling and not each time.
fn is_worth_writing(count: i32) -> bool {
    count.count_ones() == 1
}

fn shortened(message: &str) -> String {
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let mut text = String::new();
    for character in message.chars() {
        if text.len() + character.len_utf8() + '…'.len_utf8() > LONGEST {
            break;
        }
        text.push(character);
    }
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events_are_never_too_long() {
        assert_eq!(event_name("web", 255), "web.ff");
        let name = event_name(&format!("{}.{}", "a".repeat(235), "b".repeat(17)), u64::MAX);
        assert!(name.len() <= LONGEST_NAME && !name.contains(".."), "{name}");
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let text = shortened(&"ä".repeat(2_000));
        assert!(text.len() <= LONGEST && text.ends_with('…'));
        assert_eq!(shortened("short"), "short");
    }
}
