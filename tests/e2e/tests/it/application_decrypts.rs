//! Encrypted files of an Application's repository are opened as those of a Kustomization are.

use e2e::Canary;
use serde_json::json;

use crate::applications::{ARGOCD, Deployed, message};
use crate::encrypted::{Sops, age_key, encrypt, secret_file};
use crate::sealed::{secret, value};
use crate::shared::shared;
use crate::tenant::config_map;

const VALUE: &str = "canary-of-an-application-57c1";

/// G-242: in a plain folder and through a generator of kustomize; without the annotation, and with
/// another key, nothing is applied (I2).
#[test]
fn encrypted_files_of_an_application_are_opened_where_it_says_so() {
    let shared = shared();
    let world = &shared.world;
    let key = age_key();
    let sealed = |name: &str, text: &str, regex: &str| {
        let mut arguments = vec!["--age", key.recipient.as_str()];
        arguments.extend(Some(regex).filter(|regex| !regex.is_empty()));
        encrypt(world, Sops::Upstream, name, text, &arguments, &[])
    };
    let plain = secret_file("db", "password", VALUE);
    let document = sealed("secret.yaml", &plain, "--encrypted-regex=^stringData$");
    let variables = sealed("app.env", &format!("password={VALUE}\n"), "");
    let generator = "secretGenerator:\n- name: generated\n  envs: [app.env]\n\
                     generatorOptions: {disableNameSuffixHash: true}\n";
    let deployed = Deployed::new(
        shared,
        "app-decrypts",
        &[
            ("folder/secret.yaml", &document),
            ("folder/a.yaml", &config_map("a", "one")),
            ("generated/kustomization.yaml", generator),
            ("generated/app.env", &variables),
            ("closed/secret.yaml", &document),
            ("closed/b.yaml", &config_map("b", "one")),
        ],
    );
    let mut keys = secret(ARGOCD, "app-decrypts-keys", &[]);
    keys["stringData"] = json!({"key.agekey": key.identity});
    world.create(&keys);
    let opens = json!({"annotations": {
        "signet.dev/decryption": "sops", "signet.dev/decryption-secret": "app-decrypts-keys",
    }});
    let head = deployed.repository.head().expect("there is a commit");
    for (app, name, kind) in [
        ("folder", "db", "Directory"),
        ("generated", "generated", "Kustomize"),
    ] {
        deployed.app_with(app, &opens, &json!({}));
        let object = deployed.synced(app, &head);
        assert_eq!(object["status"]["sourceType"], kind);
        let made = deployed.object("Secret", name).expect("it is made");
        assert_eq!(value(&made, "password"), VALUE);
    }
    // Planning again is empty: nothing of a value shows as a difference.
    let object = deployed.refresh("folder");
    assert_eq!(object["status"]["sync"]["status"], "Synced");
    assert_eq!(message(&object, "ComparisonError"), "");

    deployed.app("closed", &json!({}));
    let text = deployed.condition("closed", "ComparisonError");
    assert!(
        text.contains("secret.yaml") || text.contains("db"),
        "{text}"
    );
    assert!(deployed.object("ConfigMap", "b").is_err());
    Canary::of(&[VALUE]).assert_silent(world, &shared.controller);
}
