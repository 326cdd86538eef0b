use serde_json::json;

use super::*;

/// What somebody made in the place of the deleted object is not waited for.
#[test]
fn another_object_of_the_same_name_is_not_the_deleted_one() {
    let live = json!({"metadata": {"uid": "a"}});
    assert!(is_same(&live, Some("a")));
    assert!(!is_same(&live, Some("b")));
    assert!(is_same(&live, None));
}

/// G-063: what is not gone yet is tried again, and the message names what keeps it.
#[test]
fn object_that_does_not_leave_is_a_passing_failure() {
    let live = json!({"metadata": {"finalizers": ["a.example.com/x", "foregroundDeletion"]}});
    let id = ObjectId::new(GroupKind::new("batch", "Job"), Some("apps"), "seed");
    let of = |live: &Value| {
        let finalizers = finalizers(live);
        failure(id.clone(), "apply", Unwritten::InPlace { finalizers })
    };
    let failed = of(&live);
    assert!(failed.is_passing);
    assert_eq!(
        failed.message,
        "the old object is still being deleted (finalizers: a.example.com/x, foregroundDeletion)"
    );
    assert_eq!(
        of(&json!({})).message,
        "the old object is still being deleted"
    );
}

/// What an API server made of a custom resource before its definition was written says nothing about
/// what it makes of it now.
#[test]
fn written_definition_has_its_objects_asked_about_again() {
    let recent = Recent::default();
    let (now, wanted) = (Instant::now(), Fingerprint::default());
    let stored = json!({"metadata": {"resourceVersion": "7"}});
    let widget = ObjectId::new(GroupKind::new("example.com", "Widget"), Some("a"), "b");
    note(&widget, &stored, wanted, &recent, now);
    assert!(recent.is_settled(&widget, 7, wanted, now));
    let kind = GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
    let definition = ObjectId::new(kind, None, "widgets.example.com");
    note(&definition, &stored, wanted, &recent, now);
    assert!(!recent.is_settled(&widget, 7, wanted, now));
    assert!(recent.is_settled(&definition, 7, wanted, now));
}
