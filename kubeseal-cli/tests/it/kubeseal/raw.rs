//! `--raw`.

use super::{Folder, certificate, kubeseal, upstream};

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let certificate = certificate();
    let arguments = [
        &["--raw", "--cert", &certificate, "--kubeconfig", "/dev/null"],
        arguments,
    ]
    .concat();
    kubeseal(&arguments, b"x").refusal(1)
}

/// K-128, K-005, K-014: nothing but the item, without a newline.
#[test]
fn item_is_printed_without_a_newline() {
    let arguments = [
        "--raw",
        "--cert",
        &certificate(),
        "-n",
        "prod",
        "--name",
        "db",
    ];
    for input in [&b""[..], b"hunter2"] {
        let item = kubeseal(&arguments, input).output();
        assert!(item.starts_with("AQ") && !item.contains('\n'));
        assert_eq!(item.len(), upstream(&arguments, input).output().len());
    }
}

/// K-128
#[test]
fn file_may_be_given_with_a_name() {
    let folder = Folder::new();
    let file = folder.write("value", "hunter2");
    for source in [file.clone(), format!("name={file}")] {
        let arguments = ["--raw", "--cert", &certificate(), "--scope", "cluster-wide"];
        let arguments = [&arguments[..], &["--from-file", &source]].concat();
        let item = kubeseal(&arguments, b"").output();
        assert_eq!(item.len(), (274_usize + 7).div_ceil(3) * 4);
    }
}

/// K-128
#[test]
fn what_raw_lacks_is_said_in_upstreams_words() {
    assert_eq!(
        refused(&[]),
        "error: must provide the --namespace flag with --raw and --scope strict\n"
    );
    assert_eq!(
        refused(&["--scope", "namespace-wide"]),
        "error: must provide the --namespace flag with --raw and --scope namespace-wide\n"
    );
    assert_eq!(
        refused(&["-n", "prod"]),
        "error: must provide the --name flag with --raw and --scope strict\n"
    );
    assert_eq!(
        refused(&["--from-file", "a,b"]),
        "error: must provide only one --from-file when encrypting a single item with --raw\n"
    );
    assert_eq!(
        kubeseal(&["--from-file", "a"], b"").refusal(1),
        "error: --from-file requires --raw\n"
    );
}
