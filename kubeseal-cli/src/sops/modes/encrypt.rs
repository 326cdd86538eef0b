//! Encrypts a file.

use sops_engine::{DataKey, Encryption, encrypt, wrap_data_key};

use super::super::error::Error;
use super::super::key_service::Services;
use super::super::mode::EncryptMode;
use super::{read, write};
use crate::io::Readers;
use crate::{Environment, Io};

pub(in super::super) fn run(
    mode: &EncryptMode,
    environment: &Environment,
    io: &mut Io,
) -> Result<(), Error> {
    let plain = secret_bytes::SecretBytes::new(read(&mode.input, io)?);
    let mut rng = rand::rng();
    let data_key = DataKey::generate(&mut rng);
    let now = environment.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut encryption = Encryption {
        rule: mode.rule.clone(),
        mac_scope: mode.mac_scope,
        shamir_threshold: mode.threshold,
        groups: Vec::new(),
        last_modified: now.clone(),
        indents: mode.indents,
    };
    // What is wrong with the file shows before any key is asked.
    // EXPOSE: to look at it.
    sops_engine::check_plain(plain.expose(), mode.input.format, mode.output.format)
        .map_err(Error::Encrypt)?;
    let services = Services::for_keys(mode.groups.iter().flatten(), environment)?;
    let wrapped = services.run(wrap_data_key(
        &data_key,
        &mode.groups,
        mode.threshold,
        services.service(),
        &now,
        &mut rng,
    ));
    encryption.groups = wrapped.map_err(Error::Wrap)?;
    if mode.groups.len() > 1 && mode.threshold == 0 {
        encryption.shamir_threshold = mode.groups.len();
    }
    let sealed = encrypt(
        // EXPOSE: to encrypt it.
        plain.expose(),
        mode.input.format,
        mode.output.format,
        &encryption,
        &data_key,
        &mut rng,
    )
    .map_err(Error::Encrypt)?;
    write(&mode.output, &sealed, Readers::Umask, io)
}
