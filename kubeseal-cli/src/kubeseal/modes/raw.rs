//! Sealing one value.

use jiff::Timestamp;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sealing::{Label, Scope};
use secret_bytes::SecretBytes;

use crate::Io;
use crate::io::Readers;
use crate::kubeconfig::{ClientNamespace, client_namespace};
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::Raw;
use crate::kubeseal::output;

/// Seals the value of a file or of standard input, as it is.
pub(in crate::kubeseal) fn run(mode: &Raw, now: Timestamp, io: &mut Io) -> Result<(), Error> {
    let label = label(mode)?;
    let key = mode.certificate.public_key(now, io)?;
    let plaintext = SecretBytes::new(read(mode, io)?);
    let item =
        sealing::seal(&plaintext, &label, &key, &mut UnwrapErr(SysRng)).map_err(|source| {
            Error::Seal {
                key: "value".to_owned(),
                source,
            }
        })?;
    let text = item.to_string();
    output::write(
        text.as_bytes(),
        mode.destination.file.as_deref(),
        Readers::Umask,
        io,
    )
}

fn read(mode: &Raw, io: &mut Io) -> Result<Vec<u8>, Error> {
    let Some(path) = &mode.file else {
        if io.terminals().stdin {
            io.note("(tty detected: expecting a secret to encrypt in stdin)");
        }
        return io
            .read_stdin()
            .map_err(|source| Error::ReadInput { source });
    };
    io.read_file(path).map_err(|cause| Error::ReadFile {
        path: path.clone(),
        cause,
    })
}

fn label(mode: &Raw) -> Result<Label, Error> {
    let scope = mode.scope;
    let namespace = match (scope, client_namespace(&mode.cluster)) {
        (Scope::ClusterWide, _) => String::new(),
        (
            Scope::Strict | Scope::NamespaceWide,
            Ok(Some(ClientNamespace::Given(name) | ClientNamespace::Configured(name))),
        ) => name,
        (Scope::Strict | Scope::NamespaceWide, Ok(None) | Err(_)) => {
            return Err(Error::RawNamespace { scope });
        }
    };
    match (scope, &mode.name) {
        (Scope::Strict, None) => Err(Error::RawName),
        (_, name) => Ok(scope.label(&namespace, name.as_deref().unwrap_or_default())),
    }
}
