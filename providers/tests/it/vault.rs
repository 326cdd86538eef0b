//! The provider `vault` against OpenBao.

use std::sync::OnceLock;

use components::OpenBao;
use providers::{RemoteRef, SecretsError, Validation};
use serde_json::json;

use crate::resolver::{Cluster, Listed, NAMESPACE, connect, scoped, started, text};

pub(crate) async fn bao() -> &'static OpenBao {
    static BAO: OnceLock<OpenBao> = OnceLock::new();
    started(&BAO, || {
        let bao = OpenBao::start()?;
        bao.enable_engine("kv", "kv1", &json!({ "version": "1" }))?;
        bao.request(
            "POST",
            "kv1/app/db",
            Some(&json!({ "user": "ann", "port": 5432 })),
        )
        .expect("a value is written");
        Ok(bao)
    })
    .await
}

fn by_token(bao: &OpenBao) -> Listed {
    Listed::default().with("vault/token", bao.root_token())
}

fn store(bao: &OpenBao, path: Option<&str>, version: &str) -> serde_json::Value {
    let mut vault = json!({
        "server": bao.url(),
        "version": version,
        "auth": { "tokenSecretRef": { "name": "vault", "key": "token" } },
    });
    if let Some(path) = path {
        vault["path"] = json!(path);
    }
    json!({ "vault": vault })
}

/// E-140: both engine versions, and every spelling of a path.
#[tokio::test]
async fn kv_is_read_by_every_spelling_of_its_path() {
    let bao = bao().await;
    bao.put_secret("spelling/db", &json!({ "user": "ann" }))
        .unwrap();
    let resolver = by_token(bao).scoped();
    for (path, key) in [
        (Some("secret"), "spelling/db"),
        (Some("secret"), "secret/spelling/db"),
        (Some("secret"), "data/spelling/db"),
        (Some("secret"), "secret/data/spelling/db"),
        (None, "secret/spelling/db"),
        (None, "secret/data/spelling/db"),
    ] {
        let client = connect(store(bao, path, "v2"), &resolver).await.unwrap();
        let value = text(&client, RemoteRef::new(key)).await.unwrap();
        assert_eq!(value, r#"{"user":"ann"}"#, "{path:?} {key}");
    }
    for (path, key) in [
        (Some("kv1"), "app/db"),
        (Some("kv1"), "kv1/app/db"),
        (None, "kv1/app/db"),
    ] {
        let client = connect(store(bao, path, "v1"), &resolver).await.unwrap();
        let value = text(&client, RemoteRef::new(key)).await.unwrap();
        assert_eq!(value, r#"{"port":5432,"user":"ann"}"#, "{path:?} {key}");
    }
}

/// E-141: versions; a deleted version and a missing path are "no secret".
#[tokio::test]
async fn version_is_selected_and_absence_is_no_secret() {
    let bao = bao().await;
    bao.put_secret("versions", &json!({ "n": 1 })).unwrap();
    bao.put_secret("versions", &json!({ "n": 2 })).unwrap();
    bao.put_secret("versions", &json!({ "n": 3 })).unwrap();
    bao.request(
        "POST",
        "secret/delete/versions",
        Some(&json!({ "versions": [2] })),
    )
    .unwrap();
    let client = connect(store(bao, Some("secret"), "v2"), &by_token(bao).scoped())
        .await
        .unwrap();
    let at = |version: &str| RemoteRef::new("versions").version(version).property("n");
    assert_eq!(text(&client, at("1")).await.unwrap(), "1");
    assert_eq!(
        text(&client, RemoteRef::new("versions").property("n"))
            .await
            .unwrap(),
        "3"
    );
    assert!(text(&client, at("2")).await.unwrap_err().is_no_secret());
    assert!(
        text(&client, RemoteRef::new("nowhere"))
            .await
            .unwrap_err()
            .is_no_secret()
    );
}

/// E-142, E-143: properties, the whole object and extract; no digit is lost.
#[tokio::test]
async fn properties_and_members_keep_every_digit() {
    let bao = bao().await;
    let value = json!({ "a": { "b": "path" }, "a.b": "exact", "n": 9_007_199_254_740_993_u64 });
    // The engine's second version stores numbers as doubles itself, so the first one shows it.
    bao.request("POST", "kv1/members", Some(&value)).unwrap();
    let client = connect(store(bao, Some("kv1"), "v1"), &by_token(bao).scoped())
        .await
        .unwrap();
    let at = |property: &str| RemoteRef::new("members").property(property);
    assert_eq!(text(&client, at("a.b")).await.unwrap(), "exact");
    assert_eq!(
        text(&client, RemoteRef::new("members")).await.unwrap(),
        r#"{"a":{"b":"path"},"a.b":"exact","n":9007199254740993}"#
    );
    let missing = text(&client, at("x")).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot find secret data for key: \"x\""
    );
    let members = client.get_map(&RemoteRef::new("members")).await.unwrap();
    // EXPOSE: test.
    assert_eq!(members["n"].expose(), b"9007199254740993");
    assert_eq!(members["a"].expose(), br#"{"b":"path"}"#);
}

/// E-144: custom metadata with the system's fields; not with v1.
#[tokio::test]
async fn metadata_is_fetched() {
    let bao = bao().await;
    bao.put_secret("metadata", &json!({ "a": 1 })).unwrap();
    let custom = json!({ "custom_metadata": { "owner": "team-a" } });
    bao.request("POST", "secret/metadata/metadata", Some(&custom))
        .unwrap();
    let resolver = by_token(bao).scoped();
    let client = connect(store(bao, Some("secret"), "v2"), &resolver)
        .await
        .unwrap();
    let owner = RemoteRef::new("metadata").metadata().property("owner");
    assert_eq!(text(&client, owner).await.unwrap(), "team-a");
    let version = RemoteRef::new("metadata")
        .metadata()
        .property("current_version");
    assert_eq!(text(&client, version).await.unwrap(), "1");

    let client = connect(store(bao, Some("kv1"), "v1"), &resolver)
        .await
        .unwrap();
    let refused = text(&client, RemoteRef::new("app/db").metadata())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot perform metadata fetch operations with kv version v1"
    );
}

/// E-146, E-150: `AppRole` by id and by reference; a hundred reads use one token, which is given
/// back at the end; a revoked token is replaced without the caller noticing.
#[tokio::test]
async fn app_role_signs_in_once_and_again_when_needed() {
    let bao = bao().await;
    bao.put_secret("approle", &json!({ "a": "1" })).unwrap();
    bao.write_policy(
        "approle-read",
        r#"path "secret/data/approle" { capabilities = ["read"] }"#,
    )
    .unwrap();
    let role = bao.create_app_role("reader", &["approle-read"]).unwrap();
    let listed = Listed::default()
        .with("role/id", format!("{}\n", role.role_id))
        .with("role/secret", role.secret_id.clone());
    let resolver = listed.scoped();
    let mut provider = store(bao, Some("secret"), "v2");
    provider["vault"]["auth"] = json!({ "appRole": {
        "roleRef": { "name": "role", "key": "id" },
        "secretRef": { "name": "role", "key": "secret" },
    }});
    let before = accessors(bao).len();
    let client = connect(provider.clone(), &resolver).await.unwrap();
    let remote = || RemoteRef::new("approle").property("a");
    for _ in 0..100 {
        assert_eq!(text(&client, remote()).await.unwrap(), "1");
    }
    assert_eq!(client.validate().await.unwrap(), Validation::Ready);
    // A path that the policy does not cover is refused, and must not lead to more logins.
    for _ in 0..10 {
        let refused = text(&client, RemoteRef::new("members")).await.unwrap_err();
        assert!(matches!(refused, SecretsError::Denied { .. }));
    }
    let mine: Vec<String> = accessors(bao)
        .into_iter()
        .filter(|accessor| policies(bao, accessor).contains(&"approle-read".to_owned()))
        .collect();
    assert_eq!(mine.len(), 1, "one login in all; {before} tokens before");

    bao.request(
        "POST",
        "auth/token/revoke-accessor",
        Some(&json!({ "accessor": mine[0] })),
    )
    .unwrap();
    assert_eq!(text(&client, remote()).await.unwrap(), "1");
    client.close().await;
    let left = accessors(bao)
        .iter()
        .filter(|accessor| policies(bao, accessor).contains(&"approle-read".to_owned()))
        .count();
    assert_eq!(left, 0);

    provider["vault"]["auth"]["appRole"] = json!({
        "roleId": role.role_id,
        "secretRef": { "name": "role", "key": "id" },
    });
    let refused = connect(provider, &resolver).await.err().unwrap();
    assert!(
        matches!(refused, SecretsError::Denied { .. }),
        "{refused:?}"
    );
}

fn accessors(bao: &OpenBao) -> Vec<String> {
    let listed = bao.request("LIST", "auth/token/accessors", None).unwrap();
    let keys = listed["data"]["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key.as_str().unwrap().to_owned())
        .collect()
}

fn policies(bao: &OpenBao, accessor: &str) -> Vec<String> {
    let body = json!({ "accessor": accessor });
    match bao.request("POST", "auth/token/lookup-accessor", Some(&body)) {
        Ok(found) => serde_json::from_value(found["data"]["policies"].clone()).unwrap_or_default(),
        // Another test's token may have ended between the two calls.
        Err(_) => Vec::new(),
    }
}

/// E-146: a service account's token, requested from a real API server and reviewed by it.
#[tokio::test]
async fn kubernetes_auth_signs_in_with_a_requested_token() {
    let bao = bao().await;
    let cluster = crate::kubernetes::cluster().await;
    bao.put_secret("kube", &json!({ "a": "1" })).unwrap();
    bao.write_policy(
        "kube-read",
        r#"path "secret/data/kube" { capabilities = ["read"] }"#,
    )
    .unwrap();
    tokio::task::spawn_blocking(move || {
        cluster
            .apply(&format!(
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: reader, namespace: {NAMESPACE}}}\n\
                 ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
                 metadata: {{name: reader-delegates}}\n\
                 roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:auth-delegator'}}\n\
                 subjects: [{{kind: ServiceAccount, name: reader, namespace: {NAMESPACE}}}]\n"
            ))
            .unwrap();
        bao.enable_kubernetes_auth("cluster", cluster).unwrap();
        bao.create_kubernetes_role("cluster", "app", NAMESPACE, "reader", &["kube-read"])
            .unwrap();
    })
    .await
    .unwrap();
    let resolver = scoped(std::sync::Arc::new(Cluster::new(cluster).await));
    let mut provider = store(bao, Some("secret"), "v2");
    provider["vault"]["auth"] = json!({ "kubernetes": {
        "mountPath": "cluster", "role": "app", "serviceAccountRef": { "name": "reader" },
    }});
    let client = connect(provider.clone(), &resolver).await.unwrap();
    assert_eq!(
        text(&client, RemoteRef::new("kube").property("a"))
            .await
            .unwrap(),
        "1"
    );

    provider["vault"]["auth"]["kubernetes"]["serviceAccountRef"]["namespace"] = json!("default");
    let refused = connect(provider, &resolver).await.err().unwrap();
    assert!(matches!(refused, SecretsError::Reference(_)), "{refused:?}");
}

/// A wrong token is refused by validation, an unreachable server is told apart from it.
#[tokio::test]
async fn validation_asks_the_server() {
    let bao = bao().await;
    let client = connect(store(bao, Some("secret"), "v2"), &by_token(bao).scoped())
        .await
        .unwrap();
    assert_eq!(client.validate().await.unwrap(), Validation::Ready);

    let wrong = Listed::default()
        .with("vault/token", "no-such-token")
        .scoped();
    let client = connect(store(bao, Some("secret"), "v2"), &wrong)
        .await
        .unwrap();
    let refused = client.validate().await.unwrap_err();
    assert_eq!(refused.to_string(), "invalid vault credentials");
    assert!(matches!(refused, SecretsError::Denied { .. }));

    let mut provider = store(bao, Some("secret"), "v2");
    provider["vault"]["server"] = json!("http://127.0.0.1:1");
    let client = connect(provider, &by_token(bao).scoped()).await.unwrap();
    let unreachable = text(&client, RemoteRef::new("db")).await.unwrap_err();
    assert!(matches!(unreachable, SecretsError::Unavailable { .. }));
}

/// E-147: requests go to the store's namespace, the login to its own.
#[tokio::test]
async fn login_and_requests_have_their_own_namespaces() {
    let bao = bao().await;
    bao.request("POST", "sys/namespaces/tenant", Some(&json!({})))
        .unwrap();
    let engine = json!({ "type": "kv", "options": { "version": "2" } });
    bao.request("POST", "tenant/sys/mounts/kv", Some(&engine))
        .unwrap();
    let value = json!({ "data": { "a": "tenant" } });
    bao.request("POST", "tenant/kv/data/db", Some(&value))
        .unwrap();

    let mut provider = store(bao, Some("kv"), "v2");
    provider["vault"]["namespace"] = json!("tenant");
    let client = connect(provider.clone(), &by_token(bao).scoped())
        .await
        .unwrap();
    let remote = || RemoteRef::new("db").property("a");
    assert_eq!(text(&client, remote()).await.unwrap(), "tenant");

    // A role of the root namespace, which has no name; its policy reaches into the tenant's.
    bao.write_policy(
        "tenant-read",
        r#"path "tenant/kv/data/db" { capabilities = ["read"] }"#,
    )
    .unwrap();
    let role = bao
        .create_app_role("tenant-reader", &["tenant-read"])
        .unwrap();
    let listed = Listed::default().with("role/secret", role.secret_id);
    provider["vault"]["auth"] = json!({
        "namespace": "",
        "appRole": {
            "roleId": role.role_id, "secretRef": { "name": "role", "key": "secret" },
        },
    });
    let client = connect(provider, &listed.scoped()).await.unwrap();
    assert_eq!(text(&client, remote()).await.unwrap(), "tenant");
}

/// E-148: trust and client certificates, against a server that demands them: an API server, which
/// answers what it does not serve with 403 to a stranger and with 404 to its administrator.
#[tokio::test]
async fn tls_is_checked_against_the_stores_own_ca() {
    use base64::Engine as _;

    let cluster = crate::kubernetes::cluster().await;
    let ca = base64::engine::general_purpose::STANDARD.encode(cluster.ca_pem());
    let twice = base64::engine::general_purpose::STANDARD.encode(&ca);
    let listed = || {
        Listed::default()
            .with("ca/ca.crt", cluster.ca_pem())
            .with("client/tls.crt", cluster.admin().certificate_pem.clone())
            .with("client/tls.key", cluster.admin().key_pem.clone())
    };
    let read = async |vault: serde_json::Value| {
        let mut vault = vault;
        vault["server"] = json!(cluster.url());
        vault["path"] = json!("secret");
        let client = connect(json!({ "vault": vault }), &listed().scoped()).await?;
        text(&client, RemoteRef::new("db")).await
    };
    let untrusted = read(json!({})).await.unwrap_err();
    assert!(
        matches!(untrusted, SecretsError::Unavailable { .. }),
        "{untrusted:?}"
    );
    for trust in [
        json!({ "caBundle": ca }),
        json!({ "caBundle": twice }),
        json!({ "caProvider": { "type": "Secret", "name": "ca", "key": "ca.crt" } }),
        json!({ "caProvider": { "type": "ConfigMap", "name": "ca", "key": "ca.crt" } }),
    ] {
        let stranger = read(trust).await.unwrap_err();
        assert!(
            matches!(stranger, SecretsError::Denied { .. }),
            "{stranger:?}"
        );
    }
    let pair = json!({ "caBundle": ca, "tls": {
        "certSecretRef": { "name": "client" }, "keySecretRef": { "name": "client" },
    }});
    assert!(read(pair).await.unwrap_err().is_no_secret());

    let half = json!({ "caBundle": ca, "tls": { "certSecretRef": { "name": "client" } } });
    assert_eq!(
        read(half).await.unwrap_err().to_string(),
        "when provided, both ClientTLS.ClientCert and ClientTLS.SecretRef should be provided"
    );
}

/// E-149: the headers as they leave us, recorded by a listener that answers nothing of use.
#[tokio::test]
async fn custom_headers_are_sent_with_every_request() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let recorded = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    let provider = json!({ "vault": {
        "server": server, "path": "secret", "namespace": "tenant",
        "headers": { "X-Team": "a" }, "readYourWrites": true, "forwardInconsistent": true,
    }});
    let client = connect(provider, &Listed::default().scoped())
        .await
        .unwrap();
    assert_eq!(client.validate().await.unwrap(), Validation::Unknown);
    assert!(
        text(&client, RemoteRef::new("db"))
            .await
            .unwrap_err()
            .is_no_secret()
    );
    let head = recorded.await.unwrap();
    assert!(
        head.starts_with("get /v1/secret/data/db http/1.1\r\n"),
        "{head}"
    );
    for line in [
        "x-team: a\r\n",
        "x-vault-namespace: tenant\r\n",
        "x-vault-inconsistent: forward-active-node\r\n",
        "x-vault-request: true\r\n",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!head.contains("x-vault-token"), "{head}");
}
