use super::{Place, config_map, secret};
use crate::cluster::user;
use crate::tool::SIGNET;

#[test]
fn show_secrets_is_refused_to_who_may_not_get_them() {
    let place = Place::new("diff-may-not");
    place
        .folder
        .write("db.yaml", &secret("db", "user", "a-password"));
    let rules = "[{apiGroups: [''], resources: [secrets], verbs: [patch, create]}]";
    let kubeconfig = user(place.namespace, "diff-writer", rules);
    let refusal = place
        .diff_with(&SIGNET, &kubeconfig, &[".", "--show-secrets"])
        .refusal(2);
    let expected = "error: --show-secrets is refused: you may not get Secrets in namespace \
                    \"diff-may-not\"";
    assert!(refusal.starts_with(expected), "{refusal}");
    assert!(!refusal.contains("a-password"));
}

#[test]
fn what_may_not_be_read_is_said_so() {
    let place = Place::new("diff-forbidden");
    place.folder.write("a.yaml", &config_map("a", "one"));
    place
        .folder
        .write("db.yaml", &secret("db", "user", "a-password"));
    let rules = "[{apiGroups: [''], resources: [configmaps], verbs: [get, patch, create]}]";
    let kubeconfig = user(place.namespace, "diff-reader", rules);
    let outcome = place.diff_with(&SIGNET, &kubeconfig, &["."]);
    assert!(
        outcome
            .stdout
            .contains("ConfigMap/diff-forbidden/a created"),
        "{}",
        outcome.stdout
    );
    let refusal = outcome.failure(2);
    let expected = "error: Secret/diff-forbidden/db is not compared: forbidden: ";
    assert!(refusal.contains(expected), "{refusal}");
}

#[test]
fn a_cluster_that_is_not_there_is_named_and_exits_with_two() {
    let place = Place::new("diff-nowhere");
    place.folder.write("a.yaml", &config_map("a", "one"));
    let refusal = place
        .diff(&[".", "--server", "https://127.0.0.1:1"])
        .refusal(2);
    assert!(
        refusal.starts_with("error: the API server https://127.0.0.1:1 cannot be reached: "),
        "{refusal}"
    );
    let kubeconfig = place.folder.path("no.kubeconfig");
    let refusal = place.diff_with(&SIGNET, &kubeconfig, &["."]).refusal(2);
    assert!(refusal.contains("no.kubeconfig"), "{refusal}");
}
