//! Builders for the tests of this crate.

use std::collections::BTreeSet;
use std::time::Duration;

use manifests::{BuildOptions, GroupKind, Limits, Manifest, ObjectId, read_yaml};

use crate::normalise::{Scope, Scopes, normalise};
use crate::stage::{Stages, stages};
use crate::unit::{
    DeletionPolicy, Duplicates, Family, HealthPolicy, ImmutableChange, Propagation, PrunePolicy,
    SourceRef, Unit, UnitId, flux,
};

pub(crate) mod sealed;

/// A Kustomization `apps/web` that prunes.
pub(crate) fn unit() -> Unit {
    Unit {
        id: UnitId {
            family: Family::Flux,
            namespace: "apps".to_owned(),
            name: "web".to_owned(),
        },
        source: SourceRef::Object(ObjectId::new(
            GroupKind::new("source.toolkit.fluxcd.io", "GitRepository"),
            Some("apps"),
            "web",
        )),
        build: BuildOptions::default(),
        decryption: None,
        default_namespace: None,
        duplicates: Duplicates::Refuse,
        owner: flux::owner("apps", "web"),
        protections: flux::protections(),
        immutable: ImmutableChange::Refuse,
        prune: PrunePolicy::Prune,
        deletion: DeletionPolicy::MirrorPrune,
        health: HealthPolicy::default(),
        service_account: None,
        timeout: Duration::from_mins(1),
        interval: Duration::from_mins(5),
        retry_interval: Duration::from_mins(5),
        suspended: false,
        propagation: Propagation::default(),
    }
}

/// Scopes of the kinds the tests use.
pub(crate) fn scopes() -> Scopes {
    let mut scopes = Scopes::default();
    for (group, kind) in [
        ("", "ConfigMap"),
        ("", "Secret"),
        ("", "Service"),
        ("", "ServiceAccount"),
        ("apps", "Deployment"),
    ] {
        scopes.insert(GroupKind::new(group, kind), Scope::Namespaced);
    }
    for (group, kind) in [
        ("", "Namespace"),
        ("storage.k8s.io", "StorageClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ] {
        scopes.insert(GroupKind::new(group, kind), Scope::Cluster);
    }
    scopes
}

/// Reads manifests.
pub(crate) fn read(text: &str) -> Vec<Manifest> {
    read_yaml(text.as_bytes(), None, &Limits::default()).unwrap()
}

/// Reads manifests and brings them into stages of [`unit`].
pub(crate) fn staged(text: &str) -> Stages {
    let wanted = normalise(read(text), &unit(), &scopes()).unwrap();
    stages(wanted, &BTreeSet::new())
}

/// The id of an object of the core group.
pub(crate) fn id(kind: &str, namespace: &str, name: &str) -> ObjectId {
    ObjectId::new(GroupKind::new("", kind), Some(namespace), name)
}
