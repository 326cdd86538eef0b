//! What cannot be decrypted is never applied, not as ciphertext and not in part (I2, I4).

use e2e::{Canary, eventually};
use serde_json::json;

use crate::encrypted::{AgeKey, Sops, age_key, encrypt, secret_file};
use crate::sealed::value;
use crate::shared::shared;
use crate::tenant::{DEADLINE, Tenant, config_map};

const VALUE: &str = "refused pa\"ss/wörd #1";
const AS_PRINTED: &str = include_str!("../../../vectors/seeds/M-30-secret-api-secrets.yaml");
const COMPLETED: &str = include_str!("../../../vectors/seeds/M-30-secret-api-secrets-twin.yaml");
const IDENTITY: &str = include_str!("../../../vectors/seeds/M-30-twin-age-identity.txt");

fn sealed_file(key: &AgeKey) -> String {
    let arguments = [
        "--age",
        key.recipient.as_str(),
        "--encrypted-regex",
        "^stringData$",
    ];
    let text = secret_file("sealed", "password", VALUE);
    encrypt(
        &shared().world,
        Sops::Upstream,
        "s.yaml",
        &text,
        &arguments,
        &[],
    )
}

fn keys(tenant: &Tenant<'_>, identity: &str) {
    tenant.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "sops-keys", "namespace": tenant.namespace},
        "stringData": {"team.agekey": identity},
    }));
}

/// G-199.
#[test]
fn encrypted_object_without_decryption_is_an_error_and_nothing_is_applied() {
    let shared = shared();
    let key = age_key();
    let file = sealed_file(&key);
    let tenant = Tenant::new(
        shared,
        "sops-unconfigured",
        &[
            ("apps/a.yaml", &config_map("a", "x")),
            ("apps/s.yaml", &file),
        ],
    );
    tenant.unit("apps", &json!({}));
    let message = tenant.fails("apps", "BuildFailed");
    assert_eq!(
        message,
        "Secret/sops-unconfigured/sealed is SOPS encrypted and decryption is not configured; \
         hint: set decryption on the unit"
    );
    assert!(tenant.get("ConfigMap", "a").is_err());
    assert!(tenant.get("Secret", "sealed").is_err());

    // Configured without the key it needs, it names who can open it.
    tenant.unit("apps", &json!({"decryption": {"provider": "sops"}}));
    eventually("the message names the recipient", DEADLINE, || {
        let message = tenant.fails("apps", "BuildFailed");
        if message.contains(&key.recipient) && message.contains("s.yaml") {
            Ok(())
        } else {
            Err(message)
        }
    });
    assert!(tenant.get("ConfigMap", "a").is_err());
    assert!(tenant.get("Secret", "sealed").is_err());
    Canary::of(&[VALUE]).assert_silent(tenant.world, &shared.controller);
}

/// G-200 and G-196 with the documents of M-30.
#[test]
fn document_without_metadata_is_refused_and_its_completed_twin_decrypts() {
    let shared = shared();
    let tenant = Tenant::new(
        shared,
        "sops-as-printed",
        &[
            ("printed/secret.yaml", AS_PRINTED),
            ("twin/secret.yaml", COMPLETED),
        ],
    );
    keys(&tenant, IDENTITY);
    let decryption = json!({"decryption": {
        "provider": "sops", "secretRef": {"name": "sops-keys"},
    }});
    tenant.unit("printed", &decryption);
    let message = tenant.fails("printed", "BuildFailed");
    assert!(message.contains("SOPS metadata lacks"), "{message}");
    assert!(
        message.contains("secret.yaml") || message.contains("api-secrets"),
        "{message}"
    );
    assert!(!message.contains("encrypted_value"), "{message}");
    assert!(tenant.get("Secret", "api-secrets").is_err());

    tenant.unit("twin", &decryption);
    tenant.ready("twin");
    let made = tenant.get("Secret", "api-secrets").expect("it is made");
    // The seed's values stand under `data`, so what is encrypted is the Base64 text.
    assert_eq!(value(&made, "API_KEY"), "fixture-api-key");
    let url = "postgres://api:fixture-password@database.production.svc:5432/api";
    assert_eq!(value(&made, "DATABASE_URL"), url);
    Canary::of(&["fixture-api-key", "fixture-password", url])
        .assert_silent(tenant.world, &shared.controller);
}

/// G-201, I2, I4.
#[test]
fn changed_document_is_refused_unless_the_unit_accepts_it_visibly() {
    let shared = shared();
    let key = age_key();
    let file = sealed_file(&key);
    let tenant = Tenant::new(shared, "sops-tampered", &[("apps/s.yaml", &file)]);
    keys(&tenant, &key.identity);
    let decryption = json!({"decryption": {
        "provider": "sops", "secretRef": {"name": "sops-keys"},
    }});
    tenant.unit("apps", &decryption);
    tenant.ready("apps");

    let tampered = file.replace("type: Opaque", "").replace(
        "metadata:\n    name: sealed",
        "metadata:\n    labels:\n        added: by-somebody\n    name: sealed",
    );
    assert_ne!(tampered, file);
    tenant.commit(&[("apps/s.yaml", &tampered)]);
    let message = tenant.fails("apps", "BuildFailed");
    assert!(
        message.contains("s.yaml") && message.to_uppercase().contains("MAC"),
        "{message}"
    );
    let kept = tenant
        .get("Secret", "sealed")
        .expect("what there was stays");
    assert_eq!(value(&kept, "password"), VALUE);
    assert!(kept["metadata"]["labels"]["added"].is_null());

    tenant.unit_with(
        "apps",
        &json!({"signet.dev/mac-policy": "warn"}),
        &decryption,
    );
    tenant.ready("apps");
    let condition = tenant.world.condition(
        "Kustomization",
        &tenant.namespace,
        "apps",
        "MacNotVerified",
        "True",
    );
    let message = condition["message"].as_str().expect("it has a message");
    assert!(message.contains("s.yaml"), "{message}");
    let made = tenant.get("Secret", "sealed").expect("it is there");
    assert_eq!(made["metadata"]["labels"]["added"], "by-somebody");
    Canary::of(&[VALUE]).assert_silent(tenant.world, &shared.controller);
}
