//! Plain sealing: where it reads, where it writes, and for whom it seals.

use super::{Folder, certificate, kubeseal, kubeseal_with};

const SECRET: &str = "metadata: {name: db, namespace: prod}\nstringData: {a: b}\n";

fn kubeconfig(folder: &Folder) -> String {
    folder.write(
        "kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
         clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n\
         users: [{name: u, user: {}}]\n\
         contexts:\n\
         - {name: one, context: {cluster: c, user: u, namespace: of-context}}\n\
         - {name: two, context: {cluster: c, user: u}}\n",
    )
}

fn namespace(arguments: &[&str], input: &str) -> String {
    let certificate = certificate();
    let arguments = [&["--cert", certificate.as_str()], arguments].concat();
    let sealed = kubeseal(&arguments, input.as_bytes()).json();
    sealed["metadata"]["namespace"]
        .as_str()
        .unwrap_or("none")
        .to_owned()
}

/// K-112
#[test]
fn input_and_output_may_be_files() {
    let folder = Folder::new();
    let (input, output) = (folder.write("in.yaml", SECRET), folder.path("out"));
    let sealed = kubeseal(
        &["--cert", &certificate(), "-f", &input, "-w", &output],
        b"",
    );
    assert_eq!(sealed.output(), "");
    assert!(
        folder
            .read("out")
            .starts_with("{\n  \"kind\": \"SealedSecret\"")
    );
}

/// K-113
#[test]
fn name_in_yaml_means_yaml_whatever_the_format() {
    let folder = Folder::new();
    for name in ["out.yaml", "out.yml"] {
        let arguments = [
            "--cert",
            &certificate(),
            "-o",
            "json",
            "-w",
            &folder.path(name),
        ];
        kubeseal(&arguments, SECRET.as_bytes()).output();
        assert!(
            folder
                .read(name)
                .starts_with("---\napiVersion: bitnami.com/v1alpha1\n")
        );
    }
}

/// K-113
#[test]
fn failure_keeps_the_old_file() {
    let folder = Folder::new();
    let output = folder.write("out.yaml", "old");
    let input = format!("{SECRET}---\nmetadata: {{name: b, namespace: x}}\n");
    let arguments = ["--cert", &certificate(), "-w", &output];
    kubeseal(&arguments, input.as_bytes()).refusal(1);
    assert_eq!(folder.read("out.yaml"), "old");
}

/// K-119
#[test]
fn string_data_wins_over_data() {
    let folder = Folder::new();
    let input =
        "metadata: {name: db, namespace: prod}\ndata: {a: b2xk}\nstringData: {a: 5, b: yes}\n";
    let sealed = kubeseal(&["--cert", &certificate()], input.as_bytes()).output();
    let path = folder.write("sealed", &sealed);
    let key = super::key_file("test-key-a.pem");
    let arguments = [
        "--recovery-unseal",
        "--recovery-private-key",
        &key,
        "-f",
        &path,
    ];
    let opened = kubeseal(&arguments, b"").json();
    assert_eq!(
        opened["data"],
        serde_json::json!({"a": "NQ==", "b": "dHJ1ZQ=="})
    );
}

/// K-121
#[test]
fn name_flag_replaces_the_name() {
    let arguments = ["--cert", &certificate(), "--name", "other"];
    let sealed = kubeseal(&arguments, SECRET.as_bytes()).json();
    assert_eq!(sealed["metadata"]["name"], "other");
    assert_eq!(sealed["spec"]["template"]["metadata"]["name"], "other");
}

/// K-122
#[test]
fn namespace_is_that_of_the_input_the_flag_or_the_context() {
    let folder = Folder::new();
    let config = kubeconfig(&folder);
    let nowhere = "metadata: {name: db}\nstringData: {a: b}\n";
    assert_eq!(namespace(&["--kubeconfig", &config], SECRET), "prod");
    assert_eq!(
        namespace(&["--kubeconfig", &config, "-n", "given"], nowhere),
        "given"
    );
    assert_eq!(
        namespace(&["--kubeconfig", &config, "-n", "ns/given"], nowhere),
        "given"
    );
    assert_eq!(namespace(&["--kubeconfig", &config], nowhere), "of-context");
    assert_eq!(
        namespace(&["--kubeconfig", &config, "--context", "two"], nowhere),
        "default"
    );
}

/// K-123
#[test]
fn no_kubeconfig_is_needed_for_an_input_with_a_namespace() {
    assert_eq!(namespace(&["--kubeconfig", "/nonexistent"], SECRET), "prod");
}

/// K-126
#[test]
fn cluster_wide_secret_needs_no_namespace() {
    let nowhere = "metadata: {name: db}\nstringData: {a: b}\n";
    assert_eq!(namespace(&["--scope", "cluster-wide"], nowhere), "none");
    assert_eq!(namespace(&["--scope", "cluster-wide"], SECRET), "prod");
}

/// K-117
#[test]
fn lists_are_sealed_item_by_item_in_any_encoding() {
    let list = "kind: List\nitems:\n- {kind: Secret, metadata: {name: a, namespace: x}, stringData: {a: b}}\n\
                - {metadata: {name: b, namespace: x}, stringData: {a: b}}\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(list.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xef\xbb\xbf", list.as_bytes()].concat();
    for input in [list.as_bytes(), &utf16, &marked] {
        let output = kubeseal(&["--cert", &certificate(), "-o", "YAML"], input).output();
        assert_eq!(output.matches("kind: SealedSecret").count(), 2);
    }
}

#[test]
fn json_may_be_followed_by_yaml() {
    let json = r#"{"metadata":{"name":"a","namespace":"x"},"stringData":{"a":"b"}}"#;
    let input = format!("{json}{json}\n---\n{SECRET}");
    let output = kubeseal(&["--cert", &certificate()], input.as_bytes()).output();
    assert_eq!(output.matches("\"SealedSecret\"").count(), 3);
}

/// K-110: every flag can come from the environment, and the command line wins.
#[test]
fn environment_stands_for_flags() {
    let certificate = certificate();
    let environment = [
        ("SEALED_SECRETS_CERT", certificate.as_str()),
        ("SEALED_SECRETS_FORMAT", "yaml"),
        ("SEALED_SECRETS_SCOPE", "cluster-wide"),
        ("SEALED_SECRETS_UNKNOWN", "x"),
        ("SEALED_SECRETS_NAME", ""),
    ];
    let sealed = kubeseal_with(&environment, &[], SECRET.as_bytes()).output();
    assert!(sealed.starts_with("---\n") && sealed.contains("cluster-wide: \"true\""));
    let sealed = kubeseal_with(&environment, &["-o", "json"], SECRET.as_bytes()).output();
    assert!(sealed.starts_with("{\n"));
}

/// K-111
#[test]
fn flags_of_the_logging_library_are_taken() {
    let flags = [
        "--logtostderr",
        "--alsologtostderr=true",
        "--v=4",
        "-v",
        "9",
        "--stderrthreshold=2",
        "--vmodule=a=1",
        "--log_dir",
        "/x",
        "--log_file=x",
        "--log_file_max_size",
        "5",
        "--log_backtrace_at=:0",
        "--add_dir_header",
        "--skip_headers=false",
        "--skip_log_headers",
        "--one_output",
        "--legacy_stderr_threshold_behavior",
    ];
    let certificate = certificate();
    let arguments = [&["--cert", certificate.as_str()], &flags[..]].concat();
    kubeseal(&arguments, SECRET.as_bytes()).output();
}

/// K-139: bytes as they are, of an expired certificate too.
#[test]
fn fetched_certificate_is_copied_as_it_is() {
    let file = super::key_file("test-key-a-expired.crt");
    let output = kubeseal(&["--cert", &file, "--fetch-cert"], b"").output();
    assert_eq!(output, std::fs::read_to_string(file).unwrap());
}

/// K-135
#[test]
fn certificate_may_be_a_file_url() {
    let url = format!(
        "file://{}",
        std::fs::canonicalize(certificate()).unwrap().display()
    );
    kubeseal(&["--cert", &url], SECRET.as_bytes()).output();
}
