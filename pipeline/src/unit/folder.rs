//! A folder that no unit names, as a unit: for comparing it with a cluster.

use std::time::Duration;

use manifests::BuildOptions;

use super::{
    DeletionPolicy, Duplicates, Family, HealthPolicy, ImmutableChange, Owner, Propagation,
    PrunePolicy, SourceRef, Unit, UnitId, flux,
};

/// Returns a unit that stamps nothing, owns nothing and so never prunes; objects that name no
/// namespace are in the given one.
pub fn unit(namespace: &str, field_manager: &str) -> Unit {
    Unit {
        id: UnitId {
            family: Family::Flux,
            namespace: namespace.to_owned(),
            name: "folder".to_owned(),
        },
        source: SourceRef::Inline {
            url: String::new(),
            revision: String::new(),
        },
        build: BuildOptions::default(),
        decryption: None,
        default_namespace: Some(namespace.to_owned()),
        duplicates: Duplicates::Refuse,
        owner: Owner {
            field_manager: field_manager.to_owned(),
            labels: std::collections::BTreeMap::new(),
            tracking: None,
            marks_definitions: false,
            others: Vec::new(),
        },
        protections: flux::protections(),
        immutable: ImmutableChange::Refuse,
        prune: PrunePolicy::Keep,
        deletion: DeletionPolicy::Orphan,
        health: HealthPolicy::default(),
        service_account: None,
        timeout: Duration::from_mins(1),
        interval: Duration::from_mins(1),
        retry_interval: Duration::from_mins(1),
        suspended: false,
        propagation: Propagation::default(),
    }
}
