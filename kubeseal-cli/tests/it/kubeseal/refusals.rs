//! What is refused, in which words and with which exit status.

use super::{certificate, key_file, kubeseal, kubeseal_with, upstream};

const SECRET: &str = "metadata: {name: db, namespace: prod}\nstringData: {a: b}\n";

fn refused(arguments: &[&str], input: &str) -> String {
    let certificate = certificate();
    let arguments = [&["--cert", certificate.as_str()], arguments].concat();
    kubeseal(&arguments, input.as_bytes()).refusal(1)
}

/// Texts that upstream has too are compared with what it says.
#[track_caller]
fn refused_in_upstreams_words(arguments: &[&str], input: &str) -> String {
    let certificate = certificate();
    let ours = refused(arguments, input);
    let arguments = [&["--cert", certificate.as_str()], arguments].concat();
    assert_eq!(ours, upstream(&arguments, input.as_bytes()).refusal(1));
    ours
}

/// K-120, K-121, K-122, K-118
#[test]
fn refusals_are_worded_as_upstreams() {
    let text = refused_in_upstreams_words(&[], "metadata: {name: a, namespace: b}\n");
    assert!(text.contains("secret.data is empty in input Secret"));
    let text = refused_in_upstreams_words(&[], "metadata: {namespace: b}\nstringData: {a: b}\n");
    assert_eq!(text, "error: missing metadata.name in input Secret\n");
    let text = refused_in_upstreams_words(&["-n", "test"], SECRET);
    assert!(text.contains("namespace mismatch"));
    let text = refused_in_upstreams_words(
        &["--kubeconfig", "/nonexistent"],
        "metadata: {name: a}\nstringData: {a: b}\n",
    );
    assert_eq!(text, "error: secret must declare a namespace\n");
    let text = refused_in_upstreams_words(&[], "\n---\n# nothing\n");
    assert!(text.contains("no secrets found"));
    let text = refused_in_upstreams_words(&["-o", "xml"], SECRET);
    assert_eq!(text, "error: unsupported output format: xml\n");
}

/// K-135, K-136
#[test]
fn certificates_that_cannot_be_used_are_refused_in_upstreams_words() {
    for file in [
        "/nonexistent",
        "/dev/null",
        &key_file("test-key-a-expired.crt"),
    ] {
        let ours = kubeseal(&["--cert", file], SECRET.as_bytes()).refusal(1);
        assert_eq!(
            ours,
            upstream(&["--cert", file], SECRET.as_bytes()).refusal(1)
        );
    }
    let file = key_file("test-key-ec.crt");
    let refusal = kubeseal(&["--cert", &file], SECRET.as_bytes()).refusal(1);
    assert!(
        refusal.starts_with("error: expected RSA public key but found "),
        "{refusal}"
    );
}

#[test]
fn missing_input_file_is_refused_in_upstreams_words() {
    let refusal = refused(&["-f", "/nonexistent"], "");
    assert!(refusal.starts_with("error: Could not read file specified with --secret-file"));
}

/// K-118
#[test]
fn document_that_cannot_be_read_is_named() {
    let broken = format!("{SECRET}---\nmetadata: [\n");
    assert!(
        refused(&[], &broken).contains("document 2"),
        "{}",
        refused(&[], &broken)
    );
    let wrong = format!("{SECRET}---\nmetadata: {{name: [a]}}\n");
    assert_eq!(
        refused(&[], &wrong),
        "error: document 2: field \"name\" has the wrong type\n"
    );
    let text = format!("{SECRET}---\njust text\n");
    assert_eq!(refused(&[], &text), "error: document 2 is not an object\n");
    let map = "kind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n";
    assert_eq!(
        refused(&[], map),
        "error: document 1: expected kind \"Secret\" but found \"ConfigMap\"\n"
    );
}

/// K-148: a value that cannot be decoded is not repeated.
#[test]
fn refusals_hold_no_values() {
    let refusal = refused(
        &[],
        "metadata: {name: a, namespace: b}\ndata: {key: hunter2!}\n",
    );
    assert_eq!(
        refusal,
        "error: document 1: value of data \"key\" is not Base64\n"
    );
    let refusal = refused(
        &[],
        "metadata: {name: a, namespace: b}\nstringData: {key: [hunter2]}\n",
    );
    assert!(!refusal.contains("hunter2"), "{refusal}");
}

/// K-140, K-110
#[test]
fn command_line_that_cannot_be_read_exits_with_two() {
    for arguments in [
        &["--nope"][..],
        &["--raw=maybe"],
        &["--scope", "x"],
        &["--cert"],
    ] {
        let ours = kubeseal(arguments, b"");
        assert_eq!((ours.status, ours.stdout.as_str()), (2, ""));
        assert_eq!(upstream(arguments, b"").status, 2);
    }
    let scope = kubeseal(&["--scope", "x"], b"").stderr;
    assert!(
        scope.contains("must be one of: strict, namespace-wide, cluster-wide"),
        "{scope}"
    );
}

/// K-104
#[test]
fn invalid_variable_is_refused_by_name() {
    let environment = [("SEALED_SECRETS_RAW", "maybe")];
    let refusal = kubeseal_with(&environment, &[], b"").refusal(1);
    assert!(refusal.contains("SEALED_SECRETS_RAW"), "{refusal}");
}

/// K-109, K-110
#[test]
fn version_help_and_completion_need_nothing() {
    let version = kubeseal(&["--version"], b"").output();
    assert!(version.starts_with("kubeseal version: "));
    let help = kubeseal(&["--help"], b"").output();
    for flag in [
        "--allow-empty-data",
        "--cert",
        "--controller-name",
        "--controller-namespace",
        "--fetch-cert",
        "--format",
        "--from-file",
        "--help",
        "--kubeconfig",
        "--merge-into",
        "--name",
        "--raw",
        "--re-encrypt",
        "--recovery-private-key",
        "--recovery-unseal",
        "--scope",
        "--sealed-secret-file",
        "--secret-file",
        "--validate",
        "--version",
        "--as",
        "--as-group",
        "--as-uid",
        "--certificate-authority",
        "--client-certificate",
        "--client-key",
        "--cluster",
        "--context",
        "--disable-compression",
        "--insecure-skip-tls-verify",
        "--namespace",
        "--password",
        "--proxy-url",
        "--request-timeout",
        "--server",
        "--tls-server-name",
        "--token",
        "--user",
        "--username",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
    let script = kubeseal(&["--completion", "bash"], b"").output();
    assert!(script.contains("--recovery-unseal"));
}

#[test]
fn ignored_arguments_and_former_names_are_noted() {
    let outcome = kubeseal(&["file.yaml", "--cert", &certificate()], SECRET.as_bytes());
    assert!(outcome.stderr.contains("\"file.yaml\" is ignored"));
    outcome.output();
    let noted = kubeseal(&["--rotate", "-f", "/nonexistent"], b"").stderr;
    assert!(noted.contains("please use --re-encrypt"));
}

#[test]
fn output_file_that_would_not_be_written_is_refused() {
    for mode in ["--validate", "--merge-into=x"] {
        let refusal = kubeseal(&[mode, "-w", "/nonexistent/out"], b"").refusal(1);
        assert!(
            refusal.contains("--sealed-secret-file cannot be used"),
            "{refusal}"
        );
    }
}
