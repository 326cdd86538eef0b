//! Makes a program outside any pod reachable through the API server's service proxy.

use serde_json::{Value, json};

use super::ControlPlane;
use crate::start_error::StartError;

impl ControlPlane {
    /// Makes a Service whose only endpoint is `port` of [`Self::address`], for a program that [`Self::launch`] started.
    ///
    /// The proxy serves only addresses of pods, so there is a Pod of the same name with that address; nothing runs in it.
    /// The cluster must be in a [`crate::Network::Namespace`].
    ///
    /// # Errors
    /// When the API server refuses, for example because of a loopback address.
    pub fn expose(&self, namespace: &str, service: &str, port: u16) -> Result<(), StartError> {
        let address = self.address();
        let pods = format!("/api/v1/namespaces/{namespace}/pods");
        self.request("POST", &pods, Some(&pod(service)))?;
        let running = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": service},
            "status": {
                "phase": "Running",
                "podIP": address,
                "podIPs": [{"ip": address}],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        });
        let status = format!("{pods}/{service}/status?fieldManager=exposure");
        self.request("PATCH", &status, Some(&running))?;

        let of_namespace = |kind: &str| format!("/api/v1/namespaces/{namespace}/{kind}");
        let service_object = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": service},
            "spec": {"ports": [{"name": "http", "port": port, "targetPort": port}]},
        });
        self.request("POST", &of_namespace("services"), Some(&service_object))?;
        let target = json!({"kind": "Pod", "namespace": namespace, "name": service});
        // The proxy reads this kind, not EndpointSlices.
        let endpoints = json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": service},
            "subsets": [{
                "addresses": [{"ip": address, "targetRef": target}],
                "ports": [{"name": "http", "port": port}],
            }],
        });
        self.request("POST", &of_namespace("endpoints"), Some(&endpoints))
            .map(drop)
    }
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "outside",
                "image": "example.com/outside:1",
                // Namespaces of the strictest policy take it as well.
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                },
            }],
        },
    })
}
