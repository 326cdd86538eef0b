//! The only place that prints, reads standard input or touches files.
//!
//! A mode gets an [`Io`] and nothing else to talk to the world with, so that a test can hand it
//! buffers. Files are written whole beside their target and then renamed over it: a failure
//! leaves what was there before.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Standard input, output and error of one run.
pub struct Io {
    stdin: Box<dyn Read>,
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
    terminals: Terminals,
}

/// Which of the standard streams are terminals.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminals {
    /// Somebody would have to type the input.
    pub stdin: bool,
    /// Somebody reads the output.
    pub stdout: bool,
    /// Somebody reads the messages, so notes and progress are welcome.
    pub stderr: bool,
}

/// Who may read a file that is created. A file that exists keeps its own permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The owner alone, mode `0600`: for everything that may hold plaintext.
    Owner,
    /// Whoever the process's umask lets, mode `0666` less the umask.
    Umask,
}

impl Io {
    /// Returns the streams of this process.
    pub fn of_process() -> Self {
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let terminals = Terminals {
            stdin: stdin.is_terminal(),
            stdout: stdout.is_terminal(),
            stderr: stderr.is_terminal(),
        };
        Self::new(stdin, stdout, stderr).with_terminals(terminals)
    }

    /// Returns streams that are no terminals, for instance buffers.
    pub fn new(
        stdin: impl Read + 'static,
        stdout: impl Write + 'static,
        stderr: impl Write + 'static,
    ) -> Self {
        Self {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            terminals: Terminals::default(),
        }
    }

    /// Returns the same streams, treated as terminals where said so.
    #[must_use]
    pub fn with_terminals(mut self, terminals: Terminals) -> Self {
        self.terminals = terminals;
        self
    }

    /// Which streams are terminals.
    pub fn terminals(&self) -> Terminals {
        self.terminals
    }

    /// Reads standard input to its end.
    pub fn read_stdin(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stdin.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns standard input, to stream it onwards.
    pub fn stdin(&mut self) -> &mut dyn Read {
        &mut self.stdin
    }

    /// Writes data to standard output. That nobody reads it any more is a quiet success.
    pub fn write_stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.stdout.write_all(bytes);
        match written.and_then(|()| self.stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Writes one line for a human to standard error. That nobody listens is not a failure.
    pub fn note(&mut self, line: &str) {
        drop(writeln!(self.stderr, "{line}"));
    }

    /// Returns standard error, for progress that redraws itself.
    pub fn stderr(&mut self) -> &mut dyn Write {
        &mut self.stderr
    }

    /// Reads a whole file.
    pub fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    /// Writes a whole file beside `path` and renames it over, through symbolic links.
    pub fn replace_file(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
        let target = match std::fs::canonicalize(path) {
            Ok(existing) => existing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        let draft = draft_path(&target);
        let written = write_draft(&draft, &target, bytes, readers)
            .and_then(|()| std::fs::rename(&draft, &target));
        if written.is_err() {
            drop(std::fs::remove_file(&draft));
        }
        written
    }

    /// Writes into the file itself, so that its inode and hard links stay. Not atomic: only for
    /// tools whose contract is the inode.
    pub fn overwrite_file(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        std::fs::write(path, bytes)
    }
}

fn draft_path(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.draft", process::id()));
    target.with_file_name(name)
}

fn write_draft(draft: &Path, target: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut file = create_new(draft, readers)?;
    if let Ok(existing) = std::fs::metadata(target) {
        file.set_permissions(existing.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn create_new(path: &Path, readers: Readers) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Umask => 0o666,
    };
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
}

#[cfg(not(unix))]
fn create_new(path: &Path, _readers: Readers) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests;
