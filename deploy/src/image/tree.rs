//! Assembles the tree and tries it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

use super::elf::{Linkage, linkage};
use crate::manifests::USER;

/// What goes into the image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The controller's program.
    pub controller: PathBuf,
    /// The render worker's program.
    pub worker: PathBuf,
    /// File with the certificates that servers are checked against.
    pub certificates: PathBuf,
}

/// What was assembled, and what the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Libraries of dynamically linked programs, loader included; empty when all are static.
    pub libraries: Vec<PathBuf>,
    /// Size of all files, in bytes.
    pub size: u64,
    /// What the controller in the tree says its version is; nothing when the tree could not be
    /// entered, which only root can.
    pub version: Option<String>,
}

const CONTROLLER: &str = "usr/local/bin/signet-controller";
const WORKER: &str = "usr/local/bin/signet-render-worker";
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
const EXECUTABLE: u32 = 0o755;
const READABLE: u32 = 0o644;

/// Assembles the tree in `out`, which must not exist or be empty, and checks it.
///
/// # Errors
///
/// When a file is missing or cannot be copied, or when the controller does not run in the tree.
pub fn assemble(image: &Image, out: &Path) -> anyhow::Result<Report> {
    fs::create_dir_all(out).with_context(|| format!("failed to create {}", out.display()))?;
    ensure!(
        fs::read_dir(out)?.next().is_none(),
        "{} is not empty",
        out.display()
    );
    fs::set_permissions(out, fs::Permissions::from_mode(EXECUTABLE))?;
    install(&image.controller, out, CONTROLLER, EXECUTABLE)?;
    install(&image.worker, out, WORKER, EXECUTABLE)?;
    install(&image.certificates, out, CERTIFICATES, READABLE)?;

    let mut libraries = Vec::new();
    for program in [&image.controller, &image.worker] {
        for library in libraries_of(program)? {
            if !libraries.contains(&library) {
                let place = library
                    .strip_prefix("/")
                    .context("a library's path is absolute")?;
                let mode = fs::metadata(&library)?.permissions().mode() & 0o777;
                install(&library, out, place, mode)?;
                libraries.push(library);
            }
        }
    }
    libraries.sort();

    let account = format!("root:x:0:0::/:/sbin/nologin\nsignet:x:{USER}:{USER}::/:/sbin/nologin\n");
    write(out, "etc/passwd", &account)?;
    write(out, "etc/group", &format!("root:x:0:\nsignet:x:{USER}:\n"))?;
    folder(out, "tmp", 0o1777)?;
    folder(out, "data", 0o755)?;
    let root = is_root();
    if root {
        chown(out.join("data"), Some(USER), Some(USER))?;
    }
    let version = if root {
        Some(version_inside(out)?)
    } else {
        None
    };
    Ok(Report {
        libraries,
        size: size_of(out)?,
        version,
    })
}

/// Whether this process may enter the tree and give files away.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Returns the files a program loads, its loader included.
fn libraries_of(program: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let bytes =
        fs::read(program).with_context(|| format!("failed to read {}", program.display()))?;
    let loader =
        match linkage(&bytes).with_context(|| format!("failed to read {}", program.display()))? {
            Linkage::Static => return Ok(Vec::new()),
            Linkage::Dynamic(loader) => loader,
        };
    let listing = Command::new(&loader)
        .arg("--list")
        .arg(program)
        .output()
        .with_context(|| format!("failed to run the loader {}", loader.display()))?;
    let text = String::from_utf8_lossy(&listing.stdout);
    ensure!(
        listing.status.success(),
        "the loader cannot resolve {}: {text}",
        program.display()
    );
    let mut libraries = vec![loader.clone()];
    for line in text.lines() {
        // `libc.so.6 => /lib/…/libc.so.6 (0x…)`; what the kernel provides has no arrow.
        let Some((_, found)) = line.split_once(" => ") else {
            continue;
        };
        let Some((path, _)) = found.rsplit_once(" (") else {
            bail!(
                "{} needs a library that is not there: {line}",
                program.display()
            );
        };
        let path = PathBuf::from(path);
        if path != loader {
            libraries.push(path);
        }
    }
    Ok(libraries)
}

/// Runs the controller inside the tree as the user of the image.
fn version_inside(root: &Path) -> anyhow::Result<String> {
    let output = Command::new("chroot")
        .arg(format!("--userspec={USER}:{USER}"))
        .arg(root)
        .arg(Path::new("/").join(CONTROLLER))
        .arg("--version")
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .context("failed to run chroot")?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the controller does not run in the tree: {errors}"
    );
    Ok(text)
}

fn install(from: &Path, root: &Path, place: impl AsRef<Path>, mode: u32) -> anyhow::Result<()> {
    let target = root.join(place);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, &target)
        .with_context(|| format!("failed to copy {} to {}", from.display(), target.display()))?;
    fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
    Ok(())
}

fn write(root: &Path, place: &str, text: &str) -> anyhow::Result<()> {
    let target = root.join(place);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&target, text).with_context(|| format!("failed to write {}", target.display()))?;
    fs::set_permissions(&target, fs::Permissions::from_mode(READABLE))?;
    Ok(())
}

fn folder(root: &Path, place: &str, mode: u32) -> anyhow::Result<()> {
    let target = root.join(place);
    fs::create_dir_all(&target)?;
    fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
    Ok(())
}

fn size_of(folder: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        size += if metadata.is_dir() {
            size_of(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(size)
}

#[cfg(test)]
mod tests;
