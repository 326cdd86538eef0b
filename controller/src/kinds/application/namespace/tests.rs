use super::*;

fn unit() -> Unit {
    let app = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {"project": "default", "destination": {"namespace": "prod"}},
    });
    pipeline::unit::argo::to_delete(&serde_json::from_value(app).unwrap(), "argocd")
}

fn namespace(metadata: &Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}});
    for (key, value) in metadata.as_object().unwrap() {
        object["metadata"][key] = value.clone();
    }
    object
}

fn id() -> ObjectId {
    ObjectId::new(GroupKind::new("", "Namespace"), None, "prod")
}

/// G-250: managed metadata is no way around the unit that has the namespace.
#[test]
fn namespace_of_another_family_is_left_alone() {
    let of_flux = namespace(&json!({"labels": {
        "kustomize.toolkit.fluxcd.io/name": "base",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
        "pod-security.kubernetes.io/enforce": "restricted",
    }}));
    let claimed = Ensured::Claimed {
        id: id(),
        by: "flux:flux-system/base".to_owned(),
    };
    assert_eq!(
        stays(&unit(), id(), Some(&of_flux), false),
        Some(claimed.clone())
    );
    let handed_over = namespace(&json!({"annotations": {
        "signet.dev/adopt-by": "flux:flux-system/base",
    }}));
    assert_eq!(
        stays(&unit(), id(), Some(&handed_over), false),
        Some(claimed)
    );
}

/// G-055, G-056: one that is nobody's gets what it is to have, one that is not there is made.
#[test]
fn namespace_of_nobody_is_written() {
    let of_nobody = namespace(&json!({"labels": {"team": "web"}}));
    assert_eq!(stays(&unit(), id(), Some(&of_nobody), false), None);
    assert_eq!(
        stays(&unit(), id(), Some(&of_nobody), true),
        Some(Ensured::Stands)
    );
    assert_eq!(stays(&unit(), id(), None, true), None);
}
