//! Values come from AWS Secrets Manager and Parameter Store, with keys from a Secret.

use e2e::Canary;
use serde_json::{Value, json};

use crate::external::{Team, data};
use crate::shared::shared;

const PASSWORD: &str = "from Secrets Manager pa\"ss/wörd #15";
const PARAMETER: &str = "from Parameter Store pa\"ss/wörd #16";
const ACCESS_KEY: &str = "fixture/secret+access-key-of-es";

fn provider(service: &str) -> Value {
    json!({"aws": {"service": service, "region": shared().moto.region(), "auth": {"secretRef": {
        "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
        "secretAccessKeySecretRef": {"name": "aws", "key": "secret"},
    }}}})
}

/// E-087, E-126: two stores in one object, static keys; what is marked for deletion is gone.
#[test]
fn values_of_aws_become_a_secret() {
    let team = Team::new("es-aws");
    let moto = &shared().moto;
    let call = |service: &str, target: &str, body: &Value| {
        moto.call(service, target, body).expect("moto answers");
    };
    let document = json!({"db.password": PASSWORD, "nested": {"n": 7}}).to_string();
    call(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": "es-aws/db", "SecretString": document}),
    );
    call(
        "ssm",
        "AmazonSSM.PutParameter",
        &json!({"Name": "/es-aws/token", "Type": "SecureString", "Value": PARAMETER}),
    );
    team.secret("aws", &json!({"id": "fixture", "secret": ACCESS_KEY}));
    team.store("manager", &provider("SecretsManager"));
    team.store("parameters", &provider("ParameterStore"));
    let mut entries = data(&[
        ("password", "es-aws/db", "db.password"),
        ("number", "es-aws/db", "nested.n"),
    ]);
    if let Some(entries) = entries.as_array_mut() {
        entries.push(json!({
            "secretKey": "token", "remoteRef": {"key": "/es-aws/token"},
            "sourceRef": {"storeRef": {"name": "parameters"}},
        }));
    }
    let spec = |deletion: &str| {
        json!({
            "refreshInterval": "1s", "secretStoreRef": {"name": "manager"},
            "target": {"deletionPolicy": deletion}, "data": entries,
        })
    };
    team.external_secret("db", &spec("Delete"));
    team.synced("db");
    team.has("db", "password", PASSWORD);
    team.has("db", "number", "7");
    team.has("db", "token", PARAMETER);
    call(
        "secretsmanager",
        "secretsmanager.DeleteSecret",
        &json!({"SecretId": "es-aws/db"}),
    );
    team.has_keys("db", &["token"]);
    Canary::of(&[PASSWORD, PARAMETER, ACCESS_KEY]).assert_silent(team.world, &shared().controller);
}
