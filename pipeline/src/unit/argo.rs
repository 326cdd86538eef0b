//! What the front door of Applications asks of a build, stamps on objects, and which marks it
//! honours (§2).
//!
//! Used by front doors only; nothing below the unit reads it.

use std::collections::BTreeMap;

use api::names::argo::{FIELD_MANAGER, TRACKING_ID};

use super::{ClaimMark, Family, Owner, Tracking, flux};

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
