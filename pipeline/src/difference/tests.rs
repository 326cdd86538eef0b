use manifests::{Limits, Manifest, read_yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{compared, conceal_alike, fields};
use crate::plan::differs;
use crate::redact::{Taint, View, comparable, masked};

fn manifest(text: &str) -> Manifest {
    read_yaml(text.as_bytes(), None, &Limits::default())
        .unwrap()
        .remove(0)
}

fn shown(manifest: &Manifest) -> String {
    masked(manifest, &Taint::default(), &View::new(&[7; 32])).to_string()
}

#[test]
fn each_change_is_named_by_its_place() {
    let before = json!({"data": {"a": "1", "b": "2"}, "list": [1, {"x": 1}], "gone": true});
    let after = json!({"data": {"a": "1", "b": "3", "c/d": "4"}, "list": [1, {"x": 2}]});
    let found: Vec<String> = fields(&before, &after)
        .iter()
        .map(|change| {
            let side =
                |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
            format!(
                "{} {} {}",
                change.path,
                side(&change.before),
                side(&change.after)
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            r#"/data/b "2" "3""#,
            r#"/data/c~1d - "4""#,
            "/list/1/x 1 2",
            "/gone true -",
        ]
    );
    assert!(fields(&before, &before).is_empty());
}

/// S6: keys are visible, equal values look equal, different ones do not, and no value is there.
#[test]
fn values_of_secrets_are_tokens_that_say_whether_they_are_equal() {
    let secret = |data: &str| {
        let mut secret = manifest(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {data}\n"
        ));
        secret.conceal_secret_data();
        secret
    };
    let live = secret("{user: postgres, password: before-it-changed}");
    let wanted = secret("{user: postgres, password: after-it-changed}");
    let view = View::new(&[7; 32]);
    let (before, after) = (comparable(&live, &view), comparable(&wanted, &view));
    assert!(differs(&before, &after));
    let changes = fields(&before, &after);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes.first().unwrap().path, "/stringData/password");
    for text in [shown(&live), shown(&wanted)] {
        assert!(text.contains("password") && text.contains("••••"), "{text}");
        assert!(!text.contains("it-changed") && !text.contains("postgres"));
    }
}

/// A ConfigMap that was encrypted as a whole: what the cluster has of it is plaintext of earlier.
#[test]
fn earlier_plaintext_beside_a_concealed_place_is_concealed_too() {
    let mut wanted = manifest(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n\
         data: {mode: open-text, password: the-new-one}\n",
    );
    wanted.conceal("/data/password");
    let mut live = manifest(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, labels: {a: label-text}}\n\
         data: {mode: open-text, password: the-old-one, passwd: renamed-since}\n",
    );
    conceal_alike(&mut live, &wanted);
    let text = shown(&live);
    assert!(
        !text.contains("the-old-one") && !text.contains("renamed-since"),
        "{text}"
    );
    assert!(
        text.contains("open-text") && text.contains("label-text"),
        "{text}"
    );
}

/// The value stood at another place of a list.
#[test]
fn every_element_of_a_list_is_concealed_like_one() {
    let pod = |env: &str| {
        manifest(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n\
             spec: {{containers: [{{name: c, env: {env}}}]}}\n"
        ))
    };
    let mut wanted = pod("[{name: A, value: new-value}]");
    wanted.conceal("/spec/containers/0/env/0/value");
    let mut live = pod("[{name: OTHER, value: other-value}, {name: A, value: old-value}]");
    conceal_alike(&mut live, &wanted);
    let text = shown(&live);
    assert!(
        !text.contains("old-value") && !text.contains("other-value"),
        "{text}"
    );
    assert!(text.contains("\"c\""), "{text}");
}

fn object() -> impl Strategy<Value = Value> {
    let text = || prop::sample::select(vec!["a", "b", ""]);
    (text(), text(), text(), text(), prop::bool::ANY).prop_map(
        |(label, note, body, status, copy)| {
            let mut object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "n", "resourceVersion": status,
                    "labels": {"l": label}, "annotations": {"n": note}},
                "data": {"k": body}, "status": {"phase": status},
            });
            if copy {
                object["metadata"]["annotations"][crate::plan::LAST_APPLIED] = json!(status);
            }
            if note.is_empty() {
                object["metadata"]["annotations"]
                    .as_object_mut()
                    .unwrap()
                    .shift_remove("n");
            }
            object
        },
    )
}

proptest! {
    /// A difference is shown exactly where a plan would write (G-206).
    #[test]
    fn what_is_shown_differs_when_the_plan_says_so(before in object(), after in object()) {
        let shown = compared(before.clone()) != compared(after.clone());
        prop_assert_eq!(shown, differs(&before, &after));
        prop_assert_eq!(shown, !fields(&compared(before), &compared(after)).is_empty());
    }
}
