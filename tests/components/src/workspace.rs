//! The folder of one run: data, certificates and logs of one component.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::start_error::StartError;

/// The file that marks a folder as one to keep.
const KEPT: &str = "KEEP";

/// A folder that only this user can read, removed with the value.
///
/// It is kept, and its path printed, when the test panics or `SIGNET_KEEP_LOGS` is set.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: Option<TempDir>,
    path: PathBuf,
}

impl Workspace {
    pub(crate) fn new(component: &str) -> Result<Self, StartError> {
        static SWEPT: Once = Once::new();
        let root = root();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&root)
            .map_err(|source| StartError::File {
                act: "create",
                path: root.clone(),
                source,
            })?;
        SWEPT.call_once(|| sweep(&root));
        let folder = tempfile::Builder::new()
            .prefix(&format!("{}-{component}-", process::id()))
            .tempdir_in(&root)
            .map_err(|source| StartError::File {
                act: "create",
                path: root,
                source,
            })?;
        let path = folder.path().to_owned();
        if keep() {
            // At once: a server in a static is never dropped.
            mark_as_kept(&path);
        }
        Ok(Self {
            folder: Some(folder),
            path,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that only this user can read, and returns its path.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf, StartError> {
        let path = self.join(name);
        fs::write(&path, content)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)))
            .map_err(|source| StartError::File {
                act: "write",
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }

    /// Creates a folder inside, and returns its path.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, StartError> {
        let path = self.join(name);
        fs::create_dir_all(&path).map_err(|source| StartError::File {
            act: "create",
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if !keep() && !thread::panicking() {
            return;
        }
        if let Some(folder) = self.folder.take() {
            let kept = folder.keep();
            if !kept.join(KEPT).exists() {
                mark_as_kept(&kept);
            }
        }
    }
}

/// Makes the sweep of a later run leave the folder alone, and tells where it is.
fn mark_as_kept(folder: &Path) {
    // Neither a missing mark nor a closed stderr is a reason to fail the test.
    let _ = fs::write(folder.join(KEPT), "");
    let _ = writeln!(
        io::stderr(),
        "logs and data are kept in {}",
        folder.display()
    );
}

/// Whether this process asked for what it starts to be kept.
static KEEP_LOGS: AtomicBool = AtomicBool::new(false);

/// Keeps logs and data of everything that stops from now on, as `SIGNET_KEEP_LOGS` does, and tells where they are.
pub fn keep_logs() {
    KEEP_LOGS.store(true, Ordering::Relaxed);
}

fn keep() -> bool {
    KEEP_LOGS.load(Ordering::Relaxed)
        || env::var_os("SIGNET_KEEP_LOGS").is_some_and(|value| !value.is_empty())
}

fn root() -> PathBuf {
    env::temp_dir().join(format!(
        "signet-components-{}",
        rustix::process::getuid().as_raw()
    ))
}

/// Removes the folders of processes that are gone: values in statics are never dropped, and a killed test run drops
/// nothing.
fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.split('-').next()?.parse::<u32>().ok());
        let Some(owner) = owner else { continue };
        let gone = !Path::new(&format!("/proc/{owner}")).exists();
        if gone && !entry.path().join(KEPT).exists() {
            // What cannot be removed now is tried again by the next run.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
