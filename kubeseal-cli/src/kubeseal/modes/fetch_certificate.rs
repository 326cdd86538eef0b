//! Printing the certificate as it is.

use crate::Io;
use crate::io::Readers;
use crate::kubeseal::error::Error;
use crate::kubeseal::mode::FetchCertificate;
use crate::kubeseal::output;

/// Copies the bytes of the certificate. It may have expired: looking at it must be possible.
pub(in crate::kubeseal) fn run(mode: &FetchCertificate, io: &mut Io) -> Result<(), Error> {
    let bytes = mode.certificate.fetch(io)?;
    output::write(&bytes, mode.destination.file.as_deref(), Readers::Umask, io)
}
