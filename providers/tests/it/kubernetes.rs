//! The provider `kubernetes` against a real API server.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use components::ControlPlane;
use providers::{RemoteRef, SecretsError, Validation};
use serde_json::json;

use crate::resolver::{Cluster, Listed, NAMESPACE, connect, scoped, started, text};

pub(crate) async fn cluster() -> &'static ControlPlane {
    static CLUSTER: OnceLock<ControlPlane> = OnceLock::new();
    started(&CLUSTER, || {
        let cluster = ControlPlane::start()?;
        cluster.create_namespace(NAMESPACE)?;
        cluster.create_namespace("remote")?;
        cluster.apply(REMOTE)?;
        Ok(cluster)
    })
    .await
}

const REMOTE: &str = r#"
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: remote
  labels: { app.kubernetes.io/name: shop }
stringData: { user: ann, config.json: '{"port":5432}' }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: remote-reader, namespace: team }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: nobody, namespace: team }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: remote }
rules: [{ apiGroups: [""], resources: [secrets], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: remote }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: remote-reader, namespace: team }]
"#;

fn store(cluster: &ControlPlane, auth: &serde_json::Value) -> serde_json::Value {
    let ca = base64::engine::general_purpose::STANDARD.encode(cluster.ca_pem());
    json!({ "kubernetes": {
        "server": { "url": cluster.url(), "caBundle": ca },
        "remoteNamespace": "remote",
        "auth": auth,
    }})
}

/// E-153, E-154, E-156: signed in as a service account, which may read one namespace.
#[tokio::test]
async fn secrets_are_read_as_a_service_account() {
    let cluster = cluster().await;
    let resolver = scoped(Arc::new(Cluster::new(cluster).await));
    let auth = json!({ "serviceAccount": { "name": "remote-reader" } });
    let client = connect(store(cluster, &auth), &resolver).await.unwrap();
    assert_eq!(client.validate().await.unwrap(), Validation::Ready);

    assert_eq!(
        text(&client, RemoteRef::new("db")).await.unwrap(),
        r#"{"config.json":"{\"port\":5432}","user":"ann"}"#
    );
    let at = |property: &str| RemoteRef::new("db").property(property);
    assert_eq!(text(&client, at("user")).await.unwrap(), "ann");
    assert_eq!(
        text(&client, at("config.json")).await.unwrap(),
        r#"{"port":5432}"#
    );
    let name = RemoteRef::new("db")
        .metadata()
        .property("labels.app.kubernetes.io/name");
    assert_eq!(text(&client, name).await.unwrap(), "shop");
    let members = client.get_map(&RemoteRef::new("db")).await.unwrap();
    // EXPOSE: test.
    assert_eq!(members["user"].expose(), b"ann");

    let absent = RemoteRef::new("nowhere");
    assert!(
        text(&client, absent.clone())
            .await
            .unwrap_err()
            .is_no_secret()
    );
    assert!(client.get_map(&absent).await.unwrap_err().is_no_secret());
}

/// E-157: an account that may not read is told so.
#[tokio::test]
async fn account_without_rights_fails_validation() {
    let cluster = cluster().await;
    let resolver = scoped(Arc::new(Cluster::new(cluster).await));
    let auth = json!({ "serviceAccount": { "name": "nobody" } });
    let client = connect(store(cluster, &auth), &resolver).await.unwrap();
    assert_eq!(
        client.validate().await.unwrap_err().to_string(),
        "client is not allowed to get secrets"
    );
    let refused = text(&client, RemoteRef::new("db")).await.unwrap_err();
    assert!(
        matches!(refused, SecretsError::Denied { .. }),
        "{refused:?}"
    );
}

/// E-156: a bearer token, a client certificate, a kubeconfig; and not two ways at once.
#[tokio::test]
async fn every_way_to_sign_in_works() {
    let cluster = cluster().await;
    let token = tokio::task::spawn_blocking(|| {
        cluster
            .service_account_token(NAMESPACE, "remote-reader")
            .unwrap()
    })
    .await
    .unwrap();
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{ "name": "c", "context": { "cluster": "k", "user": "u" } }],
        "clusters": [{ "name": "k", "cluster": {
            "server": cluster.url(),
            "certificate-authority-data":
                base64::engine::general_purpose::STANDARD.encode(cluster.ca_pem()),
        }}],
        "users": [{ "name": "u", "user": { "token": token } }],
    });
    let resolver = Listed::default()
        .with("creds/token", token)
        .with("creds/cert", cluster.admin().certificate_pem.clone())
        .with("creds/key", cluster.admin().key_pem.clone())
        .with("creds/kubeconfig", kubeconfig.to_string())
        .scoped();
    let at = |key: &str| json!({ "name": "creds", "key": key });
    let by_token = store(cluster, &json!({ "token": { "bearerToken": at("token") } }));
    let by_certificate = store(
        cluster,
        &json!({ "cert": { "clientCert": at("cert"), "clientKey": at("key") } }),
    );
    let by_kubeconfig = json!({ "kubernetes": {
        "remoteNamespace": "remote", "authRef": at("kubeconfig"),
    }});
    for provider in [&by_token, &by_certificate, &by_kubeconfig] {
        let client = connect(provider.clone(), &resolver).await.unwrap();
        assert_eq!(client.validate().await.unwrap(), Validation::Ready);
        let user = RemoteRef::new("db").property("user");
        assert_eq!(text(&client, user).await.unwrap(), "ann");
    }
    let mut both = by_token;
    both["kubernetes"]["authRef"] = at("kubeconfig");
    let refused = connect(both, &resolver).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        "authRef and inline auth cannot both be set"
    );
}
