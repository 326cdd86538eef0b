//! What can go wrong with a source, and which kind of failure it is.

use std::path::PathBuf;

/// A source could not be fetched, stored or read.
///
/// No text holds a credential: URLs are shown without user information, and what a server says is
/// masked first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The URL is none that a Git source may have.
    #[error("{url:?} is not the URL of a Git repository: {reason}")]
    ParseUrl {
        /// The URL without user information.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The semver range cannot be read.
    #[error("{range:?} is not a semver range: {reason}")]
    ParseRange {
        /// What was written.
        range: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A branch, tag, commit or reference name that cannot exist.
    #[error("{reference:?} is not a valid {what}")]
    ParseReference {
        /// Branch, tag, commit or reference name.
        what: &'static str,
        /// What was written.
        reference: String,
    },
    /// The ignore rules cannot be read.
    #[error("the ignore rules hold a pattern that cannot be read: {detail}")]
    ParseIgnore {
        /// The matcher's own words.
        detail: String,
    },
    /// The Secret with the credentials lacks something or holds something unusable.
    #[error("the credentials cannot be used: {reason}")]
    ReadCredentials {
        /// Names the key of the Secret, never its value.
        reason: String,
    },
    /// The server refused the credentials, or asks for some.
    #[error("the server of {url:?} refused the credentials ({answer})")]
    Authenticate {
        /// The URL without user information.
        url: String,
        /// The HTTP status, or what SSH said.
        answer: String,
    },
    /// The SSH server's host key is not the one in `known_hosts`.
    #[error(
        "the host key of {url:?} is not in known_hosts (hint: compare with ssh-keyscan, then update the secret)"
    )]
    VerifyHostKey {
        /// The URL without user information.
        url: String,
    },
    /// The server's TLS certificate is not trusted.
    #[error(
        "the certificate of {url:?} is not trusted: {detail} (hint: put the authority into ca.crt of the secret)"
    )]
    VerifyCertificate {
        /// The URL without user information.
        url: String,
        /// What TLS said.
        detail: String,
    },
    /// The HTTP client could not be built from the given certificates.
    #[error("the TLS settings cannot be used: {detail}")]
    ReadCertificates {
        /// Which part, and what is wrong.
        detail: String,
    },
    /// The server could not be reached, or the connection broke.
    #[error("failed to reach {url:?}: {detail}")]
    Connect {
        /// The URL without user information.
        url: String,
        /// What the connection said.
        detail: String,
    },
    /// The server answered with a failure.
    #[error("{url:?} answered with HTTP status {status}")]
    Answer {
        /// The URL without user information.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server sends the client elsewhere, where the credentials must not go.
    #[error(
        "{url:?} redirects to {target:?}, which must not see the credentials (hint: use that URL in the source)"
    )]
    Redirect {
        /// The URL without user information.
        url: String,
        /// The host it redirects to.
        target: String,
    },
    /// A URL, a redirect or a name leads to where clouds hand a machine its credentials.
    #[error(
        "{host:?} is off limits: no source is fetched from link-local addresses and metadata services"
    )]
    OffLimits {
        /// The host.
        host: String,
    },
    /// The Git protocol failed.
    #[error("failed to {step} at {url:?}: {detail}")]
    Speak {
        /// What was being done.
        step: &'static str,
        /// The URL without user information.
        url: String,
        /// What the protocol said, masked.
        detail: String,
    },
    /// The `ssh` program could not be started.
    #[error("failed to start the system's ssh program for {url:?}")]
    StartSsh {
        /// The URL without user information.
        url: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The repository has no such branch, tag or commit.
    #[error("{url:?} has no {reference}")]
    FindReference {
        /// The URL without user information.
        url: String,
        /// Kind and name, such as `branch "main"`.
        reference: String,
    },
    /// What the server sent is no valid pack.
    #[error("{url:?} sent a pack that cannot be read: {reason}")]
    ReadPack {
        /// The URL without user information.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The source is larger than the limits allow.
    #[error("{what} is {size} bytes or more, larger than the limit of {limit} bytes")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// How large it says it is.
        size: u64,
        /// The bound.
        limit: u64,
    },
    /// The source holds more files, or deeper folders, than the limits allow.
    #[error("the source holds more than {limit} {what}")]
    TooMany {
        /// Files or nested folders.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// A tree holds a name that only a crafted repository has.
    #[error(
        "folder {folder:?} of the repository holds an entry named {name:?}, which {reason}; the repository is refused"
    )]
    HostileTree {
        /// The folder that holds the entry.
        folder: String,
        /// The entry's name.
        name: String,
        /// Why that is refused.
        reason: &'static str,
    },
    /// An archive is unreadable, or holds what an artifact may not hold.
    #[error("the archive cannot be read: {reason}")]
    ReadArchive {
        /// What is wrong.
        reason: String,
    },
    /// An archive does not have the digest it should have.
    #[error("the archive has digest {found} instead of {expected}")]
    VerifyDigest {
        /// The digest it should have.
        expected: String,
        /// The digest it has.
        found: String,
    },
    /// The store on disk failed.
    #[error("failed to {step} {path:?}")]
    Store {
        /// What was being done.
        step: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The time given was not enough.
    #[error("{url:?} did not finish within {seconds} s")]
    Timeout {
        /// The URL without user information.
        url: String,
        /// The time given.
        seconds: u64,
    },
    /// The work was given up because the process is going down, or by a fault of ours.
    #[error("the work was interrupted")]
    Interrupt,
}

/// The kinds of failure that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The URL must be edited.
    UrlInvalid,
    /// The reference or the ignore rules must be edited.
    InvalidReference,
    /// Credentials are missing, unusable or refused.
    AuthenticationFailed,
    /// Git failed; a later try may succeed.
    GitOperationFailed,
    /// The content is hostile or too large; only another commit helps.
    ContentRefused,
    /// An archive of another controller is unreadable or not what it should be.
    ArchiveFailed,
    /// The store on disk failed.
    StorageOperationFailed,
    /// The time given was not enough.
    Timeout,
}

impl SourceError {
    /// Returns which kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ParseUrl { .. } => ErrorKind::UrlInvalid,
            Self::ParseRange { .. } | Self::ParseReference { .. } | Self::ParseIgnore { .. } => {
                ErrorKind::InvalidReference
            }
            Self::ReadCredentials { .. }
            | Self::Authenticate { .. }
            | Self::ReadCertificates { .. } => ErrorKind::AuthenticationFailed,
            Self::VerifyHostKey { .. }
            | Self::VerifyCertificate { .. }
            | Self::Connect { .. }
            | Self::Answer { .. }
            | Self::Redirect { .. }
            | Self::OffLimits { .. }
            | Self::Speak { .. }
            | Self::StartSsh { .. }
            | Self::FindReference { .. }
            | Self::ReadPack { .. }
            | Self::Interrupt => ErrorKind::GitOperationFailed,
            Self::TooLarge { .. } | Self::TooMany { .. } | Self::HostileTree { .. } => {
                ErrorKind::ContentRefused
            }
            Self::ReadArchive { .. } | Self::VerifyDigest { .. } => ErrorKind::ArchiveFailed,
            Self::Store { .. } => ErrorKind::StorageOperationFailed,
            Self::Timeout { .. } => ErrorKind::Timeout,
        }
    }
}
