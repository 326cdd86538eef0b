use serde_json::json;

use super::{Normalise, normalise};
use crate::fixtures::{id, read, scopes, unit};
use crate::unit::{Duplicates, argo};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// §9.5: Flux does not default a namespace.
#[test]
fn object_without_namespace_is_refused_when_the_unit_has_none() {
    let error = normalise(read(CONFIG), &unit(), &scopes()).unwrap_err();
    assert_eq!(error.to_string(), "ConfigMap/a namespace not specified");
}

/// G-039
#[test]
fn object_without_namespace_gets_the_unit_s() {
    let mut unit = unit();
    unit.default_namespace = Some("apps".to_owned());
    let text = format!(
        "{CONFIG}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b, namespace: own}}\n"
    );
    let wanted = normalise(read(&text), &unit, &scopes()).unwrap();
    assert_eq!(wanted.manifests()[0].namespace(), Some("apps"));
    assert_eq!(wanted.manifests()[1].namespace(), Some("own"));
}

/// G-039
#[test]
fn cluster_scoped_object_loses_its_namespace() {
    let mut unit = unit();
    unit.default_namespace = Some("apps".to_owned());
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: apps}\n";
    let wanted = normalise(read(text), &unit, &scopes()).unwrap();
    assert_eq!(wanted.manifests()[0].namespace(), None);
}

/// G-039: scope falls back to the definition in the same build.
#[test]
fn scope_of_a_kind_defined_in_the_same_build_is_known() {
    let mut unit = unit();
    unit.default_namespace = Some("apps".to_owned());
    let definition = |scope: &str, metadata: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
             metadata: {{name: x}}\nspec: {{group: example.com, scope: {scope}, names: {{kind: Thing}}}}\n---\n\
             apiVersion: example.com/v1\nkind: Thing\nmetadata: {metadata}\n",
        )
    };
    let wanted = normalise(
        read(&definition("Namespaced", "{name: a}")),
        &unit,
        &scopes(),
    )
    .unwrap();
    assert_eq!(wanted.manifests()[1].namespace(), Some("apps"));
    let wanted = normalise(
        read(&definition("Cluster", "{name: a, namespace: ns}")),
        &unit,
        &scopes(),
    )
    .unwrap();
    assert_eq!(wanted.manifests()[1].namespace(), None);
}

#[test]
fn object_of_an_unknown_kind_stays_as_written() {
    let text = "apiVersion: nobody.example/v1\nkind: Thing\nmetadata: {name: a, namespace: ns}\n";
    let wanted = normalise(read(text), &unit(), &scopes()).unwrap();
    assert_eq!(wanted.manifests()[0].namespace(), Some("ns"));
}

/// G-186: owner labels.
#[test]
fn every_object_gets_the_owner_labels_and_keeps_its_own() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns, labels: {own: x}}\n\
                ---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: null}\n";
    let wanted = normalise(read(text), &unit(), &scopes()).unwrap();
    assert_eq!(
        wanted.manifests()[0].object()["metadata"]["labels"],
        json!({"own": "x", "kustomize.toolkit.fluxcd.io/name": "web",
               "kustomize.toolkit.fluxcd.io/namespace": "apps"})
    );
    assert_eq!(
        wanted.manifests()[1].label("kustomize.toolkit.fluxcd.io/name"),
        Some("web")
    );
}

#[test]
fn labels_that_are_no_mapping_are_refused() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns, labels: [x]}\n";
    let error = normalise(read(text), &unit(), &scopes()).unwrap_err();
    assert_eq!(
        error,
        Normalise::Malformed {
            object: id("ConfigMap", "ns", "a"),
            field: "metadata.labels"
        }
    );
}

#[test]
fn repeated_object_is_refused_or_the_last_wins_as_the_unit_says() {
    let mut unit = unit();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\ndata: {k: one}\n---\n\
                apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\ndata: {k: two}\n";
    let error = normalise(read(text), &unit, &scopes()).unwrap_err();
    assert_eq!(error.to_string(), "ConfigMap/ns/a is built more than once");
    unit.duplicates = Duplicates::LastWins;
    let wanted = normalise(read(text), &unit, &scopes()).unwrap();
    assert_eq!(wanted.manifests().len(), 1);
    assert_eq!(wanted.manifests()[0].object()["data"]["k"], "two");
    assert_eq!(wanted.repeated(), [id("ConfigMap", "ns", "a")]);
}

/// G-093, G-098: an Application stamps every object but definitions, in the namespace it ends up in.
#[test]
fn application_stamps_a_tracking_id() {
    let mut unit = unit();
    unit.default_namespace = Some("prod".to_owned());
    unit.owner = argo::owner("shop", "prod");
    let text = format!(
        "{CONFIG}---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
         metadata: {{name: x}}\n---\napiVersion: v1\nkind: Namespace\n\
         metadata: {{name: team, annotations: null}}\n"
    );
    let wanted = normalise(read(&text), &unit, &scopes()).unwrap();
    let metadata: Vec<_> = wanted
        .manifests()
        .iter()
        .map(|manifest| &manifest.object()["metadata"]["annotations"])
        .collect();
    let tracking = |id: &str| json!({"argocd.argoproj.io/tracking-id": id});
    assert_eq!(*metadata[0], tracking("shop:/ConfigMap:prod/a"));
    assert_eq!(*metadata[1], json!(null));
    assert_eq!(*metadata[2], tracking("shop:/Namespace:prod/team"));
    for manifest in wanted.manifests() {
        let is_definition = manifest.kind() == "CustomResourceDefinition";
        assert_eq!(unit.owner.owns(manifest.object()), !is_definition);
    }
}
