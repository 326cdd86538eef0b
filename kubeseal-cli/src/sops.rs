//! `sops`: encrypts and decrypts files.
//!
//! [`run`] parses [`flags`] into a [`mode`] and runs it from [`modes`]. Flags, defaults, output
//! bytes and exit status are those of the tool of the same name. No runtime with timers or
//! sockets is started, and no TLS is set up, until a file names a key that a service holds.

pub(crate) mod cloud;
mod configuration;
mod error;
#[expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "these comments are the help text, which has no markup"
)]
mod flags;
pub(crate) mod identities;
mod key_flags;
mod key_service;
mod mode;
mod modes;
mod report;
mod tree_path;
mod words;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::Io;
use error::Error;
use mode::Mode;

/// The version this command reports: that of the files it writes.
pub const VERSION: &str = sops_engine::FORMAT_VERSION;

/// What a run of `sops` is started with.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The working directory.
    pub directory: PathBuf,
    /// The time that new files carry.
    pub now: Timestamp,
}

impl Invocation {
    /// Returns what this process was started with.
    pub fn of_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            arguments: std::env::args_os().collect(),
            environment,
            directory: std::env::current_dir().unwrap_or_default(),
            now: Timestamp::now(),
        }
    }

    /// Returns a variable of the environment; a set but empty one is there.
    fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .iter()
            .rfind(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns a path as seen from the working directory, without `.` and `..`.
    fn absolute(&self, path: &Path) -> PathBuf {
        let mut absolute = PathBuf::new();
        for component in self.directory.join(path).components() {
            match component {
                std::path::Component::CurDir => {}
                std::path::Component::ParentDir => {
                    absolute.pop();
                }
                component => absolute.push(component),
            }
        }
        absolute
    }
}

/// Runs `sops` and returns its exit status.
pub fn run(mut invocation: Invocation, io: &mut Io) -> u8 {
    let outcome = flags::parse(&mut invocation)
        .and_then(|flags| mode::decide(flags, &invocation, io))
        .and_then(|mode| execute(mode, &invocation, io));
    match outcome {
        Ok(()) | Err(Error::BrokenPipe) => 0,
        Err(error) => {
            error.show(io);
            error.exit_status()
        }
    }
}

fn execute(mode: Mode, invocation: &Invocation, io: &mut Io) -> Result<(), Error> {
    match mode {
        Mode::Print { text } => modes::print(io, text.as_bytes()),
        Mode::Encrypt(mode) => modes::encrypt::run(&mode, invocation, io),
        Mode::Decrypt(mode) => modes::decrypt::run(&mode, invocation, io),
        Mode::FileStatus(mode) => modes::file_status::run(&mode, io),
    }
}
