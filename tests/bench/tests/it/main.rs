//! The benches run from end to end, at sizes that say nothing about speed.
//!
//! The upstream controllers take minutes to build and are left out.

use std::process::Command;

use e2e::program;

/// Every part is measured, recorded and put on the page.
#[test]
fn every_part_runs_and_ends_up_on_the_page() {
    // Built with all others, where the bench looks for it.
    assert!(program("signet-controller").is_file());
    let folder = tempfile::tempdir().expect("there is room");
    let record = folder.path().join("figures.json");
    let bench = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bench"))
            .args(["--profile=dev", "--whose=ours", "--cut-off=60", "--idle=1"])
            .args(["--applies=20", "--units=3", "--growth=4", "--samples=2"])
            .args(["--sealed-secrets=4", "--external-secrets=4"])
            .arg("--record")
            .arg(&record)
            .args(arguments)
            .output()
            .expect("the bench starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        text
    };
    let text = bench(&[
        "limit",
        "prices",
        "shared-folder",
        "own-folder",
        "sealed-secrets",
        "external-secrets",
        "fleet",
    ]);
    assert!(!text.contains("cut off"), "{text}");
    for expected in [
        "20 server-side applies",
        "patch a Kustomization's status",
        "3 Kustomizations × 4 objects of one folder · one commit",
        "3 Kustomizations × 4 objects of a folder each · one commit",
        "commit to applied",
        "2 times: p50",
        "4 SealedSecrets",
        "4 ExternalSecrets on OpenBao",
        "· idle ·",
        "· start ·",
    ] {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
    let page = folder.path().to_str().expect("the folder has a plain name");
    bench(&["--page", page]);
    let page = std::fs::read_to_string(folder.path().join("performance.md"));
    assert!(page.expect("it is written").contains("commit to applied"));
}
