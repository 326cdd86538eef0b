use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::unit::{argo, flux};

fn application() -> Owner {
    argo::owner("team-a_web", "prod")
}

fn unit(family: Family) -> UnitId {
    UnitId {
        family,
        namespace: "apps".to_owned(),
        name: "web".to_owned(),
    }
}

fn config_map(name: &str, marks: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"namespace": "prod", "name": name,
            "labels": marks.get("labels"), "annotations": marks.get("annotations")}})
}

fn tracked(name: &str, id: &str) -> Value {
    config_map(
        name,
        &json!({"annotations": {"argocd.argoproj.io/tracking-id": id}}),
    )
}

fn of_flux(namespace: &str, name: &str) -> Value {
    config_map(
        "a",
        &json!({"labels": {"kustomize.toolkit.fluxcd.io/name": name,
            "kustomize.toolkit.fluxcd.io/namespace": namespace}}),
    )
}

fn adopted(mut live: Value, by: &str) -> Value {
    if live["metadata"]["annotations"].is_null() {
        live["metadata"]["annotations"] = json!({});
    }
    live["metadata"]["annotations"]["signet.dev/adopt-by"] = json!(by);
    live
}

#[test]
fn ownership_needs_every_label_and_at_least_one() {
    let mut owner = flux::owner("apps", "web");
    assert!(owner.owns(&of_flux("apps", "web")));
    assert!(!owner.owns(&of_flux("other", "web")));
    assert!(!owner.owns(&json!({"metadata": {}})));
    owner.labels.clear();
    assert!(
        !owner.owns(&of_flux("apps", "web")),
        "an owner without marks owns nothing"
    );
}

/// G-093: the annotation names instance, kind and place; for an object without a namespace it names
/// that of the destination, as Argo CD writes it.
#[test]
fn tracking_id_names_instance_kind_and_place() {
    let owner = application();
    let id = |group: &str, kind: &str, namespace: Option<&str>| {
        let object = ObjectId::new(GroupKind::new(group, kind), namespace, "a");
        let ids: Vec<_> = owner.annotations_of(&object).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(ids[0].0, "argocd.argoproj.io/tracking-id");
        ids[0].1.clone()
    };
    assert_eq!(
        id("apps", "Deployment", Some("x")),
        "team-a_web:apps/Deployment:x/a"
    );
    assert_eq!(
        id("", "ConfigMap", Some("prod")),
        "team-a_web:/ConfigMap:prod/a"
    );
    assert_eq!(id("", "Namespace", None), "team-a_web:/Namespace:prod/a");
}

/// G-098: a definition gets no mark, so that it is nobody's and never deleted (G-127).
#[test]
fn definitions_carry_no_tracking() {
    let owner = application();
    let kind = GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
    let definition = ObjectId::new(kind, None, "a.example.com");
    assert_eq!(owner.annotations_of(&definition).count(), 0);
    let live = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "a", "annotations": {"argocd.argoproj.io/tracking-id":
            "team-a_web:apiextensions.k8s.io/CustomResourceDefinition:prod/a"}}});
    assert!(!owner.owns(&live));
    let flux = flux::owner("apps", "web");
    assert_eq!(flux.labels_of(&definition).count(), 2);
}

/// G-095: an annotation that came with a copy of the object is nobody's.
#[test]
fn tracking_id_of_another_object_is_not_counted() {
    let owner = application();
    let id = "team-a_web:/ConfigMap:prod/a";
    assert!(owner.owns(&tracked("a", id)));
    assert!(!owner.owns(&tracked("copy", id)));
    assert!(!owner.owns(&tracked("a", "web:/ConfigMap:prod/a")));
    assert!(!owner.owns(&tracked("a", "team-a_web:/ConfigMap:other/a")));
    assert!(!owner.owns(&tracked("a", "team-a_web:/Secret:prod/a")));
    for broken in ["", "team-a_web", "team-a_web:/ConfigMap", "x:y:z"] {
        assert!(!owner.owns(&tracked("a", broken)), "{broken:?}");
    }
    let mut cluster = tracked("a", "team-a_web:/Namespace:prod/a");
    cluster["kind"] = json!("Namespace");
    cluster["metadata"]["namespace"] = Value::Null;
    assert!(owner.owns(&cluster));
}

/// D-18, G-250: what belongs to a unit of another family is left alone, whichever came second.
#[test]
fn object_of_another_family_is_claimed() {
    let by_flux = of_flux("apps", "web");
    let argo = application();
    assert_eq!(
        claimant(&unit(Family::Argo), &argo, &by_flux).as_deref(),
        Some("flux:apps/web")
    );
    let by_argo = tracked("a", "team-a_web:/ConfigMap:prod/a");
    let flux = flux::owner("apps", "web");
    assert_eq!(
        claimant(&unit(Family::Flux), &flux, &by_argo).as_deref(),
        Some("argo:team-a_web")
    );
    assert_eq!(claimant(&unit(Family::Argo), &argo, &by_argo), None);
    assert_eq!(claimant(&unit(Family::Flux), &flux, &by_flux), None);
    // Within a family its own rules count, and an object of nobody is free.
    let other = of_flux("other", "web");
    assert_eq!(claimant(&unit(Family::Flux), &flux, &other), None);
    let nobodys = config_map("a", &json!({}));
    assert_eq!(claimant(&unit(Family::Argo), &argo, &nobodys), None);
    // A copy of a tracked object claims nothing.
    let copy = tracked("copy", "team-a_web:/ConfigMap:prod/a");
    assert_eq!(claimant(&unit(Family::Flux), &flux, &copy), None);
}

/// D-18, G-250: the annotation hands an object over, and the unit that had it lets go without
/// deleting it.
#[test]
fn adoption_transfers_a_claim() {
    let live = adopted(of_flux("apps", "web"), "argo:apps/web");
    let argo = application();
    let flux = flux::owner("apps", "web");
    assert_eq!(claimant(&unit(Family::Argo), &argo, &live), None);
    let to = Some("argo:apps/web".to_owned());
    assert_eq!(claimant(&unit(Family::Flux), &flux, &live), to);
    assert_eq!(fellow_claimant(&unit(Family::Flux), &flux, &live), to);
    let elsewhere = adopted(of_flux("apps", "web"), "flux:other/web");
    assert_eq!(
        claimant(&unit(Family::Argo), &argo, &elsewhere).as_deref(),
        Some("flux:other/web")
    );
    let emptied = adopted(of_flux("apps", "web"), " ");
    assert_eq!(claimant(&unit(Family::Flux), &flux, &emptied), None);
}

#[test]
fn an_object_with_marks_of_two_families_is_deleted_by_who_adopted_it_alone() {
    let mut both = of_flux("apps", "web");
    both["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/tracking-id": "team-a_web:/ConfigMap:prod/a"});
    let argo = application();
    let flux = flux::owner("apps", "web");
    assert!(argo.owns(&both) && flux.owns(&both));
    assert!(fellow_claimant(&unit(Family::Argo), &argo, &both).is_some());
    assert!(fellow_claimant(&unit(Family::Flux), &flux, &both).is_some());
    let to_argo = adopted(both, "argo:apps/web");
    assert_eq!(fellow_claimant(&unit(Family::Argo), &argo, &to_argo), None);
    let of_one = of_flux("apps", "web");
    assert_eq!(fellow_claimant(&unit(Family::Flux), &flux, &of_one), None);
}

/// G-096
#[test]
fn object_of_another_application_is_shared() {
    let owner = application();
    let others = tracked("a", "shop:/ConfigMap:prod/a");
    assert_eq!(sharer(&owner, &others).as_deref(), Some("shop"));
    assert_eq!(
        sharer(&owner, &tracked("a", "team-a_web:/ConfigMap:prod/a")),
        None
    );
    assert_eq!(
        sharer(&owner, &tracked("copy", "shop:/ConfigMap:prod/a")),
        None
    );
    assert_eq!(sharer(&owner, &of_flux("apps", "web")), None);
    assert_eq!(sharer(&flux::owner("apps", "web"), &others), None);
}

proptest! {
    #[test]
    fn reading_a_tracking_id_never_panics(text in ".{0,40}") {
        let _ = TrackingId::parse(&text);
    }

    #[test]
    fn a_tracking_id_reads_back(
        instance in "[a-z][a-z0-9_-]{0,9}", group in "([a-z]{1,5}\\.[a-z]{1,5})?",
        kind in "[A-Z][a-z]{0,8}", namespace in "[a-z]{1,8}", name in "[a-z]{1,4}(:[a-z]{1,4})?",
    ) {
        let tracking = Tracking {
            annotation: "a".to_owned(), instance: instance.clone(), namespace: "x".to_owned(),
        };
        let object = ObjectId::new(GroupKind::new(group, kind), Some(&namespace), name);
        let id = TrackingId::parse(&tracking.id(&object)).unwrap();
        prop_assert_eq!(id.instance, instance);
        prop_assert_eq!(id.object, object);
    }
}
