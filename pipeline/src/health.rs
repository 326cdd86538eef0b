//! Health: is an object doing its job? Two sets of rules, one vocabulary.

use std::fmt;

use jiff::Timestamp;
use manifests::ObjectId;
use serde_json::Value;

use crate::unit::HealthModel;

pub mod argo;
pub mod kstatus;

/// Whether an object does its job. Ordered from best to worst, as Argo CD orders them (G-106).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Health {
    /// It does.
    Healthy,
    /// Paused on purpose.
    Suspended,
    /// On its way.
    Progressing,
    /// Not there.
    Missing,
    /// It failed, or will not get there.
    Degraded,
    /// Nobody can tell.
    Unknown,
}

impl fmt::Display for Health {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        })
    }
}

/// An object's health, the word its rules have for it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The health.
    pub health: Health,
    /// The word of the rules: `InProgress`, `Degraded`, ….
    pub word: &'static str,
    /// Why, possibly empty.
    pub message: String,
}

/// Assesses a live object, or its absence.
///
/// `None` when the rules have no opinion on the kind, which then influences nothing.
pub fn assess(model: HealthModel, live: Option<&Value>, now: Timestamp) -> Option<Assessment> {
    match model {
        HealthModel::Kstatus => Some(match live {
            Some(live) => kstatus::evaluate(live, now).into(),
            None => kstatus::Evaluation::not_found().into(),
        }),
        HealthModel::Argo => match live {
            Some(live) => argo::evaluate(live),
            None => Some(Assessment {
                health: Health::Missing,
                word: "Missing",
                message: String::new(),
            }),
        },
    }
}

/// Whether the objects a unit or stage waits for are all doing their job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of them do.
    Passed,
    /// Some are on their way.
    Waiting(Vec<Pending>),
    /// At least one failed; there is no use in waiting.
    Failed(Vec<Pending>),
}

/// An object that is not healthy yet, or never will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which object.
    pub id: ObjectId,
    /// How it is.
    pub assessment: Assessment,
}

impl fmt::Display for Pending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} status: '{}'", self.id, self.assessment.word)
    }
}

/// Judges objects, each with what the API server has of it (G-188).
pub fn judge<'a>(
    model: HealthModel,
    objects: impl IntoIterator<Item = (ObjectId, Option<&'a Value>)>,
    now: Timestamp,
) -> Verdict {
    let mut waiting = Vec::new();
    let mut failed = Vec::new();
    for (id, live) in objects {
        let Some(assessment) = assess(model, live, now) else {
            continue;
        };
        match assessment.health {
            Health::Healthy | Health::Suspended => {}
            Health::Progressing | Health::Missing | Health::Unknown => {
                waiting.push(Pending { id, assessment });
            }
            Health::Degraded => failed.push(Pending { id, assessment }),
        }
    }
    if !failed.is_empty() {
        Verdict::Failed(failed)
    } else if waiting.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Waiting(waiting)
    }
}

/// Writes pending objects the way a health check's message lists them:
/// `[Deployment/apps/web status: 'InProgress', …]`.
pub fn list(pending: &[Pending]) -> String {
    let words: Vec<_> = pending.iter().map(Pending::to_string).collect();
    format!("[{}]", words.join(", "))
}

/// Reading places of an object that may be absent.
pub(crate) trait Fields {
    /// Returns the text at a pointer, empty when there is none.
    fn text(&self, pointer: &str) -> &str;
    /// Returns the integer at a pointer.
    fn int(&self, pointer: &str) -> Option<i64>;
    /// Returns the flag at a pointer, `false` when there is none.
    fn flag(&self, pointer: &str) -> bool;
    /// Returns the list at a pointer, empty when there is none.
    fn list(&self, pointer: &str) -> &[Value];
    /// Returns the condition of a type.
    fn condition(&self, kind: &str) -> Option<&Value>;
}

impl Fields for Value {
    fn text(&self, pointer: &str) -> &str {
        self.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn int(&self, pointer: &str) -> Option<i64> {
        self.pointer(pointer).and_then(Value::as_i64)
    }

    fn flag(&self, pointer: &str) -> bool {
        self.pointer(pointer)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    fn list(&self, pointer: &str) -> &[Value] {
        self.pointer(pointer)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    fn condition(&self, kind: &str) -> Option<&Value> {
        self.list("/status/conditions")
            .iter()
            .find(|condition| condition.text("/type") == kind)
    }
}

#[cfg(test)]
mod tests;
