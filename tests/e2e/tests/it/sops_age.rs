//! Files encrypted for age reach the cluster as Secrets: whole Secrets and generator inputs.

use e2e::Canary;
use serde_json::json;

use crate::encrypted::{Sops, age_key, encrypt, secret_file};
use crate::sealed::value;
use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

const VALUES: [&str; 5] = [
    "by upstream pa\"ss/wörd #1",
    "by ours pa\"ss/wörd #2",
    "generated from a file #3",
    "generated from an environment file #4",
    "patched in pa\"ss/wörd #5",
];

/// G-196, G-197.
#[test]
fn secrets_and_generator_inputs_are_decrypted_with_the_key_of_the_unit() {
    let shared = shared();
    let world = &shared.world;
    let key = age_key();
    let age = ["--age", key.recipient.as_str()];
    let secret = [
        "--age",
        key.recipient.as_str(),
        "--encrypted-regex",
        "^(data|stringData)$",
    ];
    let seal = |sops, name: &str, text: &str, arguments: &[&str]| {
        encrypt(world, sops, name, text, arguments, &[])
    };
    let by_upstream = seal(
        Sops::Upstream,
        "u.yaml",
        &secret_file("by-upstream", "password", VALUES[0]),
        &secret,
    );
    let by_ours = seal(
        Sops::Ours,
        "o.yaml",
        &secret_file("by-ours", "password", VALUES[1]),
        &secret,
    );
    let file = json!({"password": VALUES[2]}).to_string();
    let file = seal(Sops::Upstream, "credentials.json", &file, &age);
    let environment = format!("PASSWORD={}\n", VALUES[3]);
    let environment = seal(Sops::Ours, "settings.env", &environment, &age);
    let patch = secret_file("plain", "patched", VALUES[4]);
    let patch = seal(Sops::Upstream, "patch.yaml", &patch, &secret);
    let kustomization = "\
resources: [u.yaml, a.yaml, s.yaml]
patches:
- path: patch.yaml
secretGenerator:
- name: generated
  files: [credentials.json]
  envs: [settings.env]
  options: {disableNameSuffixHash: true}
";
    let tenant = Tenant::new(
        shared,
        "sops-age",
        &[
            ("built/kustomization.yaml", kustomization),
            ("built/u.yaml", &by_upstream),
            ("built/a.yaml", &config_map("plain", "x")),
            ("built/s.yaml", &secret_file("plain", "user", "app")),
            ("built/credentials.json", &file),
            ("built/settings.env", &environment),
            ("built/patch.yaml", &patch),
            ("plain/o.yaml", &by_ours),
        ],
    );
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "sops-keys", "namespace": tenant.namespace},
        "stringData": {"team.agekey": key.identity},
    }));
    let decryption = json!({"decryption": {
        "provider": "sops", "secretRef": {"name": "sops-keys"},
    }});
    tenant.unit("built", &decryption);
    tenant.unit("plain", &decryption);
    tenant.ready("built");
    tenant.ready("plain");
    let of = |name: &str, key: &str| value(&tenant.get("Secret", name).expect("it is made"), key);
    assert_eq!(of("by-upstream", "password"), VALUES[0]);
    assert_eq!(of("plain", "patched"), VALUES[4]);
    assert_eq!(of("by-ours", "password"), VALUES[1]);
    let generated: serde_json::Value =
        serde_json::from_str(&of("generated", "credentials.json")).expect("it is JSON");
    assert_eq!(generated, json!({"password": VALUES[2]}));
    assert_eq!(of("generated", "PASSWORD"), VALUES[3]);
    assert!(tenant.get("Secret", "by-upstream").expect("it is made")["sops"].is_null());
    let identity = key.identity.lines().last().expect("there is a key");
    let mut needles = VALUES.to_vec();
    needles.push(identity);
    Canary::of(&needles).assert_silent(world, &shared.controller);
}
