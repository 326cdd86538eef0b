use proptest::prelude::*;

use super::Inventory;
use crate::fixtures::id;

/// G-186: `<namespace>_<name>_<group>_<kind>`, with the version beside it.
#[test]
fn entries_have_the_form_a_status_holds() {
    let mut inventory = Inventory::default();
    inventory.insert(id("ConfigMap", "apps", "a"), "v1");
    inventory.insert(
        "_admin__read_rbac.authorization.k8s.io_ClusterRole"
            .parse()
            .unwrap(),
        "v1",
    );
    let entries: Vec<_> = inventory.entries().collect();
    assert_eq!(
        entries,
        [
            ("apps_a__ConfigMap".to_owned(), "v1"),
            (
                "_admin__read_rbac.authorization.k8s.io_ClusterRole".to_owned(),
                "v1"
            ),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_reported_and_left_out() {
    let (inventory, unreadable) = Inventory::read([
        ("apps_a__ConfigMap", "v1"),
        ("nonsense", "v1"),
        ("a_b", "v1"),
    ]);
    assert_eq!(inventory.len(), 1);
    assert_eq!(unreadable.len(), 2);
}

#[test]
fn union_has_both_and_the_newer_version() {
    let old: Inventory = [
        (id("A", "ns", "x"), "v1".to_owned()),
        (id("A", "ns", "y"), "v1".to_owned()),
    ]
    .into_iter()
    .collect();
    let new: Inventory = [(id("A", "ns", "y"), "v2".to_owned())]
        .into_iter()
        .collect();
    let all = old.union(&new);
    assert_eq!(all.len(), 2);
    assert_eq!(all.version(&id("A", "ns", "y")), Some("v2"));
}

proptest! {
    /// G-186: what is written is read back.
    #[test]
    fn entries_round_trip(
        objects in proptest::collection::btree_map(
            ("[a-z0-9-]{0,8}", "[a-z0-9]([a-z0-9.:-]{0,8}[a-z0-9])?", "[a-z.]{0,8}", "[A-Z][A-Za-z]{0,6}"),
            "v[0-9]",
            0..8,
        ),
    ) {
        let inventory: Inventory = objects
            .into_iter()
            .map(|((namespace, name, group, kind), version)| {
                let kind = manifests::GroupKind::new(group, kind);
                (manifests::ObjectId::new(kind, Some(&namespace), name), version)
            })
            .collect();
        let text: Vec<_> = inventory.entries().map(|(id, v)| (id, v.to_owned())).collect();
        let (back, unreadable) =
            Inventory::read(text.iter().map(|(id, v)| (id.as_str(), v.as_str())));
        prop_assert!(unreadable.is_empty());
        prop_assert_eq!(back, inventory);
    }
}
