use std::fmt::Write;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

use super::custom_resource_definitions;

fn root(definition: &CustomResourceDefinition) -> &JSONSchemaProps {
    let schema = definition.spec.versions[0].schema.as_ref().unwrap();
    schema.open_api_v3_schema.as_ref().unwrap()
}

/// Calls `visit` on each field below a schema, with its path.
fn walk(schema: &JSONSchemaProps, path: &str, visit: &mut impl FnMut(&str, &JSONSchemaProps)) {
    visit(path, schema);
    for (name, property) in schema.properties.iter().flatten() {
        walk(property, &format!("{path}.{name}"), visit);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        walk(items, &format!("{path}[]"), visit);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        walk(values, &format!("{path}.*"), visit);
    }
}

/// Returns one line for each field of a definition for which `fact` knows something.
fn facts(kind: &str, fact: impl Fn(&JSONSchemaProps) -> Option<String>) -> String {
    let definitions = custom_resource_definitions();
    let definition = definitions
        .iter()
        .find(|d| d.spec.names.kind == kind)
        .unwrap();
    let mut lines = String::new();
    for part in ["spec", "status"] {
        let Some(schema) = root(definition).properties.as_ref().unwrap().get(part) else {
            continue;
        };
        walk(schema, part, &mut |path, schema| {
            if let Some(fact) = fact(schema) {
                writeln!(lines, "{path}: {fact}").unwrap();
            }
        });
    }
    lines
}

fn required(schema: &JSONSchemaProps) -> Option<String> {
    schema.required.as_ref().map(|names| names.join(" "))
}

fn default(schema: &JSONSchemaProps) -> Option<String> {
    schema.default.as_ref().map(|value| value.0.to_string())
}

fn enumeration(schema: &JSONSchemaProps) -> Option<String> {
    let values = schema.enum_.as_ref()?;
    Some(
        values
            .iter()
            .map(|value| value.0.to_string())
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// G-190: what a Kustomization must say, the API server asks for.
#[test]
fn kustomization_requires_what_users_of_flux_must_write() {
    insta::assert_snapshot!(facts("Kustomization", required), @r"
    spec: interval prune sourceRef
    spec.decryption: provider
    spec.decryption.secretRef: name
    spec.dependsOn[]: name
    spec.healthCheckExprs[]: apiVersion current
    spec.healthChecks[]: kind name
    spec.ignore[]: paths
    spec.images[]: name
    spec.kubeConfig.configMapRef: name
    spec.kubeConfig.secretRef: name
    spec.patches[]: patch
    spec.postBuild.substituteFrom[]: kind name
    spec.sourceRef: kind name
    status.conditions[]: lastTransitionTime message reason status type
    status.history[]: digest firstReconciled lastReconciled lastReconciledDuration lastReconciledStatus totalReconciliations
    status.inventory: entries
    status.inventory.entries[]: id v
    ");
}

#[test]
fn kustomization_defaults_nothing_in_its_spec() {
    insta::assert_snapshot!(facts("Kustomization", default), @r#"
    spec.postBuild.substituteFrom[].optional: false
    status: {"observedGeneration":-1}
    "#);
}

#[test]
fn kustomization_enumerations() {
    insta::assert_snapshot!(facts("Kustomization", enumeration), @r#"
    spec.buildMetadata[]: "managedByLabel" "originAnnotations" "transformerAnnotations"
    spec.decryption.provider: "sops"
    spec.deletionPolicy: "MirrorPrune" "Delete" "WaitForTermination" "Orphan"
    spec.postBuild.substituteFrom[].kind: "Secret" "ConfigMap"
    spec.sourceRef.kind: "OCIRepository" "GitRepository" "Bucket" "ExternalArtifact"
    status.conditions[].status: "True" "False" "Unknown"
    "#);
}

#[test]
fn git_repository_requirements_defaults_and_enumerations() {
    insta::assert_snapshot!(facts("GitRepository", required), @r"
    spec: interval url
    spec.include[]: repository
    spec.include[].repository: name
    spec.proxySecretRef: name
    spec.secretRef: name
    spec.verify: secretRef
    spec.verify.secretRef: name
    status.artifact: lastUpdateTime path revision url
    status.conditions[]: lastTransitionTime message reason status type
    status.includedArtifacts[]: lastUpdateTime path revision url
    status.observedInclude[]: repository
    status.observedInclude[].repository: name
    ");
    insta::assert_snapshot!(facts("GitRepository", default), @r#"
    spec.timeout: "1m0s"
    spec.verify.mode: "HEAD"
    status: {"observedGeneration":-1}
    "#);
    insta::assert_snapshot!(facts("GitRepository", enumeration), @r#"
    spec.provider: "generic" "azure" "aws" "github"
    spec.verify.mode: "head" "HEAD" "Tag" "TagAndHEAD"
    status.conditions[].status: "True" "False" "Unknown"
    status.sourceVerificationMode: "head" "HEAD" "Tag" "TagAndHEAD"
    "#);
}

/// K-043: only the map of sealed values is required.
/// G-001, G-003: nothing but a destination, and the parts of what is written, has to be said, and
/// who names no project gets `default`.
#[test]
fn application_requirements_and_defaults() {
    let facts = facts("Application", required);
    let spec: Vec<_> = facts
        .lines()
        .filter(|line| line.starts_with("spec"))
        .collect();
    insta::assert_snapshot!(spec.join("\n"), @r"
    spec: destination
    spec.ignoreDifferences[]: kind
    spec.info[]: name value
    spec.source: repoURL
    spec.source.directory.jsonnet.extVars[]: name value
    spec.source.directory.jsonnet.tlas[]: name value
    spec.source.kustomize.replicas[]: count name
    spec.sources[]: repoURL
    spec.sources[].directory.jsonnet.extVars[]: name value
    spec.sources[].directory.jsonnet.tlas[]: name value
    spec.sources[].kustomize.replicas[]: count name
    ");
    insta::assert_snapshot!(self::facts("Application", default), @r#"spec.project: "default""#);
    let definitions = custom_resource_definitions();
    let kind = |definition: &&CustomResourceDefinition| definition.spec.names.kind == "Application";
    let application = definitions.iter().find(kind).unwrap();
    let properties = root(application).properties.as_ref().unwrap();
    let names: Vec<_> = properties.keys().map(String::as_str).collect();
    assert_eq!(names, ["operation", "spec", "status"]);
    assert_eq!(root(application).required.as_deref().unwrap(), ["spec"]);
}

#[test]
fn app_project_requirements() {
    insta::assert_snapshot!(facts("AppProject", required), @r"
    spec.clusterResourceBlacklist[]: kind
    spec.clusterResourceWhitelist[]: kind
    spec.destinationServiceAccounts[]: defaultServiceAccount server
    spec.namespaceResourceBlacklist[]: kind
    spec.namespaceResourceWhitelist[]: kind
    spec.roles[]: name
    spec.signatureKeys[]: keyID
    ");
    insta::assert_snapshot!(facts("AppProject", default), @"");
}

#[test]
fn sealed_secret_requirements_and_defaults() {
    insta::assert_snapshot!(facts("SealedSecret", required), @r"
    spec: encryptedData
    status.conditions[]: status type
    ");
    assert_eq!(facts("SealedSecret", default), "");
}

/// E-002, E-003: an ExternalSecret gets the defaults its users know and no other.
#[test]
fn external_secret_defaults() {
    insta::assert_snapshot!(facts("ExternalSecret", default), @r#"
    spec.data[].sourceRef.generatorRef.apiVersion: "generators.external-secrets.io/v1alpha1"
    spec.dataFrom[].rewrite[].merge.conflictPolicy: "Error"
    spec.dataFrom[].rewrite[].merge.into: ""
    spec.dataFrom[].rewrite[].merge.priorityPolicy: "Strict"
    spec.dataFrom[].rewrite[].merge.strategy: "Extract"
    spec.dataFrom[].sourceRef.generatorRef.apiVersion: "generators.external-secrets.io/v1alpha1"
    spec.refreshInterval: "1h0m0s"
    spec.target: {"creationPolicy":"Owner","deletionPolicy":"Retain"}
    spec.target.creationPolicy: "Owner"
    spec.target.deletionPolicy: "Retain"
    spec.target.template.engineVersion: "v2"
    spec.target.template.mergePolicy: "Replace"
    spec.target.template.templateFrom[].configMap.items[].templateAs: "Values"
    spec.target.template.templateFrom[].secret.items[].templateAs: "Values"
    spec.target.template.templateFrom[].target: "Data"
    status.binding.name: ""
    "#);
}

#[test]
fn external_secret_requirements() {
    insta::assert_snapshot!(facts("ExternalSecret", required), @r"
    spec.data[]: remoteRef secretKey
    spec.data[].remoteRef: key
    spec.data[].sourceRef.generatorRef: kind name
    spec.dataFrom[].extract: key
    spec.dataFrom[].rewrite[].regexp: source target
    spec.dataFrom[].rewrite[].transform: template
    spec.dataFrom[].sourceRef.generatorRef: kind name
    spec.syncWindows: kind windows
    spec.syncWindows.windows[]: duration schedule
    spec.target.manifest: apiVersion kind
    spec.target.template.templateFrom[].configMap: items name
    spec.target.template.templateFrom[].configMap.items[]: key
    spec.target.template.templateFrom[].secret: items name
    spec.target.template.templateFrom[].secret.items[]: key
    status.conditions[]: status type
    ");
}

/// E-006: the values of enumerations are those users know.
#[test]
fn external_secret_enumerations() {
    insta::assert_snapshot!(facts("ExternalSecret", enumeration), @r#"
    spec.data[].remoteRef.conversionStrategy: "Default" "Unicode"
    spec.data[].remoteRef.decodingStrategy: "Auto" "Base64" "Base64URL" "None"
    spec.data[].remoteRef.metadataPolicy: "None" "Fetch"
    spec.data[].remoteRef.nullBytePolicy: "Ignore" "Fail"
    spec.data[].sourceRef.generatorRef.kind: "ACRAccessToken" "BeyondtrustWorkloadCredentialsDynamicSecret" "ClusterGenerator" "CloudsmithAccessToken" "ECRAuthorizationToken" "Fake" "GCRAccessToken" "GithubAccessToken" "GitlabDeployToken" "QuayAccessToken" "Password" "SSHKey" "STSSessionToken" "UUID" "VaultDynamicSecret" "Webhook" "Grafana" "MFA"
    spec.data[].sourceRef.storeRef.kind: "SecretStore" "ClusterSecretStore"
    spec.dataFrom[].extract.conversionStrategy: "Default" "Unicode"
    spec.dataFrom[].extract.decodingStrategy: "Auto" "Base64" "Base64URL" "None"
    spec.dataFrom[].extract.metadataPolicy: "None" "Fetch"
    spec.dataFrom[].extract.nullBytePolicy: "Ignore" "Fail"
    spec.dataFrom[].find.conversionStrategy: "Default" "Unicode"
    spec.dataFrom[].find.decodingStrategy: "Auto" "Base64" "Base64URL" "None"
    spec.dataFrom[].find.nullBytePolicy: "Ignore" "Fail"
    spec.dataFrom[].rewrite[].merge.conflictPolicy: "Ignore" "Error"
    spec.dataFrom[].rewrite[].merge.priorityPolicy: "IgnoreNotFound" "Strict"
    spec.dataFrom[].rewrite[].merge.strategy: "Extract" "JSON"
    spec.dataFrom[].sourceRef.generatorRef.kind: "ACRAccessToken" "BeyondtrustWorkloadCredentialsDynamicSecret" "ClusterGenerator" "CloudsmithAccessToken" "ECRAuthorizationToken" "Fake" "GCRAccessToken" "GithubAccessToken" "GitlabDeployToken" "QuayAccessToken" "Password" "SSHKey" "STSSessionToken" "UUID" "VaultDynamicSecret" "Webhook" "Grafana" "MFA"
    spec.dataFrom[].sourceRef.storeRef.kind: "SecretStore" "ClusterSecretStore"
    spec.refreshPolicy: "CreatedOnce" "Periodic" "OnChange"
    spec.secretStoreRef.kind: "SecretStore" "ClusterSecretStore"
    spec.syncWindows.kind: "allow" "deny"
    spec.target.creationPolicy: "Owner" "Orphan" "Merge" "None" "CreateOrMerge"
    spec.target.deletionPolicy: "Delete" "Merge" "Retain"
    spec.target.template.engineVersion: "v2"
    spec.target.template.mergePolicy: "Replace" "Merge"
    spec.target.template.templateFrom[].configMap.items[].templateAs: "Values" "KeysAndValues"
    spec.target.template.templateFrom[].secret.items[].templateAs: "Values" "KeysAndValues"
    spec.target.template.templateFrom[].valuesDecodingStrategy: "Auto" "Base64" "Base64URL" "None"
    "#);
}

/// E-007: names, keys and schedules have to look like such.
#[test]
fn external_secret_patterns() {
    insta::assert_snapshot!(facts("ExternalSecret", |schema| schema.pattern.clone()), @r"
    spec.data[].secretKey: ^[-._a-zA-Z0-9]+$
    spec.data[].sourceRef.generatorRef.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.data[].sourceRef.storeRef.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.dataFrom[].sourceRef.generatorRef.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.dataFrom[].sourceRef.storeRef.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.secretStoreRef.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.syncWindows.windows[].schedule: ^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*|[^\s]+( [^\s]+){4})$
    spec.target.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.target.template.templateFrom[].configMap.items[].key: ^[-._a-zA-Z0-9]+$
    spec.target.template.templateFrom[].configMap.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    spec.target.template.templateFrom[].secret.items[].key: ^[-._a-zA-Z0-9]+$
    spec.target.template.templateFrom[].secret.name: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
    ");
}

#[test]
fn secret_store_requirements_and_defaults() {
    insta::assert_snapshot!(facts("SecretStore", required), @r"
    spec: provider
    spec.conditions[].namespaceSelector.matchExpressions[]: key operator
    spec.provider.aws: region service
    spec.provider.aws.auth.jwt.serviceAccountRef: name
    spec.provider.aws.sessionTags[]: key value
    spec.provider.fake: data
    spec.provider.fake.data[]: key value
    spec.provider.kubernetes.auth.cert: clientCert clientKey
    spec.provider.kubernetes.auth.serviceAccount: name
    spec.provider.kubernetes.auth.token: bearerToken
    spec.provider.kubernetes.server.caProvider: name type
    spec.provider.vault: server
    spec.provider.vault.auth.appRole: secretRef
    spec.provider.vault.auth.kubernetes: role
    spec.provider.vault.auth.kubernetes.serviceAccountRef: name
    spec.provider.vault.caProvider: name type
    status.conditions[]: status type
    ");
    insta::assert_snapshot!(facts("SecretStore", default), @r#"
    spec.provider.kubernetes.remoteNamespace: "default"
    spec.provider.kubernetes.server.url: "kubernetes.default"
    spec.provider.vault.auth.appRole.path: "approle"
    spec.provider.vault.auth.kubernetes.mountPath: "kubernetes"
    spec.provider.vault.checkAndSet.required: false
    spec.provider.vault.version: "v2"
    "#);
    assert_eq!(
        facts("SecretStore", required),
        facts("ClusterSecretStore", required)
    );
    assert_eq!(
        facts("SecretStore", default),
        facts("ClusterSecretStore", default)
    );
}

/// E-008: a store has exactly one provider, a source reference exactly one member.
#[test]
fn choices_have_exactly_one_member() {
    let exactly_one = |schema: &JSONSchemaProps| {
        (schema.min_properties == Some(1) && schema.max_properties == Some(1))
            .then(|| "one".to_owned())
    };
    insta::assert_snapshot!(facts("SecretStore", exactly_one), @r"
    spec.provider: one
    spec.provider.kubernetes.auth: one
    ");
    insta::assert_snapshot!(facts("ExternalSecret", exactly_one), @r"
    spec.data[].sourceRef: one
    spec.dataFrom[].rewrite[]: one
    spec.dataFrom[].sourceRef: one
    ");
    insta::assert_snapshot!(facts("Kustomization", exactly_one), @"spec.kubeConfig: one");
}

/// E-009: the refresh interval of a store is a number or a text.
#[test]
fn store_refresh_interval_is_a_number_or_a_text() {
    let mixed = |schema: &JSONSchemaProps| {
        schema
            .x_kubernetes_int_or_string
            .map(|_| "int or string".to_owned())
    };
    assert_eq!(
        facts("SecretStore", mixed),
        "spec.refreshInterval: int or string\n"
    );
}

/// E-012: a provider that is not modelled stays in the object, as do other unknown fields.
#[test]
fn unknown_fields_are_kept() {
    let kept = |schema: &JSONSchemaProps| {
        schema
            .x_kubernetes_preserve_unknown_fields
            .map(|_| "kept".to_owned())
    };
    let store = facts("SecretStore", kept);
    assert!(store.contains("spec.provider: kept\n"), "{store}");
    for kind in [
        "SealedSecret",
        "ExternalSecret",
        "SecretStore",
        "Kustomization",
        "GitRepository",
        "Application",
        "AppProject",
    ] {
        assert!(facts(kind, kept).starts_with("spec: kept\n"), "{kind}");
    }
}

#[test]
fn only_the_fields_users_may_leave_null_are_nullable() {
    let nullable = |schema: &JSONSchemaProps| schema.nullable.map(|_| "null".to_owned());
    insta::assert_snapshot!(facts("SealedSecret", nullable), @r"
    spec.template.data: null
    spec.template.metadata: null
    ");
    insta::assert_snapshot!(facts("ExternalSecret", nullable), @"status.refreshTime: null");
    for kind in [
        "SecretStore",
        "Kustomization",
        "GitRepository",
        "Application",
        "AppProject",
    ] {
        assert_eq!(facts(kind, nullable), "", "{kind}");
    }
}

/// Every field says what it is for, since this is what `kubectl explain` shows.
#[test]
fn every_field_is_described() {
    let mut bare = Vec::new();
    for definition in custom_resource_definitions() {
        for part in ["spec", "status"] {
            let schema = &root(&definition).properties.as_ref().unwrap()[part];
            for (name, field) in schema.properties.iter().flatten() {
                walk(
                    field,
                    &format!("{}.{part}.{name}", definition.spec.names.kind),
                    &mut |path, field| {
                        let inner = path.ends_with("[]") || path.ends_with(".*");
                        if field.description.is_none() && !inner {
                            bare.push(path.to_owned());
                        }
                    },
                );
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

/// E-001, E-004, E-005, G-002, K-043: names, columns and selectable fields of each kind.
#[test]
fn names_and_columns() {
    let mut lines = String::new();
    for definition in custom_resource_definitions() {
        let names = &definition.spec.names;
        let version = &definition.spec.versions[0];
        let columns: Vec<_> = version
            .additional_printer_columns
            .iter()
            .flatten()
            .map(|column| format!("{} {} {}", column.name, column.type_, column.json_path))
            .collect();
        let selectable: Vec<_> = version
            .selectable_fields
            .iter()
            .flatten()
            .map(|f| f.json_path.as_str())
            .collect();
        writeln!(
            lines,
            "{} {} {} short={:?} categories={:?} status={}\n  columns: {}\n  selectable: {selectable:?}",
            definition.metadata.name.as_deref().unwrap(),
            version.name,
            definition.spec.scope,
            names.short_names.clone().unwrap_or_default(),
            names.categories.clone().unwrap_or_default(),
            version
                .subresources
                .as_ref()
                .is_some_and(|s| s.status.is_some()),
            columns.join("; "),
        )
        .unwrap();
    }
    insta::assert_snapshot!(lines, @r#"
    sealedsecrets.bitnami.com v1alpha1 Namespaced short=[] categories=[] status=true
      columns: Status string .status.conditions[0].message; Synced string .status.conditions[0].status; Age date .metadata.creationTimestamp
      selectable: []
    clustersecretstores.external-secrets.io v1 Cluster short=["css"] categories=["external-secrets"] status=true
      columns: AGE date .metadata.creationTimestamp; Status string .status.conditions[?(@.type=="Ready")].reason; Capabilities string .status.capabilities; Ready string .status.conditions[?(@.type=="Ready")].status
      selectable: []
    externalsecrets.external-secrets.io v1 Namespaced short=["es"] categories=["external-secrets"] status=true
      columns: StoreType string .spec.secretStoreRef.kind; Store string .spec.secretStoreRef.name; Refresh Interval string .spec.refreshInterval; Status string .status.conditions[?(@.type=="Ready")].reason; Ready string .status.conditions[?(@.type=="Ready")].status; Last Sync date .status.refreshTime
      selectable: [".spec.secretStoreRef.name", ".spec.secretStoreRef.kind", ".spec.target.name", ".spec.refreshInterval"]
    secretstores.external-secrets.io v1 Namespaced short=["ss"] categories=["external-secrets"] status=true
      columns: AGE date .metadata.creationTimestamp; Status string .status.conditions[?(@.type=="Ready")].reason; Capabilities string .status.capabilities; Ready string .status.conditions[?(@.type=="Ready")].status
      selectable: []
    kustomizations.kustomize.toolkit.fluxcd.io v1 Namespaced short=["ks"] categories=[] status=true
      columns: Age date .metadata.creationTimestamp; Ready string .status.conditions[?(@.type=="Ready")].status; Status string .status.conditions[?(@.type=="Ready")].message
      selectable: []
    gitrepositories.source.toolkit.fluxcd.io v1 Namespaced short=["gitrepo"] categories=[] status=true
      columns: URL string .spec.url; Age date .metadata.creationTimestamp; Ready string .status.conditions[?(@.type=="Ready")].status; Status string .status.conditions[?(@.type=="Ready")].message
      selectable: []
    applications.argoproj.io v1alpha1 Namespaced short=["app", "apps"] categories=[] status=false
      columns: Sync Status string .status.sync.status; Health Status string .status.health.status; Revision string .status.sync.revision; Project string .spec.project
      selectable: []
    appprojects.argoproj.io v1alpha1 Namespaced short=["appproj", "appprojs"] categories=[] status=false
      columns: 
      selectable: []
    "#);
}
