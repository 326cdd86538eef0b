//! Data keys are unwrapped by AWS KMS and by a Vault with the credentials of the unit's Secret.

use e2e::Canary;
use serde_json::json;

use crate::encrypted::{Sops, encrypt, secret_file};
use crate::sealed::value;
use crate::shared::{shared, vault};
use crate::tenant::Tenant;

const KMS: &str = "behind KMS pa\"ss/wörd #1";
const TRANSIT: &str = "behind transit pa\"ss/wörd #2";
const SECRET_KEY: &str = "fixture/secret+access-key-of-aws";

/// G-196: keys by KMS and transit, credentials by `sops.aws-kms` and `sops.vault-token`.
#[test]
fn data_keys_come_from_kms_and_transit() {
    let shared = shared();
    let world = &shared.world;
    let key = shared
        .moto
        .call("kms", "TrentService.CreateKey", &json!({}))
        .expect("the key is made");
    let arn = key["KeyMetadata"]["Arn"].as_str().expect("it has a name");
    let variables = shared.moto.environment();
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let regex = ["--encrypted-regex", "^stringData$"];
    let kms = encrypt(
        world,
        Sops::Upstream,
        "kms.yaml",
        &secret_file("kms", "password", KMS),
        &["--kms", arn, regex[0], regex[1]],
        &variables,
    );
    let vault = vault();
    vault.create_transit_key("sops").expect("it is made");
    vault
        .write_policy(
            "sops",
            "path \"transit/decrypt/sops\" { capabilities = [\"update\"] }",
        )
        .expect("it is written");
    let token = vault
        .request(
            "POST",
            "auth/token/create",
            Some(&json!({"policies": ["sops"]})),
        )
        .expect("the token is made");
    let token = token["auth"]["client_token"]
        .as_str()
        .expect("it is a token");
    let uri = format!("{}/v1/transit/keys/sops", vault.url());
    let transit = encrypt(
        world,
        Sops::Upstream,
        "transit.yaml",
        &secret_file("transit", "password", TRANSIT),
        &["--hc-vault-transit", &uri, regex[0], regex[1]],
        &[
            ("VAULT_TOKEN", vault.root_token()),
            ("VAULT_ADDR", &vault.url()),
        ],
    );
    let tenant = Tenant::new(
        shared,
        "sops-key-services",
        &[("apps/kms.yaml", &kms), ("apps/transit.yaml", &transit)],
    );
    let credentials = format!("aws_access_key_id: fixture\naws_secret_access_key: {SECRET_KEY}\n");
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "sops-keys", "namespace": tenant.namespace},
        "stringData": {"sops.aws-kms": credentials, "sops.vault-token": token},
    }));
    tenant.unit(
        "apps",
        &json!({"decryption": {"provider": "sops", "secretRef": {"name": "sops-keys"}}}),
    );
    tenant.ready("apps");
    let of = |name: &str| value(&tenant.get("Secret", name).expect("it is made"), "password");
    assert_eq!(of("kms"), KMS);
    assert_eq!(of("transit"), TRANSIT);
    Canary::of(&[KMS, TRANSIT, SECRET_KEY, token]).assert_silent(world, &shared.controller);
}
