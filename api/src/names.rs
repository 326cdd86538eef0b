//! Labels, annotations, finalizers and field managers that users, tools and other controllers
//! know, by family.

/// Names of the family `sealed-secrets`.
pub mod sealed_secrets {
    /// Annotation, `true`: an item opens under any name in any namespace.
    pub const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";
    /// Annotation, `true`: an item opens under any name in its namespace.
    pub const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";
    /// Annotation on a Secret, `true`: it may be taken over by the SealedSecret of its name.
    pub const MANAGED: &str = "sealedsecrets.bitnami.com/managed";
    /// Annotation on a Secret, `true`: values are added to it and its own stay.
    pub const PATCH: &str = "sealedsecrets.bitnami.com/patch";
    /// Annotation in the template, `true`: the Secret gets no owner reference.
    pub const SKIP_OWNER_REFERENCES: &str = "sealedsecrets.bitnami.com/skip-set-owner-references";
    /// Label of sealing keys; the value of a key in use is [`KEY_ACTIVE`].
    pub const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
    /// Value of [`KEY_LABEL`] on a sealing key in use.
    pub const KEY_ACTIVE: &str = "active";
    /// Prefix of the names of sealing keys.
    pub const KEY_PREFIX: &str = "sealed-secrets-key";
    /// Component that events come from.
    pub const EVENT_COMPONENT: &str = "sealed-secrets";
    /// Condition that says whether the Secret is as sealed.
    pub const SYNCED: &str = "Synced";
}

/// Names of the family `external-secrets`.
pub mod external_secrets {
    /// Finalizer of an `ExternalSecret`.
    pub const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";
    /// Finalizer of a store that pushed values depend on.
    pub const STORE_FINALIZER: &str = "secretstore.externalsecrets.io/finalizer";
    /// Prefix of the field manager of a Secret; the name of the `ExternalSecret` follows.
    pub const FIELD_MANAGER_PREFIX: &str = "externalsecrets.external-secrets.io/";
    /// Label on a written Secret; its value is `true`.
    pub const MANAGED: &str = "reconcile.external-secrets.io/managed";
    /// Label on an owned Secret: hex SHA3-224 of `namespace/name` of its `ExternalSecret`.
    pub const CREATED_BY: &str = "reconcile.external-secrets.io/created-by";
    /// Annotation on a written Secret: hex SHA3-224 of its data.
    pub const DATA_HASH: &str = "reconcile.external-secrets.io/data-hash";
    /// Annotation whose change makes an `ExternalSecret` fetch again.
    pub const FORCE_SYNC: &str = "external-secrets.io/force-sync";
    /// Annotation on a store: no events about the state of its provider.
    pub const IGNORE_MAINTENANCE_CHECKS: &str = "external-secrets.io/ignore-maintenance-checks";
    /// Label of the definitions of the family; its value is `controller`.
    pub const COMPONENT: &str = "external-secrets.io/component";
    /// Condition that says whether the Secret is as the store has it.
    pub const READY: &str = "Ready";
}

/// Names of the family `flux`.
pub mod flux {
    /// Annotation whose change asks for an immediate run.
    pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
    /// Label on a Secret or ConfigMap, `Enabled`: a change of it wakes the objects that use it.
    pub const WATCH: &str = "reconcile.fluxcd.io/watch";
    /// Finalizer of every kind of the family.
    pub const FINALIZER: &str = "finalizers.fluxcd.io";
    /// Field manager of applied objects.
    pub const KUSTOMIZE_FIELD_MANAGER: &str = "kustomize-controller";
    /// Label on applied objects: name of their `Kustomization`.
    pub const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
    /// Label on applied objects: namespace of their `Kustomization`.
    pub const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";
    /// Annotation or label on objects, [`DISABLED`]: the object is never pruned.
    pub const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
    /// Annotation or label on objects: how it is applied (`Override`, `Merge`, `IfNotPresent`,
    /// `Ignore`).
    pub const SERVER_SIDE_APPLY: &str = "kustomize.toolkit.fluxcd.io/ssa";
    /// Annotation or label on objects, [`ENABLED`]: the object is created again when a field
    /// that cannot be changed has changed.
    pub const FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
    /// Annotation or label on objects, [`DISABLED`]: the object is left alone.
    pub const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
    /// Annotation or label on objects, [`DISABLED`]: variables in it stay as they are.
    pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
    /// Annotation on objects, [`DISABLED`]: the object is applied encrypted.
    pub const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";
    /// Metadata of events: revision of the artifact.
    pub const EVENT_REVISION: &str = "kustomize.toolkit.fluxcd.io/revision";
    /// Value that switches something off.
    pub const DISABLED: &str = "disabled";
    /// Value that switches something on.
    pub const ENABLED: &str = "enabled";
    /// Condition that says whether an object is as it should be.
    pub const READY: &str = "Ready";
    /// Condition that says whether work is under way.
    pub const RECONCILING: &str = "Reconciling";
    /// Condition that says that nothing happens until the object is edited.
    pub const STALLED: &str = "Stalled";
    /// Condition that says whether the applied objects are healthy.
    pub const HEALTHY: &str = "Healthy";
    /// Condition that says whether there is an artifact.
    pub const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
    /// Condition that says that the last fetch failed.
    pub const FETCH_FAILED: &str = "FetchFailed";
}

/// Names of our own.
pub mod signet {
    /// Condition that lists the fields of an object that are not supported.
    pub const UNSUPPORTED_FIELD: &str = "UnsupportedField";
    /// Annotation on a `Kustomization`, `warn`: a file whose authentication code does not fit is
    /// reported and applied all the same.
    pub const MAC_POLICY: &str = "signet.dev/mac-policy";
}
