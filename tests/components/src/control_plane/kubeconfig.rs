//! Kubeconfig files, as JSON (which is YAML).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::tls::Identity;

/// Returns a kubeconfig that shows a client certificate.
pub(super) fn with_certificate(url: &str, ca_pem: &str, identity: &Identity) -> Value {
    let user = json!({
        "client-certificate-data": STANDARD.encode(&identity.certificate_pem),
        "client-key-data": STANDARD.encode(&identity.key_pem),
    });
    kubeconfig(url, ca_pem, "default", &user)
}

/// Returns a kubeconfig that shows a bearer token.
pub(super) fn with_token(url: &str, ca_pem: &str, namespace: &str, token: &str) -> Value {
    kubeconfig(url, ca_pem, namespace, &json!({"token": token}))
}

fn kubeconfig(url: &str, ca_pem: &str, namespace: &str, user: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "test",
            "cluster": {"server": url, "certificate-authority-data": STANDARD.encode(ca_pem)},
        }],
        "users": [{"name": "test", "user": user}],
        "contexts": [{
            "name": "test",
            "context": {"cluster": "test", "user": "test", "namespace": namespace},
        }],
        "current-context": "test",
    })
}
