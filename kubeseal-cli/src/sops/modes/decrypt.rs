//! Decrypts a file.

use sops_engine::{EncryptedFile, unwrap_data_key};

use super::super::error::Error;
use super::super::key_service::Services;
use super::super::mode::{DecryptMode, MacCheck};
use super::{read, write};
use crate::io::Readers;
use crate::{Environment, Io};

pub(in super::super) fn run(
    mode: &DecryptMode,
    environment: &Environment,
    io: &mut Io,
) -> Result<(), Error> {
    let bytes = read(&mode.input, io)?;
    let file = EncryptedFile::parse(mode.input.format, &bytes).map_err(Error::Unmarshal)?;
    drop(bytes);
    let groups = &file.metadata().groups;
    let keys = groups.iter().flat_map(|group| &group.keys);
    let services = Services::for_files(keys, environment)?;
    let data_key = services
        .run(unwrap_data_key(
            file.metadata(),
            services.service(),
            &mode.order,
        ))
        .map_err(Error::Unwrap)?;
    let verified = match mode.mac {
        MacCheck::Required => file.decrypt(&data_key),
        MacCheck::Ignored => file
            .decrypt_unverified(&data_key)
            .map(|(verified, _)| verified),
    }
    .map_err(Error::Decrypt)?;
    for warning in verified.warnings() {
        io.note(&format!("[SOPS]\tlevel=warning msg=\"{warning}\""));
    }
    let plain = match &mode.extract {
        Some(path) => verified
            .extract(path, mode.output.format, mode.indents)
            .map_err(|error| match error {
                error @ sops_engine::EmitError::NotFound { .. } => Error::Extract(error),
                error => Error::Emit(error),
            })?,
        None => verified
            .to_bytes_with(mode.output.format, mode.indents)
            .map_err(Error::Emit)?,
    };
    // EXPOSE: the plain file was asked for.
    write(&mode.output, plain.expose(), Readers::Owner, io)
}
