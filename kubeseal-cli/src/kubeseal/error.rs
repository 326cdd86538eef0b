//! Everything that `kubeseal` can say went wrong. All of it exits with 1 but the command line.

use std::io;
use std::path::PathBuf;

use crate::error::Chain;
use crate::{Io, kubeconfig};

/// A failure of `kubeseal`; texts that upstream has too are worded as there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    #[error("{message}")]
    CommandLine { message: String },
    #[error("invalid value in environment variable {name}: {message}")]
    Environment { name: String, message: String },
    #[error("unsupported output format: {name}")]
    OutputFormat { name: String },
    #[error("--from-file requires --raw")]
    FromFileWithoutRaw,
    #[error("must provide only one --from-file when encrypting a single item with --raw")]
    SeveralRawFiles,
    #[error("--secret-file and --from-file cannot be used together")]
    TwoRawSources,
    #[error("--sealed-secret-file cannot be used together with {mode}")]
    OutputFileUnused { mode: &'static str },
    #[error("must provide the --namespace flag with --raw and --scope {scope}")]
    RawNamespace { scope: sealing::Scope },
    #[error("must provide the --name flag with --raw and --scope strict")]
    RawName,

    #[error("Could not read file specified with --secret-file")]
    SecretFile { source: io::Error },
    #[error("open {}: {}", path.display(), reason(cause))]
    ReadFile { path: PathBuf, cause: io::Error },
    #[error("write {}: {}", path.display(), reason(cause))]
    WriteFile { path: PathBuf, cause: io::Error },
    #[error("failed to read standard input")]
    ReadInput { source: io::Error },
    #[error("failed to write standard output")]
    WriteOutput { source: io::Error },

    #[error("input is neither UTF-8 nor UTF-16 text")]
    Encoding,
    #[error("failed to read the input")]
    Yaml { source: manifests::ReadManifests },
    #[error("document {document} is not an object")]
    NotAnObject { document: usize },
    #[error("document {document}: expected kind {expected:?} but found {found:?}")]
    Kind {
        document: usize,
        expected: &'static str,
        found: String,
    },
    #[error("document {document}: field {field:?} has the wrong type")]
    FieldType { document: usize, field: String },
    #[error("document {document}: value of data {key:?} is not Base64")]
    DataBase64 { document: usize, key: String },
    #[error("no secrets found. Ensure the input is valid and UTF-8 encoded")]
    NoSecrets,
    #[error("no sealed secrets found in the input")]
    NoSealedSecrets,
    #[error("expected one sealed secret but found {found}")]
    SeveralTargets { found: usize },

    #[error(
        "secret.data is empty in input Secret, assuming this is an error and aborting. \
         To work with empty data, --allow-empty-data can be used"
    )]
    EmptyData,
    #[error("missing metadata.name in input Secret")]
    MissingName,
    #[error(
        "namespace mismatch: input secret is in namespace {input:?} but {given:?} was specified"
    )]
    NamespaceMismatch { input: String, given: String },
    #[error("secret must declare a namespace")]
    MissingNamespace,
    #[error(
        "scope mismatch: {} has scope {target} but {given} was asked for",
        path.display()
    )]
    ScopeMismatch {
        path: PathBuf,
        target: sealing::Scope,
        given: sealing::Scope,
    },
    #[error("failed to seal item {key:?}")]
    Seal {
        key: String,
        source: sealing::SealError,
    },

    #[error(transparent)]
    Certificate { source: sealing::ReadCertificate },
    #[error(transparent)]
    Expired { source: sealing::Expired },
    #[error("cannot fetch {url:?}: {status}")]
    FetchStatus { url: String, status: String },
    #[error("cannot fetch {url:?}")]
    Fetch { url: String, source: reqwest::Error },

    #[error(transparent)]
    Kubeconfig { source: kubeconfig::Error },
    #[error("{0}, or a certificate with --cert")]
    NoConfiguration(kubeconfig::Error),
    #[error("failed to set up the connection to the cluster")]
    Connect { source: Box<kube::Error> },
    #[error("failed to start networking")]
    Runtime { source: io::Error },
    #[error(
        "cannot get sealed secret service: {cause}.\n\
         hint: name the service of the controller with --controller-name and \
         --controller-namespace"
    )]
    Service { cause: String },
    #[error("cannot fetch certificate: {cause}")]
    FetchCertificate { cause: String },
    #[error("unable to decrypt sealed secret: {name}")]
    ValidateRefused { name: String },
    #[error("cannot validate sealed secret: {cause}")]
    Validate { cause: String },
    #[error("unable to rotate secret")]
    ReEncryptRefused,
    #[error("cannot re-encrypt secret: {cause}")]
    ReEncrypt { cause: String },

    #[error("{}: {reason}", path.display())]
    RecoveryKey { path: PathBuf, reason: String },
    #[error("{0}")]
    Unseal(sealing::ItemFaults),
    #[error("no key could decrypt secret (data)")]
    UnsealLegacy,
    #[error(
        "the sealed secret {name:?} has templates in spec.template.data, which this version cannot \
         render"
    )]
    TemplateData { name: String },
}

impl Error {
    /// Says why the cluster cannot be reached, and what would do without it.
    pub(super) fn of_kubeconfig(source: kubeconfig::Error) -> Self {
        match source {
            kubeconfig::Error::NoConfiguration { .. } => Self::NoConfiguration(source),
            source => Self::Kubeconfig { source },
        }
    }

    /// Says it on standard error.
    pub(super) fn show(&self, io: &mut Io) {
        match self {
            Self::CommandLine { message } => io.note(message.trim_end()),
            error => io.note(&format!("error: {}", Chain(error))),
        }
    }

    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::CommandLine { .. } => 2,
            _ => 1,
        }
    }
}

/// The words for a missing file are those that scripts look for.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
