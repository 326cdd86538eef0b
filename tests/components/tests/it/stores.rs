use components::{Moto, OpenBao};
use serde_json::json;

#[test]
fn openbao_keeps_versions_and_encrypts() {
    let bao = OpenBao::start().expect("OpenBao starts");
    bao.put_secret("team/db", &json!({"password": "first"}))
        .expect("a write");
    bao.put_secret("team/db", &json!({"password": "second"}))
        .expect("a write");
    let latest = bao
        .request("GET", "secret/data/team/db", None)
        .expect("a read");
    assert_eq!(latest["data"]["data"]["password"], "second");
    let first = bao
        .request("GET", "secret/data/team/db?version=1", None)
        .expect("a read");
    assert_eq!(first["data"]["data"]["password"], "first");

    bao.create_transit_key("sops").expect("a key");
    bao.create_transit_key("other")
        .expect("another key of the same engine");
    let plaintext = json!({"plaintext": "aGVsbG8="});
    let sealed = bao
        .request("POST", "transit/encrypt/sops", Some(&plaintext))
        .expect("an answer");
    let ciphertext = json!({"ciphertext": sealed["data"]["ciphertext"]});
    let opened = bao
        .request("POST", "transit/decrypt/sops", Some(&ciphertext))
        .expect("an answer");
    assert_eq!(opened["data"]["plaintext"], "aGVsbG8=");
}

#[test]
fn app_role_logs_in_with_its_policy_alone() {
    let bao = OpenBao::start().expect("OpenBao starts");
    bao.write_policy(
        "reader",
        "path \"secret/data/team/*\" { capabilities = [\"read\"] }",
    )
    .expect("a policy");
    let role = bao.create_app_role("app", &["reader"]).expect("a role");
    let body = json!({"role_id": role.role_id, "secret_id": role.secret_id});
    let login = bao
        .request("POST", "auth/approle/login", Some(&body))
        .expect("a login");
    assert_eq!(login["auth"]["policies"], json!(["default", "reader"]));
}

#[test]
fn moto_keeps_secrets_parameters_and_keys() {
    let moto = Moto::start().expect("moto starts");
    let secret = json!({"Name": "prod/db", "SecretString": "{\"user\":\"app\"}"});
    moto.call("secretsmanager", "secretsmanager.CreateSecret", &secret)
        .expect("a secret");
    let read = moto
        .call(
            "secretsmanager",
            "secretsmanager.GetSecretValue",
            &json!({"SecretId": "prod/db"}),
        )
        .expect("a read");
    assert_eq!(read["SecretString"], "{\"user\":\"app\"}");

    let parameter = json!({"Name": "/prod/url", "Value": "here", "Type": "SecureString"});
    moto.call("ssm", "AmazonSSM.PutParameter", &parameter)
        .expect("a parameter");

    let key = moto
        .call("kms", "TrentService.CreateKey", &json!({}))
        .expect("a key");
    let id = &key["KeyMetadata"]["KeyId"];
    let sealed = moto
        .call(
            "kms",
            "TrentService.Encrypt",
            &json!({"KeyId": id, "Plaintext": "aGVsbG8="}),
        )
        .expect("ciphertext");
    let opened = moto
        .call(
            "kms",
            "TrentService.Decrypt",
            &json!({"CiphertextBlob": sealed["CiphertextBlob"]}),
        )
        .expect("plaintext");
    assert_eq!(opened["Plaintext"], "aGVsbG8=");

    moto.reset().expect("a reset");
    let gone = moto
        .call(
            "secretsmanager",
            "secretsmanager.GetSecretValue",
            &json!({"SecretId": "prod/db"}),
        )
        .expect_err("everything is forgotten");
    assert!(
        gone.to_string().contains("ResourceNotFoundException"),
        "{gone}"
    );
}
