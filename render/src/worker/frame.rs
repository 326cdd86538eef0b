//! Messages between us and a worker; the worker's README describes them.

use secret_bytes::SecretBytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::WorkerFailure;

/// The longest header an answer may have. It holds kustomize's error text at most.
const MAX_ANSWER_HEADER: u32 = 1 << 20;

/// A request's header.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Header<'a> {
    /// Keep a tree.
    Put {
        /// The artifact's digest.
        digest: &'a str,
        /// The files in the body.
        files: Vec<Blob<'a>>,
    },
    /// Build a directory.
    Build {
        #[serde(flatten)]
        request: &'a BuildRequest<'a>,
        /// The overlay's files in the body.
        overlay: Vec<Blob<'a>>,
    },
}

/// What to build.
#[derive(Serialize)]
pub(crate) struct BuildRequest<'a> {
    /// The artifact's digest.
    pub(crate) digest: &'a str,
    /// The directory.
    pub(crate) path: &'a str,
    /// Resources of a synthesised kustomization file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resources: Option<&'a [String]>,
    /// What to lay over the directory's own kustomization file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overrides: Option<Value>,
    /// Whether the printed form is wanted as well.
    pub(crate) yaml: bool,
    /// How many bytes the list of objects may have.
    pub(crate) max_output: usize,
}

/// One file of a body.
#[derive(Serialize)]
pub(super) struct Blob<'a> {
    /// The artifact's path.
    pub(super) path: &'a str,
    /// Its size in bytes.
    pub(super) size: usize,
}

/// An answer's header.
#[derive(Deserialize)]
pub(super) struct AnswerHeader {
    pub(super) outcome: Outcome,
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) withheld: bool,
    #[serde(default)]
    pub(super) manifests: usize,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Stored,
    Built,
    Missing,
    Failed,
    TooLarge,
}

/// Writes a message. Nothing here copies the body, which may be plaintext.
pub(super) async fn write<W: AsyncWrite + Unpin>(
    stream: &mut W,
    header: &Header<'_>,
    body: &[&[u8]],
) -> Result<(), WorkerFailure> {
    let header = serde_json::to_vec(header).map_err(|source| WorkerFailure::Answer { source })?;
    let header_length = u32::try_from(header.len()).map_err(|_| WorkerFailure::Protocol)?;
    let body_length: usize = body.iter().map(|part| part.len()).sum();
    let mut head = Vec::with_capacity(12 + header.len());
    head.extend_from_slice(&header_length.to_be_bytes());
    head.extend_from_slice(&(body_length as u64).to_be_bytes());
    head.extend_from_slice(&header);
    let died = |source| WorkerFailure::Died { source };
    stream.write_all(&head).await.map_err(died)?;
    for part in body {
        stream.write_all(part).await.map_err(died)?;
    }
    stream.flush().await.map_err(died)
}

/// Reads an answer with a body of at most `limit` bytes.
pub(super) async fn read<R: AsyncRead + Unpin>(
    stream: &mut R,
    limit: usize,
) -> Result<(AnswerHeader, SecretBytes), WorkerFailure> {
    let died = |source| WorkerFailure::Died { source };
    let header_length = stream.read_u32().await.map_err(died)?;
    let body_length = stream.read_u64().await.map_err(died)?;
    if header_length > MAX_ANSWER_HEADER {
        return Err(WorkerFailure::Protocol);
    }
    let body_length = usize::try_from(body_length)
        .ok()
        .filter(|length| *length <= limit)
        .ok_or(WorkerFailure::OutputTooLarge { limit })?;
    let mut header = vec![0; header_length as usize];
    stream.read_exact(&mut header).await.map_err(died)?;
    let header =
        serde_json::from_slice(&header).map_err(|source| WorkerFailure::Answer { source })?;
    let mut body = vec![0; body_length];
    stream.read_exact(&mut body).await.map_err(died)?;
    Ok((header, SecretBytes::new(body)))
}
