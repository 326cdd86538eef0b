//! No error text quotes a value of a Secret, whoever refuses it and whether it was encrypted (I1).

use e2e::Canary;
use serde_json::json;

use crate::encrypted::{Sops, age_key, encrypt};
use crate::shared::shared;
use crate::tenant::Tenant;

/// Too long to stand anywhere by chance.
const VALUE: &str = "value-of-a-Secret-0815";

/// Folder, file and text of what kustomize refuses.
fn unbuildable() -> Vec<(&'static str, &'static str, String)> {
    let inline = format!(
        "resources: [s.yaml]\npatches:\n- target: {{kind: Secret}}\n  \
         patch: '[{{op: test, path: /data/x, value: {VALUE}}}]'\n"
    );
    let literal = format!("secretGenerator: [{{name: s, literals: ['{VALUE}']}}]\n");
    vec![
        ("patch", "kustomization.yaml", inline),
        ("patch", "s.yaml", secret("data: {}")),
        ("literal", "kustomization.yaml", literal),
        (
            "anchor",
            "s.yaml",
            secret(&format!("stringData: {{k: *{VALUE}}}")),
        ),
    ]
}

/// Folder and text of what the API server's reader, its conversion or its validation refuses.
fn unacceptable() -> Vec<(&'static str, String)> {
    let secret = |rest: String| secret(&rest);
    let docker = "type: kubernetes.io/dockerconfigjson\nstringData";
    vec![
        ("base64", secret(format!("data: {{k: '{VALUE}!'}}"))),
        (
            "type",
            secret(format!("stringData: {{k: {{nested: {VALUE}}}}}")),
        ),
        (
            "validation",
            secret(format!("{docker}: {{.dockerconfigjson: '{VALUE}'}}")),
        ),
        ("key", secret(format!("stringData: {{'no key': {VALUE}}}"))),
    ]
}

fn secret(rest: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{rest}\n")
}

/// S5, S8 of the pipeline's contract: each of them has its own way to quote what it refuses.
#[test]
fn no_refusal_of_a_secret_quotes_its_values() {
    let shared = shared();
    let key = age_key();
    let arguments = ["--age", &key.recipient, "--encrypted-regex", "^data$"];
    let text = secret(&format!("data: {{k: '{VALUE}!'}}"));
    let text = encrypt(&shared.world, Sops::Ours, "e.yaml", &text, &arguments, &[]);
    let mut files = vec![("encrypted/e.yaml".to_owned(), text)];
    for (unit, file, text) in unbuildable() {
        files.push((format!("{unit}/{file}"), text));
    }
    for (unit, text) in unacceptable() {
        files.push((format!("{unit}/s.yaml"), text));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let tenant = Tenant::new(shared, "security-error-texts", &files);
    tenant.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"team.agekey": key.identity},
        "metadata": {"name": "sops-keys", "namespace": tenant.namespace},
    }));
    let decryption = json!({"provider": "sops", "secretRef": {"name": "sops-keys"}});
    tenant.unit("encrypted", &json!({"decryption": decryption}));
    let refused = ["base64", "type", "validation", "key"];
    for unit in ["patch", "literal", "anchor"].iter().chain(&refused) {
        tenant.unit(unit, &json!({}));
    }
    for unit in ["patch", "literal", "anchor"] {
        tenant.fails(unit, "BuildFailed");
    }
    for unit in refused.iter().chain(&["encrypted"]) {
        let message = tenant.fails(unit, "ReconciliationFailed");
        assert!(message.contains("Secret"), "{unit}: {message}");
    }
    tenant.get("Secret", "s").expect_err("it is not made");
    // The artifact holds what is in Git, plain Secrets too.
    let mut leaks = Canary::of(&[VALUE]).leaks(tenant.world, &shared.controller);
    leaks.retain(|leak| !leak.starts_with("data/"));
    assert_eq!(leaks, Vec::<String>::new());
}
