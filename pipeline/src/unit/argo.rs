//! What the front door of Applications asks of a build, stamps on objects, and which marks it
//! honours (§2).
//!
//! Used by front doors only; nothing below the unit reads it.

use std::collections::BTreeMap;

use api::names::argo::{
    COMPARE_OPTIONS, COMPARISON_ERROR, FIELD_MANAGER, HELM_RESOURCE_POLICY, HOOK,
    IGNORE_HEALTHCHECK, INVALID_SPEC_ERROR, KEEP, SYNC_OPTIONS, TRACKING_ID,
};
use manifests::Manifest;

use super::{ClaimMark, Family, Owner, Protection, ProtectionRule, Tracking, flux};

mod kustomize;
mod source;
mod unit;

pub use source::{Source, source};
pub use unit::{Made, inventory, to_delete, unit};

/// An Application cannot be built as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidSpec {
    /// Type of the condition it shows in.
    pub condition: &'static str,
    /// What is wrong.
    pub message: String,
}

fn invalid_spec(message: &str) -> InvalidSpec {
    InvalidSpec {
        condition: INVALID_SPEC_ERROR,
        message: message.to_owned(),
    }
}

fn comparison_error(message: String) -> InvalidSpec {
    InvalidSpec {
        condition: COMPARISON_ERROR,
        message,
    }
}

/// Returns the owner marks of an Application: what it is called in tracking ids, and the namespace
/// of its destination.
pub fn owner(instance: &str, namespace: &str) -> Owner {
    Owner {
        field_manager: FIELD_MANAGER.to_owned(),
        labels: BTreeMap::new(),
        tracking: Some(Tracking {
            annotation: TRACKING_ID.to_owned(),
            instance: instance.to_owned(),
            namespace: namespace.to_owned(),
        }),
        marks_definitions: false,
        others: vec![flux::claim()],
    }
}

/// Returns how objects of Applications are known.
pub fn claim() -> ClaimMark {
    ClaimMark::Tracking {
        family: Family::Argo,
        annotation: TRACKING_ID.to_owned(),
    }
}

/// Returns what an Application is called in tracking ids: its name, or namespace and name when it is
/// not in the control namespace (§2.1).
pub fn instance(namespace: &str, name: &str, control_namespace: &str) -> String {
    if namespace.is_empty() || namespace == control_namespace {
        name.to_owned()
    } else {
        format!("{namespace}_{name}")
    }
}

/// Returns the annotations that change how an object is treated (§2.9). What waits for somebody's
/// approval upstream is not done at all.
pub fn protections() -> Vec<ProtectionRule> {
    [
        (SYNC_OPTIONS, "Prune=false", Protection::KeepFromPrune),
        (SYNC_OPTIONS, "Prune=confirm", Protection::KeepFromPrune),
        (SYNC_OPTIONS, "Delete=false", Protection::KeepFromTeardown),
        (SYNC_OPTIONS, "Delete=confirm", Protection::KeepFromTeardown),
        (SYNC_OPTIONS, "PruneLast=true", Protection::PruneLast),
        (SYNC_OPTIONS, "Force=true", Protection::Recreate),
        (HELM_RESOURCE_POLICY, KEEP, Protection::KeepFromPrune),
        (HELM_RESOURCE_POLICY, KEEP, Protection::KeepFromTeardown),
        (COMPARE_OPTIONS, "IgnoreExtraneous", Protection::NotCounted),
        (IGNORE_HEALTHCHECK, "true", Protection::HealthNotCounted),
    ]
    .into_iter()
    .map(|(key, value, effect)| ProtectionRule {
        key: key.to_owned(),
        value: value.to_owned(),
        effect,
    })
    .collect()
}

/// Annotation of hooks of Helm.
const HELM_HOOK: &str = "helm.sh/hook";

/// Takes the objects out that are never applied, and refuses those that run as hooks: applying them
/// with the others would run them at the wrong time.
///
/// # Errors
///
/// When an object is a hook, which is not supported yet.
pub fn without_hooks(manifests: Vec<Manifest>) -> Result<Vec<Manifest>, InvalidSpec> {
    let mut kept = Vec::with_capacity(manifests.len());
    for manifest in manifests {
        match role(&manifest) {
            Role::Ordinary => kept.push(manifest),
            Role::NeverApplied => {}
            Role::Hook(phase) => {
                return Err(comparison_error(format!(
                    "{} is a hook of {phase}, and hooks are not supported yet; nothing is applied",
                    manifest.id()
                )));
            }
        }
    }
    Ok(kept)
}

/// What an object is for a sync.
enum Role {
    Ordinary,
    NeverApplied,
    Hook(String),
}

fn role(manifest: &Manifest) -> Role {
    const PHASES: [&str; 6] = [
        "PreSync",
        "Sync",
        "PostSync",
        "SyncFail",
        "PreDelete",
        "PostDelete",
    ];
    const NOT_RUN: [&str; 4] = ["test", "test-success", "pre-rollback", "post-rollback"];
    let annotation = |key: &str| {
        let annotations = manifest.object().pointer("/metadata/annotations")?;
        let text = annotations.get(key)?.as_str()?;
        Some(text.split(',').map(|part| part.trim().to_owned()).collect())
    };
    // Who has both kinds of annotations means Argo CD's.
    let own: Option<Vec<String>> = annotation(HOOK);
    if let Some(words) = own {
        let phase = words
            .into_iter()
            .find(|word| PHASES.contains(&word.as_str()));
        return phase.map_or(Role::NeverApplied, Role::Hook);
    }
    let of_helm: Option<Vec<String>> = annotation(HELM_HOOK);
    let Some(words) = of_helm else {
        return Role::Ordinary;
    };
    if words.iter().any(|word| word == "crd-install") {
        return Role::Ordinary;
    }
    let phase = words
        .into_iter()
        .find(|word| !NOT_RUN.contains(&word.as_str()));
    phase.map_or(Role::NeverApplied, Role::Hook)
}

#[cfg(test)]
mod tests;
