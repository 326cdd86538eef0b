//! Whether a workload may be written now.

use std::collections::{BTreeMap, BTreeSet};

use manifests::ObjectId;
use serde_json::Value;

use super::supply::{Written, keys};
use super::{Because, Consumer, Held, Maker, Missing, SecretName, Supply};
use crate::plan::{Action, Applied, ChangeSet, Failure};

/// Everything there is to know when the workloads of a step are judged.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What the unit itself brings.
    pub supply: &'a Supply,
    /// The place of the step in the order of writing.
    pub place: i64,
    /// What came of everything else of the step.
    pub first: &'a ChangeSet<Applied>,
}

/// What was found of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is there.
    pub presence: Presence,
    /// The live SealedSecret or ExternalSecret that makes it.
    pub maker: Option<Maker>,
}

/// Whether a Secret is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is not.
    Absent,
    /// It is, with these keys.
    Present(BTreeSet<String>),
    /// The unit may not know: its rights do not reach that far.
    Hidden,
    /// Nobody could be asked.
    Unread(String),
}

impl Presence {
    /// Takes in what the API server has; values are not looked at.
    pub fn of(live: Option<&Value>) -> Self {
        live.map_or(Self::Absent, |live| Self::Present(keys(live)))
    }

    /// Whether the Secret is there with these keys.
    pub fn has(&self, needed: &BTreeSet<String>) -> bool {
        matches!(self, Self::Present(keys) if needed.is_subset(keys))
    }
}

/// Whether a workload may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It may. What is not there, and is not waited for, is named.
    Free(Vec<Missing>),
    /// It has to wait.
    Held(Vec<Held>),
    /// It is not tried, because what it needs failed.
    Untried(Failure),
}

/// What there is to say about one Secret a workload needs.
enum Finding {
    Usable,
    Awaited(BTreeSet<String>, Maker),
    Missing(BTreeSet<String>, Because),
    Failed(String),
}

impl Scene<'_> {
    /// Returns the Secrets that have to be looked at before workloads can be judged, with the keys
    /// that are named: all but those that this very step has written, or failed to write.
    pub fn unknown<'a>(
        &self,
        consumers: impl IntoIterator<Item = &'a Consumer>,
    ) -> BTreeMap<SecretName, BTreeSet<String>> {
        let mut unknown: BTreeMap<SecretName, BTreeSet<String>> = BTreeMap::new();
        for (secret, keys) in consumers.into_iter().flat_map(|consumer| &consumer.needs) {
            if self.decided(secret, keys).is_none() {
                let named = unknown.entry(secret.clone()).or_default();
                named.extend(keys.iter().cloned());
            }
        }
        unknown
    }

    /// Judges a workload that is about to be written; `standings` has every Secret of
    /// [`Self::unknown`].
    pub fn judge(
        &self,
        consumer: &Consumer,
        standings: &BTreeMap<SecretName, Standing>,
    ) -> Judgement {
        let (mut held, mut missing) = (Vec::new(), Vec::new());
        for (secret, keys) in &consumer.needs {
            match self.finding(secret, keys, standings) {
                Finding::Usable => {}
                Finding::Awaited(keys, maker) => held.push(Held {
                    workload: consumer.workload.clone(),
                    secret: secret.clone(),
                    keys,
                    maker,
                }),
                Finding::Missing(keys, because) => missing.push(Missing {
                    workload: consumer.workload.clone(),
                    secret: secret.clone(),
                    keys,
                    because,
                }),
                Finding::Failed(why) => {
                    return Judgement::Untried(Failure {
                        object: consumer.workload.clone(),
                        act: "apply",
                        message: why,
                        // How soon it is tried again is up to what failed.
                        is_passing: true,
                    });
                }
            }
        }
        if held.is_empty() {
            Judgement::Free(missing)
        } else {
            Judgement::Held(held)
        }
    }

    /// Names what a workload lacks that is as wanted already.
    pub fn lacks(
        &self,
        consumer: &Consumer,
        standings: &BTreeMap<SecretName, Standing>,
    ) -> Vec<Missing> {
        match self.judge(consumer, standings) {
            Judgement::Free(missing) => missing,
            Judgement::Held(held) => held
                .into_iter()
                .map(|held| Missing {
                    workload: held.workload,
                    secret: held.secret,
                    keys: held.keys,
                    because: Because::Applied(held.maker),
                })
                .collect(),
            // The failure is told already, by the object that failed.
            Judgement::Untried(_) => Vec::new(),
        }
    }

    /// Returns what is certain without looking.
    fn decided(&self, secret: &SecretName, keys: &BTreeSet<String>) -> Option<Finding> {
        let not_applied = |id: &ObjectId| {
            self.first
                .has_failed(id)
                .then(|| Finding::Failed(format!("not tried, because {id} is not applied")))
        };
        if let Some((place, written)) = self.supply.secret(secret)
            && place == self.place
        {
            if let Some(failed) = not_applied(&written.id) {
                return Some(failed);
            }
            return (self.has_written(written) && keys.is_subset(&written.keys))
                .then_some(Finding::Usable);
        }
        let (place, maker) = self.supply.maker(secret)?;
        (place == self.place).then(|| not_applied(maker.id()))?
    }

    fn has_written(&self, written: &Written) -> bool {
        self.first.action(&written.id).is_some_and(|action| {
            matches!(
                action,
                Action::Created | Action::Configured | Action::Unchanged
            )
        })
    }

    fn finding(
        &self,
        secret: &SecretName,
        needed: &BTreeSet<String>,
        standings: &BTreeMap<SecretName, Standing>,
    ) -> Finding {
        if let Some(finding) = self.decided(secret, needed) {
            return finding;
        }
        let Some(standing) = standings.get(secret) else {
            return Finding::Failed(format!(
                "not tried, because nobody looked for Secret {secret}"
            ));
        };
        let maker = self.maker(secret, standing);
        match &standing.presence {
            Presence::Unread(why) => Finding::Failed(format!(
                "not tried, because Secret {secret} cannot be read: {why}"
            )),
            Presence::Hidden => match maker {
                Some(maker) if !maker.is_done() => Finding::Awaited(BTreeSet::new(), maker),
                Some(_) | None => Finding::Usable,
            },
            Presence::Present(keys) => {
                let lacking: BTreeSet<String> = needed.difference(keys).cloned().collect();
                if lacking.is_empty() {
                    return Finding::Usable;
                }
                self.absent(secret, lacking, maker)
            }
            Presence::Absent => {
                let maker = maker.filter(Maker::creates);
                self.absent(secret, BTreeSet::new(), maker)
            }
        }
    }

    fn absent(
        &self,
        secret: &SecretName,
        lacking: BTreeSet<String>,
        maker: Option<Maker>,
    ) -> Finding {
        if let Some(maker) = maker {
            return Finding::Awaited(lacking, maker);
        }
        let secrets = self
            .supply
            .secret(secret)
            .map(|(place, it)| (place, &it.id));
        let makers = self
            .supply
            .maker(secret)
            .map(|(place, it)| (place, it.id()));
        let later = secrets
            .into_iter()
            .chain(makers)
            .find(|(place, _id)| *place > self.place);
        let because = later.map_or(Because::NoMaker, |(_place, id)| Because::Later(id.clone()));
        Finding::Missing(lacking, because)
    }

    /// Returns who makes a Secret: the live object, unless this very step has changed it, or what
    /// the unit has applied by now.
    fn maker(&self, secret: &SecretName, standing: &Standing) -> Option<Maker> {
        let own = self
            .supply
            .maker(secret)
            .filter(|(place, _maker)| *place <= self.place);
        if let Some((place, own)) = own
            && place == self.place
            && let Some(Action::Created | Action::Configured) = self.first.action(own.id())
        {
            return Some(own.clone());
        }
        standing
            .maker
            .clone()
            .or_else(|| own.map(|(_place, own)| own.clone()))
    }
}
