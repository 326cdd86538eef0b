//! One file per job.

use std::path::Path;

pub(super) mod decrypt;
pub(super) mod encrypt;
pub(super) mod file_status;

use super::error::Error;
use super::mode::{Input, Output};
use crate::Io;
use crate::io::Readers;

/// Reads the whole input.
fn read(input: &Input, io: &mut Io) -> Result<Vec<u8>, Error> {
    match &input.path {
        None => io.read_stdin().map_err(|source| Error::Read {
            what: "standard input".into(),
            source,
        }),
        Some(path) => io.read_file(path).map_err(|source| Error::Read {
            what: path.display().to_string(),
            source,
        }),
    }
}

/// Writes the result, into a file as a whole.
fn write(output: &Output, bytes: &[u8], readers: Readers, io: &mut Io) -> Result<(), Error> {
    let Some(path) = &output.path else {
        return print(io, bytes);
    };
    let written = if special(path) {
        io.overwrite_file(path, bytes)
    } else {
        io.replace_file(path, bytes, readers)
    };
    written.map_err(|source| Error::Write {
        what: path.display().to_string(),
        source,
    })
}

/// Whether a path is a device or a pipe, which cannot be replaced.
fn special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Prints data.
pub(super) fn print(io: &mut Io, bytes: &[u8]) -> Result<(), Error> {
    io.write_stdout(bytes).map_err(|source| Error::Write {
        what: "standard output".into(),
        source,
    })
}
