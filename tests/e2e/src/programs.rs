//! Signet's own programs, built from this checkout in the profile of the running test, or those of
//! the folder that `SIGNET_PROGRAMS` names.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Returns the path of one of our programs, for example `signet-controller`.
///
/// # Panics
///
/// When the workspace cannot be built.
pub fn program(name: &str) -> PathBuf {
    folder().join(name)
}

/// Builds all programs once and returns their folder.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        if let Some(folder) = std::env::var_os("SIGNET_PROGRAMS") {
            return folder.into();
        }
        let test = std::env::current_exe().expect("because a running test has a path");
        let folder = test
            .ancestors()
            .nth(2)
            .expect("because test programs lie in target/<profile>/deps")
            .to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // Built with the rest so that its dependencies have the same features; benches are not needed.
        build.args([
            "build",
            "--quiet",
            "--workspace",
            "--bins",
            "--exclude=bench",
        ]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        let status = build.status().expect("because cargo runs this test");
        assert!(status.success(), "the programs cannot be built");
        folder
    })
}
