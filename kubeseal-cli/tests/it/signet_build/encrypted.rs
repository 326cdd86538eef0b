//! Repositories with encrypted files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Repository, age_key};
use crate::age_key::AgeKey;

/// Plaintext that must not be seen.
const CANARY: &str = "canary-3f9b";

fn secret() -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData:\n  password: {CANARY}\n  user: admin-{CANARY}\n"
    )
}

fn with_secret() -> Repository {
    let repository = Repository::new(&[]);
    repository.encrypt("db.yaml", &secret());
    repository
}

fn assert_unseen(text: &str) {
    for form in [CANARY.to_owned(), STANDARD.encode(CANARY)] {
        assert!(
            !text.contains(form.trim_end_matches('=')),
            "{form} in {text}"
        );
    }
}

/// G-196: a Secret encrypted as a whole is decrypted; its values are shown only when asked for.
#[test]
fn an_encrypted_secret_is_masked_unless_asked_for() {
    let repository = with_secret();
    let masked = repository.build(&[]).output();
    assert_unseen(&masked);
    assert!(masked.contains("password: ••••"), "{masked}");
    assert!(!masked.contains("sops:"), "{masked}");

    let shown = repository.build(&["--show-secrets"]).output();
    assert!(shown.contains(&format!("password: {CANARY}\n")), "{shown}");
}

#[test]
fn tokens_of_two_runs_cannot_be_compared() {
    let repository = with_secret();
    assert_ne!(
        repository.build(&[]).output(),
        repository.build(&[]).output()
    );
}

/// G-197: generator inputs are decrypted before the build.
#[test]
fn an_encrypted_generator_input_becomes_a_secret() {
    let repository = Repository::new(&[(
        "kustomization.yaml",
        "secretGenerator:\n- name: app\n  files: [app.json]\n  envs: [app.env]\n",
    )]);
    repository.encrypt("app.json", &format!("{{\"token\": \"{CANARY}\"}}"));
    repository.encrypt("app.env", &format!("KEY={CANARY}\n"));
    let outcome = repository.build(&[]);
    assert_unseen(&outcome.stderr);
    let masked = outcome.output();
    assert_unseen(&masked);
    assert!(
        masked.contains("app.json: ••••") && masked.contains("KEY: ••••"),
        "{masked}"
    );

    let shown = repository
        .build(&["--show-secrets", "--output", "json"])
        .items();
    assert_eq!(shown[0]["data"]["KEY"], STANDARD.encode(CANARY));
}

/// A plain Secret's value is masked where else it stands, too.
#[test]
fn a_plain_secret_is_masked_by_value() {
    let notes = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: notes}}\ndata: {{url: 'https://admin:{CANARY}@db'}}\n"
    );
    let repository = Repository::new(&[("a/db.yaml", &secret()), ("b/notes.yaml", &notes)]);
    let masked = repository.build(&["--path", "a", "--path", "b"]).output();
    assert_unseen(&masked);
}

/// G-201: a document that was changed after encryption is refused, and says nothing of its values.
#[test]
fn a_changed_document_is_refused_unless_warnings_are_enough() {
    let repository = with_secret();
    repository.write(
        "db.yaml",
        &repository.read("db.yaml").replace("name: db", "name: db2"),
    );
    let refusal = repository.build(&["--show-secrets"]).refusal(2);
    assert!(
        refusal.contains("db.yaml") && refusal.contains("MAC"),
        "{refusal}"
    );
    assert_unseen(&refusal);

    let outcome = repository.build(&["--mac-policy", "warn"]);
    assert!(
        outcome.stderr.contains("warning: .: db.yaml: "),
        "{}",
        outcome.stderr
    );
    assert_unseen(&outcome.stderr);
    assert_unseen(&outcome.output());
}

/// Whoever lacks the key learns which one it is.
#[test]
fn a_missing_key_names_the_recipient_and_where_keys_come_from() {
    let other = AgeKey::generate();
    let repository = with_secret();
    let environments: [&[(&str, &str)]; 2] = [&[], &[("SOPS_AGE_KEY", &other.identity)]];
    for environment in environments {
        let refusal = repository.build_in(environment, &[]).refusal(1);
        assert!(refusal.contains("db.yaml"), "{refusal}");
        assert!(refusal.contains(&age_key().recipient), "{refusal}");
        assert!(
            refusal.contains("hint: age identities come from SOPS_AGE_KEY"),
            "{refusal}"
        );
        assert!(!refusal.contains("AGE-SECRET-KEY"), "{refusal}");
    }
}

#[test]
fn keys_are_found_in_files_too() {
    let keys = Repository::new(&[("home/sops/age/keys.txt", &age_key().identity)]);
    let repository = with_secret();
    let file = keys.path("home/sops/age/keys.txt");
    let home = keys.path("home");
    for (name, value) in [("SOPS_AGE_KEY_FILE", &file), ("XDG_CONFIG_HOME", &home)] {
        let masked = repository.build_in(&[(name, value)], &[]).output();
        assert!(masked.contains("password: ••••"), "{name}");
    }
}

/// A repository may name anybody's server: the token at hand goes to ours only.
#[test]
fn a_token_is_not_sent_to_the_server_that_a_file_names() {
    let repository = Repository::new(&[(
        "db.yaml",
        "apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: 'ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]'}
sops:
  hc_vault:
  - vault_address: https://vault.elsewhere.example
    engine_path: transit
    key_name: app
    created_at: '2026-01-01T00:00:00Z'
    enc: vault:v1:AAAA
  lastmodified: '2026-01-01T00:00:00Z'
  mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]
  version: 3.9.0
",
    )]);
    let token = ("VAULT_TOKEN", "token-canary-55");
    let ours = ("VAULT_ADDR", "https://vault.example");
    let environments: [&[(&str, &str)]; 2] = [&[token], &[token, ours]];
    for environment in environments {
        let refusal = repository.build_in(environment, &[]).refusal(1);
        assert!(
            refusal.contains("\"https://vault.elsewhere.example\" is not allowed"),
            "{refusal}"
        );
        assert!(!refusal.contains("token-canary"), "{refusal}");
    }
}
