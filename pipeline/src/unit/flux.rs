//! What the Flux front door asks of a build, stamps on objects, and which marks it honours (§9.5).
//!
//! Used by front doors only; nothing below the unit reads it.

use std::collections::BTreeMap;

use super::{ClaimMark, Family, Owner, Protection, ProtectionRule, argo};

mod build;
mod unit;

pub use build::{build, decryption};
pub use unit::{SHORTEST_TIMEOUT, inventory, source, unit, unsupported};

const PREFIX: &str = "kustomize.toolkit.fluxcd.io";

/// Returns the owner marks of a Kustomization.
pub fn owner(namespace: &str, name: &str) -> Owner {
    Owner {
        field_manager: "kustomize-controller".to_owned(),
        labels: BTreeMap::from([
            (format!("{PREFIX}/name"), name.to_owned()),
            (format!("{PREFIX}/namespace"), namespace.to_owned()),
        ]),
        tracking: None,
        marks_definitions: true,
        others: vec![argo::claim()],
    }
}

/// Returns how objects of Kustomizations are known.
pub fn claim() -> ClaimMark {
    ClaimMark::Labels {
        family: Family::Flux,
        name: format!("{PREFIX}/name"),
        namespace: format!("{PREFIX}/namespace"),
    }
}

/// Returns the annotations and labels that protect an object.
pub fn protections() -> Vec<ProtectionRule> {
    [
        ("prune", "disabled", Protection::KeepFromPrune),
        ("prune", "disabled", Protection::KeepFromTeardown),
        ("reconcile", "disabled", Protection::LeaveAlone),
        ("ssa", "Ignore", Protection::Ignore),
        ("ssa", "IfNotPresent", Protection::CreateOnly),
        ("ssa", "Merge", Protection::Merge),
        ("force", "enabled", Protection::Recreate),
        ("decrypt", "disabled", Protection::KeepEncrypted),
    ]
    .into_iter()
    .map(|(key, value, effect)| ProtectionRule {
        key: format!("{PREFIX}/{key}"),
        value: value.to_owned(),
        effect,
    })
    .collect()
}
