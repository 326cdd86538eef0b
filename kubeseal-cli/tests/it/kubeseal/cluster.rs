//! With a real API server: how the controller is looked for, and what is said when it is not there.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::OnceLock;

use components::{AuditLog, ControlPlane, ControlPlaneOptions};

use super::{Outcome, certificate, kubeseal, upstream};

fn cluster() -> &'static ControlPlane {
    static CLUSTER: OnceLock<ControlPlane> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let mut options = ControlPlaneOptions::default();
        options.audit_log = AuditLog::Metadata;
        ControlPlane::start_with(&options).expect("the control plane starts")
    })
}

fn service(namespace: &str, name: &str, port_name: &str) {
    let port_name = if port_name.is_empty() {
        String::new()
    } else {
        format!("name: {port_name}, ")
    };
    cluster().create_namespace(namespace).unwrap();
    cluster()
        .apply(&format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}, \
             labels: {{app.kubernetes.io/name: sealed-secrets}}}}\n\
             spec: {{ports: [{{{port_name}port: 8080}}]}}\n"
        ))
        .unwrap();
}

fn fetched(arguments: &[&str]) -> Outcome {
    let config = cluster().kubeconfig().to_str().unwrap();
    kubeseal(
        &[&["--fetch-cert", "--kubeconfig", config], arguments].concat(),
        b"",
    )
}

fn asked_for(path: &str) -> bool {
    cluster()
        .audit_events()
        .unwrap()
        .iter()
        .any(|event| event.uri == path)
}

/// K-137: one form of the path, which is the one that the rights name.
#[test]
fn proxy_path_names_the_port_or_ends_in_a_colon() {
    for (namespace, port_name) in [("named", "http"), ("unnamed", "")] {
        service(namespace, "sealer", port_name);
        let arguments = [
            "--controller-name",
            "sealer",
            "--controller-namespace",
            namespace,
        ];
        let refusal = fetched(&arguments).refusal(1);
        assert!(
            refusal.starts_with("error: cannot fetch certificate: "),
            "{refusal}"
        );
        let path = format!(
            "/api/v1/namespaces/{namespace}/services/http:sealer:{port_name}/proxy/v1/cert.pem"
        );
        assert!(asked_for(&path), "{path}");
    }
}

/// K-138
#[test]
fn missing_service_is_said_with_a_hint() {
    let refusal = fetched(&["--controller-namespace", "default"]).refusal(1);
    let expected = "error: cannot get sealed secret service: \
                    services \"sealed-secrets-controller\" not found.\n";
    assert!(refusal.starts_with(expected), "{refusal}");
    assert!(refusal.contains("--controller-name") && refusal.contains("--controller-namespace"));
}

/// A Service that the chart named is found by its label.
#[test]
fn service_of_the_chart_is_found_without_flags() {
    service("charted", "my-release-sealed-secrets", "http");
    fetched(&["--controller-namespace", "charted"]).refusal(1);
    assert!(asked_for(
        "/api/v1/namespaces/charted/services/http:my-release-sealed-secrets:http/proxy/v1/cert.pem"
    ));
}

/// K-111
#[test]
fn requests_are_shown_from_verbosity_six_on() {
    let quiet = fetched(&["--controller-namespace", "default", "-v", "5"]).stderr;
    let loud = fetched(&["--controller-namespace", "default", "-v", "6"]).stderr;
    assert!(!quiet.contains("GET ") && loud.contains("GET "), "{loud}");
}

/// Answers one request.
fn serve_once(status: &str, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/cert.pem", listener.local_addr().unwrap());
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        drop(stream.read(&mut request));
        stream
            .write_all(&[head.as_bytes(), &body].concat())
            .unwrap();
    });
    url
}

/// K-135
#[test]
fn certificate_comes_from_a_url() {
    let url = serve_once("200 OK", std::fs::read(certificate()).unwrap());
    let input = b"metadata: {name: a, namespace: b}\nstringData: {a: b}\n";
    kubeseal(&["--cert", &url], input).output();
}

/// K-135: in upstream's words.
#[test]
fn url_that_answers_with_a_failure_is_refused() {
    let ours = serve_once("404 Not Found", Vec::new());
    let theirs = serve_once("404 Not Found", Vec::new());
    let said = |refusal: String, url: &str| refusal.replace(url, "URL");
    assert_eq!(
        said(kubeseal(&["--cert", &ours], b"").refusal(1), &ours),
        said(upstream(&["--cert", &theirs], b"").refusal(1), &theirs),
    );
}
