use serde_json::json;

use super::FieldModel;
use crate::{
    external_secrets::{ExternalSecret, SecretStore},
    kustomize::Kustomization,
};

#[test]
fn a_field_nobody_modelled_is_named_by_its_path() {
    let spec = json!({
        "interval": "1m",
        "prune": true,
        "sourceRef": { "kind": "GitRepository", "name": "a", "shape": "round" },
        "commonMetadata": { "labels": { "anything": "goes" } },
        "patches": [{ "patch": "" }, { "patch": "", "options": { "allowNameChange": true } }],
        "colour": "red",
    });
    let mut paths = FieldModel::of::<Kustomization>().unmodelled(&spec);
    paths.sort();
    assert_eq!(
        paths,
        [
            "spec.colour",
            "spec.patches[1].options",
            "spec.sourceRef.shape"
        ]
    );
}

/// E-012: the unsupported provider is named.
#[test]
fn an_unknown_provider_is_named_and_its_content_is_not() {
    let spec = json!({ "provider": { "gitlab": { "auth": { "token": "plain" } } } });
    assert_eq!(
        FieldModel::of::<SecretStore>().unmodelled(&spec),
        ["spec.provider.gitlab"]
    );
}

#[test]
fn modelled_fields_are_not_listed() {
    let spec = json!({
        "refreshInterval": "1h",
        "secretStoreRef": { "name": "a", "kind": "SecretStore" },
        "target": { "template": { "data": { "any": "text" }, "metadata": { "labels": { "a": "b" } } } },
        "data": [{ "secretKey": "a", "remoteRef": { "key": "b" } }],
    });
    assert_eq!(
        FieldModel::of::<ExternalSecret>().unmodelled(&spec),
        Vec::<String>::new()
    );
}
