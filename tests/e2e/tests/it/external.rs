//! A namespace with stores and ExternalSecrets.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use e2e::{World, eventually};
use serde_json::{Value, json};

use crate::sealed::value;
use crate::shared::{shared, vault};
use crate::tenant::DEADLINE;

const GROUP: &str = "external-secrets.io/v1";

/// A namespace of the shared world.
pub(crate) struct Team {
    pub(crate) world: &'static World,
    pub(crate) namespace: String,
}

impl Team {
    /// Makes a namespace.
    pub(crate) fn new(namespace: &str) -> Self {
        let world = &shared().world;
        let cluster = world.cluster();
        cluster.create_namespace(namespace).expect("it is made");
        Self {
            world,
            namespace: namespace.to_owned(),
        }
    }

    /// Makes a Secret.
    pub(crate) fn secret(&self, name: &str, values: &Value) {
        self.world.create(&json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": values,
            "metadata": {"name": name, "namespace": self.namespace},
        }));
    }

    /// Makes a SecretStore, or changes it.
    pub(crate) fn store(&self, name: &str, provider: &Value) {
        self.store_with(name, &json!({"provider": provider}));
    }

    /// Makes a SecretStore from its spec.
    pub(crate) fn store_with(&self, name: &str, spec: &Value) {
        self.world.create(&json!({
            "apiVersion": GROUP, "kind": "SecretStore", "spec": spec,
            "metadata": {"name": name, "namespace": self.namespace},
        }));
    }

    /// Makes a SecretStore of values that stand in it, and waits until it is ready.
    pub(crate) fn fake_store(&self, name: &str, values: &[(&str, &str)]) {
        let data: Vec<Value> = values
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        self.store(name, &json!({"fake": {"data": data}}));
        self.store_ready(name);
    }

    /// Makes a SecretStore on the shared vault with a token that reads `secret/`, and waits until it
    /// is ready. Returns the token.
    pub(crate) fn vault_store(&self, name: &str, server: &str) -> String {
        let token = vault_token();
        self.secret("vault-token", &json!({"token": token}));
        let auth = json!({"tokenSecretRef": {"name": "vault-token", "key": "token"}});
        let provider = json!({"vault": {"server": server, "path": "secret", "auth": auth}});
        self.store(name, &provider);
        self.store_ready(name);
        token
    }

    /// Waits until a SecretStore is ready and returns the condition.
    pub(crate) fn store_ready(&self, name: &str) -> Value {
        self.world
            .condition("SecretStore", &self.namespace, name, "Ready", "True")
    }

    /// Makes an ExternalSecret, or changes it.
    pub(crate) fn external_secret(&self, name: &str, spec: &Value) {
        self.world.create(&json!({
            "apiVersion": GROUP, "kind": "ExternalSecret", "spec": spec,
            "metadata": {"name": name, "namespace": self.namespace},
        }));
    }

    /// Waits until an ExternalSecret is ready and returns the condition.
    pub(crate) fn synced(&self, name: &str) -> Value {
        self.world
            .condition("ExternalSecret", &self.namespace, name, "Ready", "True")
    }

    /// Waits until an ExternalSecret is not ready and returns the condition.
    pub(crate) fn fails(&self, name: &str) -> Value {
        self.world
            .condition("ExternalSecret", &self.namespace, name, "Ready", "False")
    }

    /// Waits for an event on an object and returns its message.
    pub(crate) fn event(&self, name: &str, reason: &str) -> String {
        self.world.event(&self.namespace, name, reason)
    }

    /// Returns an object of the namespace.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Result<Value, String> {
        self.world.get(kind, &self.namespace, name)
    }

    /// Waits until a Secret's key has a value.
    pub(crate) fn has(&self, secret: &str, key: &str, wanted: &str) -> Value {
        let what = format!("Secret {secret} has the value for {key}");
        eventually(&what, DEADLINE, || {
            let found = self.get("Secret", secret)?;
            if found["data"].get(key).is_some() && value(&found, key) == wanted {
                Ok(found)
            } else {
                Err(format!("keys are {:?}", keys(&found)))
            }
        })
    }

    /// Waits until a Secret has exactly these keys.
    pub(crate) fn has_keys(&self, secret: &str, wanted: &[&str]) -> Value {
        let what = format!("Secret {secret} has the keys {wanted:?}");
        eventually(&what, DEADLINE, || {
            let found = self.get("Secret", secret)?;
            if keys(&found) == wanted {
                Ok(found)
            } else {
                Err(format!("keys are {:?}", keys(&found)))
            }
        })
    }
}

/// Returns the keys of a Secret, in order.
pub(crate) fn keys(secret: &Value) -> Vec<String> {
    let data = secret["data"].as_object();
    let mut keys: Vec<String> = data
        .into_iter()
        .flat_map(|data| data.keys().cloned())
        .collect();
    keys.sort();
    keys
}

/// Returns entries of `spec.data`: key in the Secret, remote key, property.
pub(crate) fn data(entries: &[(&str, &str, &str)]) -> Value {
    entries
        .iter()
        .map(|(key, remote, property)| {
            json!({"secretKey": key, "remoteRef": {"key": remote, "property": property}})
        })
        .collect()
}

/// Returns a token of the shared vault that reads everything under `secret/`.
pub(crate) fn vault_token() -> String {
    let vault = vault();
    let policy = "path \"secret/*\" { capabilities = [\"read\"] }";
    vault.write_policy("reader", policy).expect("it is written");
    let body = json!({"policies": ["reader"]});
    let token = vault
        .request("POST", "auth/token/create", Some(&body))
        .expect("the token is made");
    let token = token["auth"]["client_token"].as_str();
    token.expect("it is a token").to_owned()
}

/// A way to the vault that can be cut.
pub(crate) struct Line {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Line {
    /// Lays a line to an HTTP server on loopback.
    pub(crate) fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (cut, target) = (Arc::clone(&cut), target.clone());
                thread::spawn(move || carry(&client, &target, &cut));
            }
        });
        Self { port, is_cut }
    }

    /// Returns the URL of the near end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Cuts the line: connections end, new ones are closed at once.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    /// Mends the line.
    pub(crate) fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn carry(client: &TcpStream, target: &str, cut: &Arc<AtomicBool>) {
    if cut.load(Ordering::SeqCst) {
        return;
    }
    let Ok(server) = TcpStream::connect(target) else {
        return;
    };
    let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    thread::scope(|scope| {
        scope.spawn(|| copy(from_client, &server, cut));
        copy(from_server, client, cut);
    });
}

fn copy(mut from: TcpStream, mut into: &TcpStream, cut: &AtomicBool) {
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if cut.load(Ordering::SeqCst) || into.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), into.shutdown(Shutdown::Both));
}
