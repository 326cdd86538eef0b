//! What the program says when it cannot start.

use std::process::Command;

#[test]
fn start_without_a_cluster_names_the_next_step_and_exits_with_two() {
    let ended = Command::new(env!("CARGO_BIN_EXE_signet-controller"))
        .env_clear()
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .args(["--enable", "sealed-secrets", "--log-format", "text"])
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("no cluster to work in"), "{said}");
    assert!(said.contains("hint: set KUBECONFIG"), "{said}");
}
