//! What the flags mean: one variant per job, with all checks done.

use std::path::PathBuf;

use sealing::Scope;

use super::certificate::CertificateSource;
use super::cluster::Controller;
use super::error::Error;
use super::flags::{self, Flags};
use super::output::{Destination, Format};
use crate::Io;
use crate::kubeconfig::ClusterFlags;

/// One job.
#[derive(Debug)]
pub(super) enum Mode {
    /// Version, help or completions.
    Print {
        text: String,
    },
    RecoveryUnseal(RecoveryUnseal),
    Validate(Validate),
    ReEncrypt(ReEncrypt),
    FetchCertificate(FetchCertificate),
    MergeInto(MergeInto),
    Raw(Raw),
    Seal(Seal),
}

/// Open SealedSecrets with private keys.
#[derive(Debug)]
pub(super) struct RecoveryUnseal {
    pub(super) input: Input,
    pub(super) keys: Vec<PathBuf>,
    pub(super) destination: Destination,
}

/// Ask the controller whether it can open SealedSecrets.
#[derive(Debug)]
pub(super) struct Validate {
    pub(super) input: Input,
    pub(super) controller: Controller,
}

/// Have the controller seal SealedSecrets again.
#[derive(Debug)]
pub(super) struct ReEncrypt {
    pub(super) input: Input,
    pub(super) controller: Controller,
    pub(super) destination: Destination,
}

/// Print the certificate.
#[derive(Debug)]
pub(super) struct FetchCertificate {
    pub(super) certificate: CertificateSource,
    pub(super) destination: Destination,
}

/// Seal into a file that holds a SealedSecret already.
#[derive(Debug)]
pub(super) struct MergeInto {
    pub(super) sealing: Sealing,
    pub(super) target: PathBuf,
    /// None to keep that of the file.
    pub(super) format: Option<Format>,
}

/// Seal one value.
#[derive(Debug)]
pub(super) struct Raw {
    /// None for standard input.
    pub(super) file: Option<PathBuf>,
    pub(super) certificate: CertificateSource,
    pub(super) cluster: ClusterFlags,
    pub(super) scope: Scope,
    pub(super) name: Option<String>,
    pub(super) destination: Destination,
}

/// Seal Secrets.
#[derive(Debug)]
pub(super) struct Seal {
    pub(super) sealing: Sealing,
    pub(super) destination: Destination,
}

/// What all sealing of Secrets needs.
#[derive(Debug)]
pub(super) struct Sealing {
    pub(super) input: Input,
    pub(super) certificate: CertificateSource,
    pub(super) cluster: ClusterFlags,
    pub(super) scope: Scope,
    pub(super) name: Option<String>,
    pub(super) empty_data: EmptyData,
}

/// Whether a Secret without data is taken for a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyData {
    Refuse,
    Accept,
}

/// Where to read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    Stdin,
    File(PathBuf),
}

/// Decides what to do. The order of the checks is upstream's.
pub(super) fn decide(flags: Flags, io: &mut Io) -> Result<Mode, Error> {
    if flags.version {
        let text = format!("kubeseal version: {}\n", env!("CARGO_PKG_VERSION"));
        return Ok(Mode::Print { text });
    }
    if flags.help {
        return Ok(Mode::Print {
            text: flags::help(),
        });
    }
    if let Some(shell) = flags.completion {
        return Ok(Mode::Print {
            text: flags::completion(shell),
        });
    }
    warn(&flags, io);
    if !flags.from_file.is_empty() && !flags.raw {
        return Err(Error::FromFileWithoutRaw);
    }
    let destination = destination(&flags)?;
    let cluster = with_plain_namespace(flags.cluster.clone());
    let controller = Controller {
        name: flags.controller_name.clone(),
        namespace: flags.controller_namespace.clone(),
        cluster: cluster.clone(),
        verbosity: flags.logging.verbosity,
    };
    let input = path(&flags.secret_file).map_or(Input::Stdin, Input::File);
    if flags.recovery_unseal {
        let keys = flags.recovery_private_key;
        return Ok(Mode::RecoveryUnseal(RecoveryUnseal {
            input,
            keys,
            destination,
        }));
    }
    if flags.validate {
        refuse_output_file(&flags, "--validate")?;
        return Ok(Mode::Validate(Validate { input, controller }));
    }
    if is_re_encryption(&flags) {
        return Ok(Mode::ReEncrypt(ReEncrypt {
            input,
            controller,
            destination,
        }));
    }
    let certificate = CertificateSource::new(&flags.cert, controller);
    if flags.fetch_cert {
        return Ok(Mode::FetchCertificate(FetchCertificate {
            certificate,
            destination,
        }));
    }
    if !flags.merge_into.is_empty() {
        refuse_output_file(&flags, "--merge-into")?;
        let format = flags.format.as_deref().map(Format::parse).transpose()?;
        let target = PathBuf::from(&flags.merge_into);
        let sealing = sealing(flags, input, certificate, cluster);
        return Ok(Mode::MergeInto(MergeInto {
            sealing,
            target,
            format,
        }));
    }
    if flags.raw {
        return raw(flags, certificate, cluster, destination).map(Mode::Raw);
    }
    let sealing = sealing(flags, input, certificate, cluster);
    Ok(Mode::Seal(Seal {
        sealing,
        destination,
    }))
}

fn warn(flags: &Flags, io: &mut Io) {
    for positional in &flags.positional {
        let name = positional.to_string_lossy();
        io.note(&format!(
            "warning: argument {name:?} is ignored; files are given with -f"
        ));
    }
    if flags.rotate {
        io.note("Flag --rotate has been deprecated, please use --re-encrypt instead");
    }
    let unused_keys = !flags.recovery_private_key.is_empty() && !flags.recovery_unseal;
    if unused_keys && io.terminals().stderr {
        io.note("warning: --recovery-private-key is ignored without --recovery-unseal");
    }
}

fn is_re_encryption(flags: &Flags) -> bool {
    flags.re_encrypt || flags.rotate
}

fn destination(flags: &Flags) -> Result<Destination, Error> {
    let in_place = is_re_encryption(flags) && !flags.validate && !flags.recovery_unseal;
    let file =
        path(&flags.sealed_secret_file).or_else(|| path(&flags.secret_file).filter(|_| in_place));
    let by_name = file.as_deref().and_then(Format::of_file_name);
    let format = match by_name {
        Some(format) => format,
        None => Format::parse(flags.format.as_deref().unwrap_or_default())?,
    };
    Ok(Destination { file, format })
}

fn refuse_output_file(flags: &Flags, mode: &'static str) -> Result<(), Error> {
    if flags.sealed_secret_file.is_empty() {
        Ok(())
    } else {
        Err(Error::OutputFileUnused { mode })
    }
}

fn sealing(
    flags: Flags,
    input: Input,
    certificate: CertificateSource,
    cluster: ClusterFlags,
) -> Sealing {
    let empty_data = if flags.allow_empty_data {
        EmptyData::Accept
    } else {
        EmptyData::Refuse
    };
    let name = Some(flags.name).filter(|name| !name.is_empty());
    Sealing {
        input,
        certificate,
        cluster,
        scope: flags.scope,
        name,
        empty_data,
    }
}

fn raw(
    flags: Flags,
    certificate: CertificateSource,
    cluster: ClusterFlags,
    destination: Destination,
) -> Result<Raw, Error> {
    let file = match (flags.from_file.as_slice(), path(&flags.secret_file)) {
        ([], file) => file,
        ([_], Some(_)) => return Err(Error::TwoRawSources),
        // The name is for other tools' sake and means nothing here.
        ([file], None) => path(file.split_once('=').map_or(file.as_str(), |(_, file)| file)),
        _ => return Err(Error::SeveralRawFiles),
    };
    let name = Some(flags.name).filter(|name| !name.is_empty());
    Ok(Raw {
        file,
        certificate,
        cluster,
        scope: flags.scope,
        name,
        destination,
    })
}

fn path(text: &str) -> Option<PathBuf> {
    Some(text)
        .filter(|text| !text.is_empty())
        .map(PathBuf::from)
}

/// Takes `ns/x` for `x`, as the flag does elsewhere.
fn with_plain_namespace(mut cluster: ClusterFlags) -> ClusterFlags {
    cluster.namespace = cluster
        .namespace
        .filter(|name| !name.is_empty())
        .map(|name| {
            let plain = ["namespaces/", "namespace/", "ns/"]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix).map(str::to_owned));
            plain.unwrap_or(name)
        });
    cluster
}
