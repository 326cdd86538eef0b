//! Says whether a file is encrypted, without any key.

use sops_engine::{EncryptedFile, MetadataError, ReadError};

use super::super::error::Error;
use super::super::mode::FileStatusMode;
use super::{print, read};
use crate::Io;

pub(in super::super) fn run(mode: &FileStatusMode, io: &mut Io) -> Result<(), Error> {
    let bytes = read(&mode.input, io)?;
    let encrypted = match EncryptedFile::parse(mode.input.format, &bytes) {
        Ok(file) => !file.metadata().mac.is_empty() && !file.metadata().version.is_empty(),
        Err(ReadError::Metadata(MetadataError::NotFound)) => false,
        Err(error) => return Err(Error::Unmarshal(error)),
    };
    print(io, format!("{{\"encrypted\":{encrypted}}}\n").as_bytes())
}
