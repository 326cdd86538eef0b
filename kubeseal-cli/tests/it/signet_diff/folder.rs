use kubeseal_cli::io::Terminals;
use serde_json::Value;

use super::{Place, config_map, secret};
use crate::cluster::cluster;
use crate::tool::{SIGNET, Tool};

#[test]
fn nothing_to_change_is_silent_and_exits_with_zero() {
    let place = Place::new("diff-nothing");
    place.apply(&config_map("a", "one"));
    place.folder.write("a.yaml", &config_map("a", "one"));
    let outcome = place.diff(&["."]);
    assert_eq!(outcome.stderr, "1 unchanged\n");
    assert_eq!(outcome.output(), "");
}

#[test]
fn changed_and_new_objects_are_shown_as_a_unified_diff() {
    let place = Place::new("diff-changed");
    place.apply(&config_map("a", "one"));
    place.folder.write("a.yaml", &config_map("a", "two"));
    place.folder.write("b.yaml", &config_map("b", "new"));
    let expected = "\
ConfigMap/diff-changed/a configured
--- live/ConfigMap/diff-changed/a
+++ wanted/ConfigMap/diff-changed/a
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  key: one
+  key: two
 kind: ConfigMap
 metadata:
   name: a
ConfigMap/diff-changed/b created
--- /dev/null
+++ wanted/ConfigMap/diff-changed/b
@@ -0,0 +1,7 @@
+apiVersion: v1
+data:
+  key: new
+kind: ConfigMap
+metadata:
+  name: b
+  namespace: diff-changed
";
    assert_eq!(place.diff(&["."]).difference(), expected);
    let written = cluster().audit_events().unwrap();
    let mut written = written.iter().filter(|event| {
        let is_written = event.is_write() && !event.is_dry_run();
        is_written && event.user == "signet-admin" && event.uri.contains("/diff-changed/")
    });
    // The fixture applied one object, and nothing else was written.
    assert_eq!(written.by_ref().count(), 1);
    assert!(
        cluster()
            .kubectl(["get", "cm", "b", "-n", "diff-changed"], None)
            .is_err()
    );
}

/// S6, S7: which key changes and whether two values are equal is seen, and no value is.
#[test]
fn values_of_secrets_are_tokens() {
    let place = Place::new("diff-secrets");
    place.apply(&secret("db", "the-same-user", "before-it-changed"));
    place.folder.write(
        "db.yaml",
        &secret("db", "the-same-user", "after-it-changed"),
    );
    place.folder.write(
        "copy.yaml",
        &secret("copy", "the-same-user", "after-it-changed"),
    );
    let text = place.diff(&["."]).difference();
    for value in ["the-same-user", "before-it-changed", "after-it-changed"] {
        assert!(!text.contains(value), "{text}");
    }
    let token = |mark: &str| {
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix(mark)?.trim().strip_prefix("password: "))
            .collect();
        lines
    };
    let (before, after) = (token("-"), token("+"));
    assert_eq!((before.len(), after.len()), (1, 2), "{text}");
    assert_eq!(after[0], after[1], "equal values have equal tokens");
    assert_ne!(before[0], after[0]);
    assert!(after[0].starts_with("••••"), "{text}");
}

/// S4: a value that was carried out of its Secret is masked where it went.
#[test]
fn a_secret_s_value_is_masked_in_other_objects_too() {
    let place = Place::new("diff-tainted");
    place
        .folder
        .write("db.yaml", &secret("db", "somebody", "carried-away"));
    place
        .folder
        .write("a.yaml", &config_map("a", "url-with-carried-away-in-it"));
    let text = place.diff(&["."]).difference();
    assert!(!text.contains("carried-away"), "{text}");
    assert!(text.contains("+  key: url-with-••••"), "{text}");
}

#[test]
fn show_secrets_shows_them_to_who_may_read_them() {
    let place = Place::new("diff-shown");
    place.apply(&secret("db", "user", "before-it-changed"));
    place
        .folder
        .write("db.yaml", &secret("db", "user", "after-it-changed"));
    let text = place.diff(&[".", "--show-secrets"]).difference();
    // As the API server has them: in Base64.
    assert!(
        text.contains("-  password: YmVmb3JlLWl0LWNoYW5nZWQ="),
        "{text}"
    );
    assert!(
        text.contains("+  password: YWZ0ZXItaXQtY2hhbmdlZA=="),
        "{text}"
    );
}

#[test]
fn json_names_each_field_that_changes() {
    let place = Place::new("diff-json");
    place.apply(&secret("db", "user", "before-it-changed"));
    place
        .folder
        .write("db.yaml", &secret("db", "user", "after-it-changed"));
    place.folder.write("a.yaml", &config_map("a", "one"));
    let text = place.diff(&[".", "-o", "json"]).difference();
    assert!(!text.contains("it-changed"), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let objects = report["objects"].as_array().unwrap();
    assert_eq!(objects[0]["action"], "created");
    assert_eq!(objects[0]["object"]["data"]["key"], "one");
    assert_eq!(objects[1]["kind"], "Secret");
    assert_eq!(objects[1]["namespace"], "diff-json");
    let fields = objects[1]["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1, "{text}");
    assert_eq!(fields[0]["path"], "/data/password");
    assert_ne!(fields[0]["before"], fields[0]["after"]);
}

/// What belongs to a unit keeps its marks, although the folder does not say them.
#[test]
fn marks_of_a_unit_are_no_difference() {
    let place = Place::new("diff-marks");
    let marked = config_map("a", "one").replace(
        "  name: a\n",
        "  name: a\n  labels: {kustomize.toolkit.fluxcd.io/name: apps, \
         kustomize.toolkit.fluxcd.io/namespace: x}\n",
    );
    place.apply(&marked);
    place.folder.write("a.yaml", &config_map("a", "one"));
    assert_eq!(place.diff(&["."]).output(), "");
}

/// A key that left the folder leaves the object that was applied with it.
#[test]
fn a_removed_key_is_shown() {
    let place = Place::new("diff-removed");
    let labelled = "  name: a\n  labels: {kustomize.toolkit.fluxcd.io/name: apps}\n";
    let applied = config_map("a", "one\n  gone: two").replace("  name: a\n", labelled);
    place.apply(&applied);
    place.folder.write("a.yaml", &config_map("a", "one"));
    let text = place.diff(&["."]).difference();
    assert!(text.contains("\n-  gone: two\n"), "{text}");
}

#[test]
fn what_needs_a_namespace_or_kind_of_the_same_folder_is_created() {
    let place = Place::new("diff-together");
    place.folder.write(
        "all.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: diff-not-there-yet}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: diff-not-there-yet}\n---\n\
         apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
         metadata: {name: gadgets.example.com}\nspec: {group: example.com, scope: Namespaced, \
         names: {kind: Gadget, plural: gadgets, singular: gadget}, versions: [{name: v1, \
         served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}\n---\n\
         apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: a, namespace: diff-together}\n",
    );
    let text = place.diff(&["."]).difference();
    assert!(
        text.contains("ConfigMap/diff-not-there-yet/a created"),
        "{text}"
    );
    assert!(text.contains("Gadget/diff-together/a created"), "{text}");
}

/// The rest is shown all the same, and the exit status says that it is not all.
#[test]
fn what_cannot_be_compared_is_named_and_exits_with_two() {
    let place = Place::new("diff-refused");
    place.folder.write("a.yaml", &config_map("a", "one"));
    place
        .folder
        .write("b.yaml", &config_map("not_a_name", "one"));
    place.folder.write(
        "c.yaml",
        "apiVersion: example.org/v1\nkind: Nobody\nmetadata: {name: c}\n",
    );
    let outcome = place.diff(&["."]);
    assert!(outcome.stdout.contains("ConfigMap/diff-refused/a created"));
    let refusal = outcome.failure(2);
    assert!(
        refusal.contains("error: ConfigMap/diff-refused/not_a_name is not compared: "),
        "{refusal}"
    );
    assert!(
        refusal.contains("no matches for kind \"Nobody\""),
        "{refusal}"
    );
}

#[test]
fn only_a_terminal_sees_colours() {
    let place = Place::new("diff-colours");
    place.folder.write("a.yaml", &config_map("a", "one"));
    let kubeconfig = cluster().kubeconfig().to_str().unwrap();
    let terminal = Tool {
        terminals: Terminals {
            stdout: true,
            ..Terminals::default()
        },
        ..SIGNET
    };
    let coloured = "\x1b[32m+  key: one\x1b[0m";
    let shown =
        |tool: &Tool, arguments: &[&str]| place.diff_with(tool, kubeconfig, arguments).difference();
    assert!(shown(&terminal, &["."]).contains(coloured));
    assert!(shown(&SIGNET, &[".", "--color", "always"]).contains(coloured));
    assert!(!shown(&SIGNET, &["."]).contains('\x1b'));
    assert!(!shown(&terminal, &[".", "--color", "never"]).contains('\x1b'));
}
