//! Which units wait for which Secret, so that they are woken at once when it changes.
//!
//! It saves time and decides nothing: what is forgotten, by a restart for one, is looked at again
//! after some seconds.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use api::bitnami::SealedSecret;
use api::external_secrets::ExternalSecret;
use futures::stream::{BoxStream, StreamExt};
use kube::ResourceExt;
use pipeline::consumers::{Maker, SecretName};
use pipeline::unit::{Family, UnitId};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::context::{Changes, Context};

/// How many Secrets are waited for by name: units may go without a word, and what they waited for
/// stays.
const CAPACITY: usize = 50_000;

/// Units by the Secret they wait for, and a way to each front door.
#[derive(Default)]
pub(crate) struct Awaited {
    units: Mutex<HashMap<SecretName, BTreeSet<UnitId>>>,
    doors: Mutex<Vec<(Family, mpsc::UnboundedSender<UnitId>)>>,
}

impl Awaited {
    /// Says that a unit looks at Secrets and may have to wait for them.
    pub(super) fn add(&self, unit: &UnitId, secrets: &BTreeSet<SecretName>) {
        let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        if units.len() >= CAPACITY {
            // Rare and cheap to be wrong about: units that wait look again by themselves.
            units.clear();
        }
        for secret in secrets {
            units
                .entry(secret.clone())
                .or_default()
                .insert(unit.clone());
        }
    }

    /// Says which of the Secrets that a unit looked at it waits for.
    pub(super) fn keep(
        &self,
        unit: &UnitId,
        looked_at: &BTreeSet<SecretName>,
        awaited: &BTreeSet<SecretName>,
    ) {
        let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in looked_at.difference(awaited) {
            if let Some(waiting) = units.get_mut(secret) {
                waiting.remove(unit);
                if waiting.is_empty() {
                    units.remove(secret);
                }
            }
        }
    }

    /// Forgets a unit that is gone.
    pub(crate) fn forget(&self, unit: &UnitId) {
        let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        units.retain(|_, waiting| {
            waiting.remove(unit);
            !waiting.is_empty()
        });
    }

    /// Wakes the units that wait for a Secret: it was written, or its maker has something to say.
    pub(crate) fn touched(&self, secret: &SecretName) {
        let woken = {
            let mut units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
            units.remove(secret)
        };
        let Some(woken) = woken else {
            return;
        };
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        for unit in woken {
            for (family, door) in doors.iter() {
                if *family == unit.family {
                    // A front door that is gone wakes nothing any more.
                    let _ = door.send(unit.clone());
                }
            }
        }
    }

    /// Returns the units of a family as they are woken.
    pub(crate) fn woken(&self, family: Family) -> BoxStream<'static, UnitId> {
        let (door, woken) = mpsc::unbounded_channel();
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.push((family, door));
        futures::stream::unfold(woken, |mut woken| async move {
            let unit = woken.recv().await?;
            Some((unit, woken))
        })
        .boxed()
    }

    fn is_awaited(&self, secret: &SecretName) -> bool {
        let units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        units.contains_key(secret)
    }
}

/// Wakes units when a SealedSecret or ExternalSecret they wait for says something new.
pub(crate) async fn follow(
    context: Arc<Context>,
    sealed_secrets: Option<Changes<SealedSecret>>,
    external_secrets: Option<Changes<ExternalSecret>>,
) {
    let awaited = &context.engine.awaited;
    let sealed = telling(sealed_secrets, awaited, ResourceExt::name_any);
    let external = telling(external_secrets, awaited, |object| {
        let target = object.spec.target.name.clone();
        target.unwrap_or_else(|| object.name_any())
    });
    tokio::select! {
        () = context.stopping() => {}
        ((), ()) = async { tokio::join!(sealed, external) } => {}
    }
}

async fn telling<K>(
    changes: Option<Changes<K>>,
    awaited: &Awaited,
    secret_name: impl Fn(&K) -> String,
) where
    K: kube::Resource<DynamicType = ()> + Serialize,
{
    let Some(mut changes) = changes else {
        return;
    };
    // What was said last, of those that somebody waits for.
    let mut said: HashMap<SecretName, String> = HashMap::new();
    while let Some(guarded) = changes.next().await {
        let Ok(object) = &guarded.0 else {
            continue;
        };
        let secret = SecretName::new(object.namespace().unwrap_or_default(), secret_name(object));
        if !awaited.is_awaited(&secret) {
            said.remove(&secret);
            continue;
        }
        let now = serde_json::to_value(object)
            .ok()
            .as_ref()
            .and_then(Maker::read);
        let now = now.map(|maker| maker.to_string()).unwrap_or_default();
        if said.insert(secret.clone(), now.clone()) != Some(now) {
            awaited.touched(&secret);
        }
    }
}

#[cfg(test)]
mod tests;
