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

/// Names of the family `argo`.
pub mod argo {
    /// Prefix of most annotations of the family.
    pub const PREFIX: &str = "argocd.argoproj.io/";
    /// Annotation on an `Application`, `normal` or `hard`: compare now. It is taken off.
    pub const REFRESH: &str = "argocd.argoproj.io/refresh";
    /// Value of [`REFRESH`]: nothing that was built before is used again.
    pub const REFRESH_HARD: &str = "hard";
    /// Annotation on an `Application`, `true`: it is left alone until it is deleted.
    pub const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";
    /// Finalizer of an `Application` whose objects are deleted with it.
    pub const RESOURCES_FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
    /// The same, said explicitly: what depends on an object goes before it.
    pub const RESOURCES_FINALIZER_FOREGROUND: &str =
        "resources-finalizer.argocd.argoproj.io/foreground";
    /// The same: what depends on an object goes after it.
    pub const RESOURCES_FINALIZER_BACKGROUND: &str =
        "resources-finalizer.argocd.argoproj.io/background";
    /// Field manager of applied objects.
    pub const FIELD_MANAGER: &str = "argocd-controller";
    /// Annotation on applied objects: `<application>:<group>/<kind>:<namespace>/<name>`.
    pub const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
    /// Label on applied objects where labels are used for tracking: name of the `Application`.
    pub const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";
    /// Annotation on objects: the wave they are applied in.
    pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
    /// Annotation on objects: switches such as `Prune=false`, between commas.
    pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
    /// Annotation on objects: switches of the comparison such as `IgnoreExtraneous`.
    pub const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";
    /// Annotation on objects: phases in which they run as hooks, between commas.
    pub const HOOK: &str = "argocd.argoproj.io/hook";
    /// Finalizer of hooks whose end was not seen yet.
    pub const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";
    /// Annotation on objects, `true`: their health does not count.
    pub const IGNORE_HEALTHCHECK: &str = "argocd.argoproj.io/ignore-healthcheck";
    /// Label on Secrets of the configuration: what they hold.
    pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";
    /// Value of [`SECRET_TYPE`]: one repository.
    pub const REPOSITORY: &str = "repository";
    /// Value of [`SECRET_TYPE`]: all repositories whose URL begins so.
    pub const REPO_CREDS: &str = "repo-creds";
    /// Annotation on objects of Helm charts, [`KEEP`]: they are not deleted.
    pub const HELM_RESOURCE_POLICY: &str = "helm.sh/resource-policy";
    /// Value of [`HELM_RESOURCE_POLICY`].
    pub const KEEP: &str = "keep";
    /// Name of the cluster the controller runs in.
    pub const IN_CLUSTER: &str = "in-cluster";
    /// Address of the cluster the controller runs in.
    pub const IN_CLUSTER_SERVER: &str = "https://kubernetes.default.svc";
    /// Namespace of the configuration, unless it is told otherwise.
    pub const NAMESPACE: &str = "argocd";
    /// Condition: what is asked for cannot be.
    pub const INVALID_SPEC_ERROR: &str = "InvalidSpecError";
    /// Condition: the objects could not be built or compared.
    pub const COMPARISON_ERROR: &str = "ComparisonError";
    /// Condition: an automated sync does not start.
    pub const SYNC_ERROR: &str = "SyncError";
    /// Condition: the objects could not be deleted.
    pub const DELETION_ERROR: &str = "DeletionError";
    /// Condition: an object belongs to another `Application`, too.
    pub const SHARED_RESOURCE_WARNING: &str = "SharedResourceWarning";
    /// Condition: an object is in the source more than once.
    pub const REPEATED_RESOURCE_WARNING: &str = "RepeatedResourceWarning";
    /// Event and condition reason: a sync began.
    pub const OPERATION_STARTED: &str = "OperationStarted";
    /// Event reason: a sync ended.
    pub const OPERATION_COMPLETED: &str = "OperationCompleted";
}

/// Names of our own.
pub mod signet {
    /// Condition that lists the fields of an object that are not supported.
    pub const UNSUPPORTED_FIELD: &str = "UnsupportedField";
    /// Annotation on a `Kustomization`, `warn`: a file whose authentication code does not fit is
    /// reported and applied all the same.
    pub const MAC_POLICY: &str = "signet.dev/mac-policy";
    /// Condition: an object belongs to a unit of another family, which keeps it.
    pub const OWNERSHIP_CONFLICT: &str = "OwnershipConflict";
    /// Condition: an image is to be replaced that no object has.
    pub const UNUSED_IMAGE_OVERRIDE: &str = "UnusedImageOverride";
    /// Condition: the new name of an image was taken for a tag.
    pub const IMAGE_OVERRIDE_INTERPRETED_AS_TAG: &str = "ImageOverrideInterpretedAsTag";
    /// Annotation on an object, `<family>:<namespace>/<name>`: the unit it is to belong to.
    pub const ADOPT_BY: &str = "signet.dev/adopt-by";
    /// Annotation on an `Application` or `AppProject`, `sops`: encrypted files are decrypted.
    pub const DECRYPTION: &str = "signet.dev/decryption";
    /// Annotation on an `Application` or `AppProject`: Secret with the keys for that.
    pub const DECRYPTION_SECRET: &str = "signet.dev/decryption-secret";
}
