//! Why a run failed, with the messages and exit statuses that scripts know.

use std::io;
use std::path::PathBuf;

use sops_engine::config::ConfigError;
use sops_engine::{
    DecryptError, EmitError, EncryptError, LeafError, MacError, ReadError, SelectionRuleError,
    UnwrapDataKey, WrapDataKey,
};

use super::report;
use crate::Io;
use crate::error::Chain;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{text}")]
    Help { text: String },
    #[error("{message}")]
    CommandLine { usage: String, message: String },
    #[error("{message}")]
    Usage { message: String, status: u8 },
    #[error("Error: cannot operate on non-existent file \"{}\"", path.display())]
    NoSuchFile { path: PathBuf },
    #[error("Failed to read {what:?}")]
    Read {
        what: String,
        #[source]
        source: io::Error,
    },
    #[error("Could not write {what:?}")]
    Write {
        what: String,
        #[source]
        source: io::Error,
    },
    #[error("error loading config {}", path.display())]
    Config {
        path: PathBuf,
        #[source]
        source: ConfigError,
    },
    #[error(transparent)]
    Selection(SelectionRuleError),
    #[error("Could not generate data key: [{}]", Chain(.0))]
    Wrap(WrapDataKey),
    #[error(transparent)]
    Encrypt(EncryptError),
    #[error("Error unmarshalling file")]
    Unmarshal(#[source] ReadError),
    #[error("data key")]
    Unwrap(UnwrapDataKey),
    #[error(transparent)]
    Decrypt(DecryptError),
    #[error("Error dumping file")]
    Emit(#[source] EmitError),
    #[error(transparent)]
    Extract(EmitError),
    #[error("failed to start")]
    Runtime(#[source] io::Error),
}

impl Error {
    pub(super) fn usage(status: u8, message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            status,
        }
    }

    /// Writes the message where scripts look for it.
    pub(super) fn show(&self, io: &mut Io) {
        match self {
            Self::Help { text } => drop(io.write_stdout(text.as_bytes())),
            Self::CommandLine { usage, message } => {
                drop(io.write_stdout(format!("{usage}\n").as_bytes()));
                io.note(message.trim_end());
            }
            Self::Unwrap(error) => io.note(&report::recovery(error)),
            Self::Decrypt(error) => io.note(&decrypt_text(error)),
            Self::Unmarshal(ReadError::Metadata(error)) => io.note(&Chain(error).to_string()),
            error => io.note(&Chain(error).to_string()),
        }
    }

    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Help { .. } => 0,
            Self::CommandLine { .. }
            | Self::Config { .. }
            | Self::Wrap(_)
            | Self::Selection(_)
            | Self::Unmarshal(_)
            | Self::Extract(_)
            | Self::Runtime(_) => 1,
            Self::Usage { status, .. } => *status,
            Self::NoSuchFile { .. } => 100,
            Self::Read { .. } => 2,
            Self::Write { .. } => 3,
            Self::Encrypt(error) => match error {
                EncryptError::Read(_) => 2,
                EncryptError::Empty => 92,
                EncryptError::Reserved => 203,
                EncryptError::ReservedLater { .. } | EncryptError::Emit(_) => 4,
                EncryptError::Seal(_) => 23,
                _ => 1,
            },
            Self::Unwrap(_) => 128,
            Self::Decrypt(error) => match error {
                DecryptError::Mac(_) => 51,
                DecryptError::DataKey(_) => 128,
                _ => 25,
            },
            Self::Emit(_) => 4,
        }
    }
}

fn decrypt_text(error: &DecryptError) -> String {
    match error {
        DecryptError::Leaf(error @ (LeafError::NotText { .. } | LeafError::Open { .. })) => {
            format!("Error decrypting tree: {error}")
        }
        DecryptError::Mac(MacError::Mismatch { file, computed }) => {
            format!("MAC mismatch. File has {file}, computed {computed}")
        }
        DecryptError::Mac(MacError::Missing) => "MAC mismatch. File has no MAC".into(),
        error => Chain(error).to_string(),
    }
}
