use proptest::prelude::*;

use super::{GroupKind, ObjectId};

/// G-186
#[test]
fn inventory_id_has_namespace_name_group_kind() {
    let deployment = ObjectId::new(GroupKind::new("apps", "Deployment"), Some("web"), "api");
    assert_eq!(deployment.inventory_id(), "web_api_apps_Deployment");
    let namespace = ObjectId::new(GroupKind::new("", "Namespace"), None, "web");
    assert_eq!(namespace.inventory_id(), "_web__Namespace");
    let role = ObjectId::new(
        GroupKind::new("rbac.authorization.k8s.io", "ClusterRole"),
        None,
        "system:node:x",
    );
    assert_eq!(
        role.inventory_id(),
        "_system__node__x_rbac.authorization.k8s.io_ClusterRole"
    );
}

/// G-186
#[test]
fn inventory_ids_that_are_none_are_refused() {
    for text in ["", "a", "a_b", "a_b_c", "__g_K", "a_b_c_"] {
        assert!(text.parse::<ObjectId>().is_err(), "{text:?}");
    }
}

/// G-211: as events name objects.
#[test]
fn displayed_as_kind_namespace_name() {
    let id = ObjectId::new(GroupKind::new("apps", "Deployment"), Some("apps"), "web");
    assert_eq!(id.to_string(), "Deployment/apps/web");
    let id = ObjectId::new(GroupKind::new("", "Namespace"), Some(""), "apps");
    assert_eq!(id.to_string(), "Namespace/apps");
    assert_eq!(id.namespace, None);
}

proptest! {
    /// G-186: names with colons and namespaces of every form come back.
    #[test]
    fn inventory_id_round_trips(
        namespace in "([a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?)?",
        name in "[a-zA-Z0-9]([a-zA-Z0-9.:-]{0,10}[a-zA-Z0-9])?",
        group in "([a-z0-9]{1,4}(\\.[a-z]{1,3}){0,2})?",
        kind in "[A-Z][A-Za-z0-9]{0,8}",
    ) {
        let id = ObjectId::new(GroupKind::new(group, kind), Some(&namespace), name);
        prop_assert_eq!(id.inventory_id().parse::<ObjectId>().unwrap(), id);
    }

    #[test]
    fn reading_an_inventory_id_never_panics(text in "[a-z_:.]{0,20}") {
        let _ = text.parse::<ObjectId>();
    }
}
