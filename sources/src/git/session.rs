//! One conversation with a Git server, blocking and bounded in time and bytes.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gix_hash::ObjectId;
use gix_protocol::fetch::{Arguments, Response};
use gix_protocol::handshake::Ref;
use gix_protocol::ls_refs::RefPrefixes;
use gix_protocol::{Command, Handshake, LsRefsCommand};
use gix_transport::client::blocking_io::http::Transport as HttpTransport;
use gix_transport::client::blocking_io::{ExtendedBufRead, ReadlineBufRead, Transport};
use gix_transport::client::git::ConnectMode;
use gix_transport::client::git::blocking_io::Connection as StreamConnection;
use gix_transport::{Protocol, Service};
use gix_utils::progress::Discard;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::checkout::{Commit, checkout};
use super::http::{Connection, Failure, Wire, authorization_header};
use super::pack::{self, Refusal};
use super::resolve::{self, Resolved};
use super::ssh;
use crate::archive::within;
use crate::credentials::Authorization;
use crate::http::Clients;
use crate::location::Scheme;
use crate::reference::Wanted;
use crate::{Credentials, GitUrl, Limits, SourceError, http};

const AGENT: &str = concat!("git/signet-", env!("CARGO_PKG_VERSION"));

/// Everything that a conversation needs beforehand.
#[derive(Clone)]
pub(crate) struct Connect {
    pub(crate) url: GitUrl,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) limits: Limits,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Instant,
    pub(crate) runtime: Handle,
}

/// An open conversation.
pub(crate) struct Session {
    connect: Connect,
    transport: Box<dyn Transport + Send>,
    handshake: Handshake,
    failure: Failure,
    ssh: Option<ssh::Process>,
}

impl Connect {
    /// Opens the conversation.
    pub(crate) fn open(self) -> Result<Session, SourceError> {
        let failure = Failure::default();
        let (transport, ssh) = match self.url.scheme() {
            Scheme::Http => (self.over_http(&failure)?, None),
            Scheme::Ssh => {
                let (transport, process) = self.over_ssh()?;
                (transport, Some(process))
            }
        };
        let mut session = Session {
            connect: self,
            transport,
            handshake: Handshake::default(),
            failure,
            ssh,
        };
        session.handshake = match greet(&mut session.transport) {
            Ok(handshake) => handshake,
            Err(Broken::Limit(error)) => return Err(error),
            Err(Broken::Protocol(detail)) => return Err(session.failed_with("connect", &detail)),
        };
        Ok(session)
    }

    fn over_http(&self, failure: &Failure) -> Result<Box<dyn Transport + Send>, SourceError> {
        let authorization = match &self.credentials.authorization {
            Some(authorization) => Some(authorization_header(authorization)?),
            None => match (self.url.user(), self.url.password()) {
                (Some(username), Some(password)) => {
                    Some(authorization_header(&Authorization::Basic {
                        username: username.to_owned(),
                        password: Arc::clone(password),
                    })?)
                }
                _ => None,
            },
        };
        let wire = Wire {
            client: self.clients.client(&self.credentials)?,
            authorization,
            is_certified: self.credentials.client_certificate.is_some(),
            runtime: self.runtime.clone(),
            deadline: self.deadline,
            timeout: self.timeout,
            answer_bytes: self.answer_bytes(),
            url: self.url.to_string(),
            failure: failure.clone(),
        };
        let url = gix_url::Url::from_bytes(self.url.url().as_str().into()).map_err(|error| {
            SourceError::ParseUrl {
                url: self.url.to_string(),
                reason: error.to_string(),
            }
        })?;
        Ok(Box::new(HttpTransport::new_http(
            Connection::new(wire),
            url,
            Protocol::V2,
            false,
        )))
    }

    fn over_ssh(&self) -> Result<(Box<dyn Transport + Send>, ssh::Process), SourceError> {
        let identity =
            self.credentials
                .ssh
                .as_ref()
                .ok_or_else(|| SourceError::ReadCredentials {
                    reason: "an ssh URL needs a secret with identity and known_hosts".to_owned(),
                })?;
        let (process, output, input) =
            ssh::start(&self.url, identity, self.deadline, &self.runtime)?;
        let output = Budget {
            inner: output,
            left: self.answer_bytes(),
        };
        let path = self.url.remote_path();
        let transport = StreamConnection::new(
            output,
            input,
            Protocol::V2,
            path,
            None::<(String, _)>,
            ConnectMode::Process,
            false,
        );
        Ok((Box::new(transport), process))
    }

    /// What one answer may have: a pack and the protocol around it.
    fn answer_bytes(&self) -> u64 {
        const AROUND: u64 = 1024 * 1024;
        self.limits
            .pack_bytes
            .saturating_add(self.limits.pack_bytes / 8)
            .saturating_add(AROUND)
    }
}

impl Session {
    /// Finds the wanted commit.
    pub(crate) fn resolve(&mut self, wanted: &Wanted) -> Result<Resolved, SourceError> {
        let listed = self.list(resolve::prefixes(wanted))?;
        resolve::choose(&self.connect.url.to_string(), wanted, &listed)
    }

    /// Fetches a commit and returns its files.
    pub(crate) fn fetch(
        mut self,
        resolved: &Resolved,
        ignore: Option<&str>,
    ) -> Result<Commit, SourceError> {
        let pack = match (self.pack(&[resolved.commit], Depth::One), &resolved.tips) {
            (Err(refused @ SourceError::Speak { .. }), Some(tips)) => {
                // A server may give commits by reference only; then the history must hold it.
                tracing::debug!(error = %refused, "the server does not give the commit by its id");
                self = self.connect.clone().open()?;
                let tips = resolve::targets(&self.list(tips.clone())?);
                self.pack(&tips, Depth::All)?
            }
            (pack, _) => pack?,
        };
        let Connect {
            url,
            limits,
            timeout,
            deadline,
            ..
        } = &self.connect;
        let url = url.to_string();
        let is_late = || Instant::now() >= *deadline;
        let objects =
            pack::read(&pack, resolved.commit.kind(), limits, &is_late).map_err(|refusal| {
                match refusal {
                    Refusal::Limit(error) => error,
                    Refusal::Corrupt(reason) => SourceError::ReadPack {
                        url: url.clone(),
                        reason: reason.to_owned(),
                    },
                    Refusal::Late => SourceError::Timeout {
                        url: url.clone(),
                        seconds: timeout.as_secs(),
                    },
                }
            })?;
        drop(pack);
        if objects.get(&resolved.commit).is_none() {
            return Err(SourceError::FindReference {
                url,
                reference: format!("commit {}", resolved.commit),
            });
        }
        checkout(&url, &objects, &resolved.commit, ignore, limits)
    }

    fn list(&mut self, prefixes: Vec<String>) -> Result<Vec<Ref>, SourceError> {
        if let Some(listed) = &self.handshake.refs {
            let is_wanted = |name: &[u8]| {
                prefixes
                    .iter()
                    .any(|prefix| name.starts_with(prefix.as_bytes()))
            };
            return Ok(listed
                .iter()
                .filter(|reference| is_wanted(reference.unpack().0))
                .cloned()
                .collect());
        }
        let mut wanted = RefPrefixes::new();
        wanted.extend(prefixes.into_iter().map(Into::into));
        let command = LsRefsCommand::new(Some(wanted), &self.handshake.capabilities, agent());
        let listed = command.invoke_blocking(&mut self.transport, &mut Discard, false);
        listed.map_err(|error| self.failed("list the references", &error))
    }

    fn pack(&mut self, wants: &[ObjectId], depth: Depth) -> Result<Vec<u8>, SourceError> {
        const STEP: &str = "fetch the commit";
        let complaint = Arc::new(Mutex::new(String::new()));
        let limit = self.connect.limits.pack_bytes;
        match receive(
            &mut self.transport,
            &self.handshake,
            wants,
            depth,
            limit,
            &complaint,
        ) {
            Ok(pack) if pack.is_empty() => {
                let complaint = complaint
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                Err(self.failed_with(STEP, &format!("the server sent nothing {complaint}")))
            }
            Ok(pack) => Ok(pack),
            Err(Broken::Limit(error)) => Err(error),
            Err(Broken::Protocol(detail)) => {
                let complaint = complaint
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                Err(self.failed_with(STEP, &format!("{detail} {complaint}")))
            }
        }
    }

    fn failed(&mut self, step: &'static str, error: &gix_error::Error) -> SourceError {
        let details: Vec<String> = error.iter_errors().map(ToString::to_string).collect();
        self.failed_with(step, &details.join(": "))
    }

    /// Returns the most precise reason there is.
    fn failed_with(&mut self, step: &'static str, detail: &str) -> SourceError {
        const DETAIL_CHARACTERS: usize = 400;
        if let Some(error) = self.failure.take() {
            return error;
        }
        let url = self.connect.url.to_string();
        if Instant::now() >= self.connect.deadline {
            return SourceError::Timeout {
                url,
                seconds: self.connect.timeout.as_secs(),
            };
        }
        let complaint = self
            .ssh
            .as_mut()
            .map(ssh::Process::complaint)
            .unwrap_or_default();
        if let Some(error) = ssh::explained(&url, &complaint) {
            return error;
        }
        let text = self
            .connect
            .credentials
            .masked(&format!("{detail} {complaint}"));
        let detail = text
            .trim()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(DETAIL_CHARACTERS)
            .collect();
        SourceError::Speak { step, url, detail }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The commit alone.
    One,
    /// With its history.
    All,
}

enum Broken {
    Limit(SourceError),
    Protocol(String),
}

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Protocol(http::causes(&error))
    }
}

fn agent() -> gix_protocol::command::Feature {
    ("agent", Some(AGENT.to_owned()))
}

/// Says hello, and reads the references that an old server lists right away.
///
/// The library's own reader of that list gives up the process when a server names a symbolic
/// reference and does not list it.
fn greet(transport: &mut Box<dyn Transport + Send>) -> Result<Handshake, Broken> {
    let answer = transport.handshake(Service::UploadPack, &[])?;
    let refs = match answer.refs {
        Some(mut lines) => Some(advertised(&mut *lines)?),
        None => None,
    };
    Ok(Handshake {
        server_protocol_version: answer.actual_protocol,
        refs,
        v1_shallow_updates: None,
        capabilities: answer.capabilities,
    })
}

/// Reads lines such as `<id> refs/tags/v1`, each followed by `<id> refs/tags/v1^{}` for a tag's commit.
fn advertised(lines: &mut dyn ReadlineBufRead) -> Result<Vec<Ref>, Broken> {
    let mut listed: Vec<Ref> = Vec::new();
    while let Some(line) = lines.readline() {
        let line = line??;
        let Some(text) = line.as_bstr() else { break };
        let unreadable = || Broken::Protocol("the list of references cannot be read".to_owned());
        let text = std::str::from_utf8(text)
            .map_err(|_| unreadable())?
            .trim_end();
        let (id, name) = text.split_once(' ').ok_or_else(unreadable)?;
        if id == "shallow" || name == "capabilities^{}" {
            continue;
        }
        let object = ObjectId::from_hex(id.as_bytes()).map_err(|_| unreadable())?;
        let Some(tagged) = name.strip_suffix("^{}") else {
            listed.push(Ref::Direct {
                full_ref_name: name.into(),
                object,
            });
            continue;
        };
        match listed.pop() {
            Some(Ref::Direct {
                full_ref_name,
                object: tag,
            }) if full_ref_name == tagged => {
                listed.push(Ref::Peeled {
                    full_ref_name,
                    tag,
                    object,
                });
            }
            _ => return Err(unreadable()),
        }
    }
    Ok(listed)
}

/// Asks for commits and reads the pack.
fn receive(
    transport: &mut Box<dyn Transport + Send>,
    handshake: &Handshake,
    wants: &[ObjectId],
    depth: Depth,
    limit: u64,
    complaint: &Arc<Mutex<String>>,
) -> Result<Vec<u8>, Broken> {
    let version = handshake.server_protocol_version;
    let mut features = Command::Fetch.default_features(version, &handshake.capabilities);
    // Naming `deepen-relative` would turn "one commit" into "one more than we have" with old servers.
    features.retain(|(name, _)| {
        !matches!(
            *name,
            "sideband-all" | "packfile-uris" | "wait-for-done" | "deepen-relative"
        )
    });
    features.push(agent());
    let mut arguments = Arguments::new(version, features, false);
    if version == Protocol::V2 {
        arguments.add_feature("no-progress");
    }
    for want in wants {
        arguments.want(want);
    }
    if depth == Depth::One && arguments.can_use_shallow() {
        arguments.deepen(1);
    }
    let mut reader = arguments.send(transport, true)?;
    if version == Protocol::V2 {
        Response::from_line_reader(version, &mut reader, true, false)?;
    } else {
        skip_to_pack(&mut *reader)?;
    }
    let complaint = Arc::clone(complaint);
    reader.set_progress_handler(Some(Box::new(move |is_error, text| {
        if is_error {
            let text = String::from_utf8_lossy(text);
            complaint
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(text.trim());
        }
        ControlFlow::Continue(())
    })));
    let mut pack = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(pack);
        }
        pack.extend_from_slice(buffer.get(..read).unwrap_or_default());
        within("the pack", pack.len() as u64, limit).map_err(Broken::Limit)?;
    }
}

/// Reads the lines that an old server sends before the pack: shallow commits and one `NAK`.
fn skip_to_pack<'a>(reader: &mut (dyn ExtendedBufRead<'a> + Unpin + 'a)) -> Result<(), Broken> {
    const LINES_AT_MOST: usize = 10_000;
    let mut line = String::new();
    for _ in 0..LINES_AT_MOST {
        let is_before_pack = match reader.peek_data_line() {
            None => {
                // The end of a section; the next follows.
                line.clear();
                reader.readline_str(&mut line)?;
                reader.reset(Protocol::V1);
                continue;
            }
            Some(peeked) => {
                let peeked = peeked??;
                [&b"shallow "[..], b"unshallow ", b"NAK", b"ACK "]
                    .iter()
                    .any(|mark| peeked.starts_with(mark))
            }
        };
        if !is_before_pack {
            return Ok(());
        }
        line.clear();
        reader.readline_str(&mut line)?;
    }
    Err(Broken::Protocol(
        "the server does not come to the pack".to_owned(),
    ))
}

/// A reader that ends with an error when it has given enough.
struct Budget<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("the server sent more than an answer may have"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
