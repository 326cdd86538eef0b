//! `cargo-deny`, built once into the tools cache.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, ensure};

/// The checks that need no network.
pub(crate) const OFFLINE: &[&str] = &["bans", "licenses", "sources"];

const VERSION: &str = "0.20.2";

/// Runs the given checks of `cargo-deny` and passes its verdict on.
pub(crate) fn run(root: &Path, checks: &[&str]) -> anyhow::Result<ExitCode> {
    let status = Command::new(program()?)
        .current_dir(root)
        .args(["--workspace", "--locked", "check", "--hide-inclusion-graph"])
        .args(checks)
        .status()
        .context("failed to run cargo-deny")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the program, from the `PATH` when its version fits, else from the cache, where it is
/// built when absent.
fn program() -> anyhow::Result<PathBuf> {
    let on_path = PathBuf::from("cargo-deny");
    if version_of(&on_path).is_some_and(|version| version == VERSION) {
        return Ok(on_path);
    }
    let folder = cache()?.join(format!("cargo-deny-{VERSION}"));
    let program = folder.join("bin/cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    build(&folder)?;
    Ok(program)
}

fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// Returns the folder that the tools of this project are built into.
fn cache() -> anyhow::Result<PathBuf> {
    if let Some(folder) = env::var_os("SIGNET_TOOLS").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let home = env::var_os("HOME").context("neither SIGNET_TOOLS nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache/signet/tools"))
}

/// Builds the program beside its place and moves it there whole.
fn build(folder: &Path) -> anyhow::Result<()> {
    let unfinished = folder.with_extension(format!("{}.partial", std::process::id()));
    writeln!(
        io::stderr(),
        "building cargo-deny {VERSION}, once, in about five minutes"
    )?;
    let status = Command::new(env!("CARGO"))
        .args([
            "install",
            "--quiet",
            "--locked",
            "cargo-deny",
            "--version",
            VERSION,
            "--root",
        ])
        .arg(&unfinished)
        // It checks a few hundred packages: being built soon is worth more than being fast.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .context("failed to run cargo install")?;
    ensure!(status.success(), "cargo-deny {VERSION} could not be built");
    match fs::rename(&unfinished, folder) {
        Ok(()) => Ok(()),
        // Another process was quicker.
        Err(_) if folder.join("bin/cargo-deny").is_file() => {
            fs::remove_dir_all(&unfinished).context("failed to remove a second build")
        }
        Err(error) => Err(error).context("failed to put cargo-deny into the cache"),
    }
}
