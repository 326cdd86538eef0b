//! Git over HTTP: gitoxide's smart transport on top of our own HTTP client.
//!
//! Credentials, authorities and limits belong to one connection. The server may redirect the first
//! request (as `git` allows); credentials go along only to the same host and never from TLS to
//! plain text.

use std::any::Any;
use std::io::{self, BufRead, Cursor, Read, Write};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gix_transport::client::blocking_io::http::{GetResponse, Http, PostBodyDataKind, PostResponse};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response, Url};
use secret_bytes::SecretBytes;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::archive::within;
use crate::credentials::Authorization;
use crate::{SourceError, address, http};

const REDIRECTS_AT_MOST: usize = 5;

/// Where an exchange leaves the precise reason of its failure, which the protocol layer flattens.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure(Arc<Mutex<Option<SourceError>>>);

impl Failure {
    /// Keeps the first reason and returns an I/O error to unwind with.
    pub(super) fn record(&self, error: SourceError) -> io::Error {
        let unwound = io::Error::other(error.to_string());
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
        unwound
    }

    pub(super) fn take(&self) -> Option<SourceError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What every exchange of one connection shares.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) authorization: Option<HeaderValue>,
    /// Whether the client shows a certificate to whoever asks for one.
    pub(super) is_certified: bool,
    pub(super) runtime: Handle,
    pub(super) deadline: Instant,
    pub(super) timeout: Duration,
    /// Bytes that one answer may have.
    pub(super) answer_bytes: u64,
    /// The source's URL without user information, for texts.
    pub(super) url: String,
    pub(super) failure: Failure,
}

/// Builds the header that carries the credentials.
pub(super) fn authorization_header(
    authorization: &Authorization,
) -> Result<HeaderValue, SourceError> {
    let text = match authorization {
        Authorization::Basic { username, password } => {
            // EXPOSE: the header is the one place where the password must stand.
            let pair = SecretBytes::new([username.as_bytes(), b":", password.expose()].concat());
            // EXPOSE: as above.
            SecretBytes::from(format!("Basic {}", STANDARD.encode(pair.expose())))
        }
        Authorization::Bearer(token) => {
            // EXPOSE: the header is the one place where the token must stand.
            SecretBytes::new([b"Bearer ", token.expose()].concat())
        }
    };
    // EXPOSE: as above; the value is marked so that it is never printed.
    let mut value =
        HeaderValue::from_bytes(text.expose()).map_err(|_| SourceError::ReadCredentials {
            reason: "the password or token holds a character that no HTTP header may hold"
                .to_owned(),
        })?;
    value.set_sensitive(true);
    Ok(value)
}

/// One repository's HTTP side.
pub(super) struct Connection {
    wire: Wire,
    /// The base that the server redirected to.
    redirected: Option<String>,
}

impl Connection {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            redirected: None,
        }
    }

    /// Asks for a URL, following redirects as far as credentials allow.
    fn advertised(
        &mut self,
        url: &str,
        base: &str,
        headers: &HeaderMap,
    ) -> Result<Response, SourceError> {
        let mut target = parsed(&self.wire, url)?;
        for _ in 0..REDIRECTS_AT_MOST {
            let response =
                self.wire
                    .send(Method::GET, target.clone(), headers.clone(), Vec::new())?;
            if !response.status().is_redirection() {
                let tail = url.strip_prefix(base).unwrap_or_default();
                if target.as_str() != url {
                    self.redirected = target.as_str().strip_suffix(tail).map(str::to_owned);
                }
                return self.wire.accepted(response);
            }
            let next = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            let next = next
                .and_then(|location| target.join(location).ok())
                .ok_or_else(|| SourceError::Answer {
                    url: self.wire.url.clone(),
                    status: response.status().as_u16(),
                })?;
            self.wire.check_redirect(&target, &next)?;
            target = next;
        }
        Err(SourceError::Connect {
            url: self.wire.url.clone(),
            detail: "it redirects too often".to_owned(),
        })
    }
}

impl Wire {
    /// Sends one request within the time that is left.
    fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, SourceError> {
        address::check(&url)?;
        let mut request = self.client.request(method, url).headers(headers);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let answer = self
            .runtime
            .block_on(tokio::time::timeout_at(self.deadline, request.send()));
        answer
            .map_err(|_| self.late())?
            .map_err(|error| http::failed(&self.url, error))
    }

    fn accepted(&self, response: Response) -> Result<Response, SourceError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let url = self.url.clone();
        Err(match status.as_u16() {
            401 | 403 => SourceError::Authenticate {
                url,
                answer: format!("HTTP status {}", status.as_u16()),
            },
            status => SourceError::Answer { url, status },
        })
    }

    /// Refuses to take credentials to another host, or out of TLS.
    fn check_redirect(&self, from: &Url, to: &Url) -> Result<(), SourceError> {
        let is_web = matches!(to.scheme(), "http" | "https");
        let leaves_tls = from.scheme() == "https" && to.scheme() != "https";
        let is_same_host = from.host_str() == to.host_str()
            && (from.port_or_known_default() == to.port_or_known_default()
                || from.scheme() != to.scheme());
        let is_anonymous = self.authorization.is_none() && !self.is_certified;
        if is_web && !leaves_tls && (is_same_host || is_anonymous) {
            return Ok(());
        }
        let target = to.host_str().unwrap_or_default().to_owned();
        Err(SourceError::Redirect {
            url: self.url.clone(),
            target: format!("{}://{target}", to.scheme()),
        })
    }

    fn late(&self) -> SourceError {
        SourceError::Timeout {
            url: self.url.clone(),
            seconds: self.timeout.as_secs(),
        }
    }
}

impl Http for Connection {
    type Headers = Headers;
    type ResponseBody = Body;
    type PostBody = PostBody;

    fn get(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix_error::Result<GetResponse<Headers, Body>> {
        let answer = self.advertised(url, base_url, &header_map(headers));
        let response = answer.map_err(|error| unwound(&self.wire, error))?;
        let exchange = Exchange::shared(
            self.wire.clone(),
            Step::Answered {
                response,
                received: 0,
            },
        );
        let headers = Headers {
            exchange: Arc::clone(&exchange),
            text: None,
        };
        Ok(GetResponse {
            headers,
            body: Body {
                exchange,
                chunk: Bytes::new(),
            },
        })
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix_error::Result<PostResponse<Headers, Body, PostBody>> {
        let url = parsed(&self.wire, url).map_err(|error| unwound(&self.wire, error))?;
        let step = Step::Collecting {
            url,
            headers: header_map(headers),
            body: Vec::new(),
        };
        let exchange = Exchange::shared(self.wire.clone(), step);
        Ok(PostResponse {
            post_body: PostBody(Arc::clone(&exchange)),
            headers: Headers {
                exchange: Arc::clone(&exchange),
                text: None,
            },
            body: Body {
                exchange,
                chunk: Bytes::new(),
            },
        })
    }

    fn configure(&mut self, _config: &dyn Any) -> gix_error::Result {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.redirected.clone()
    }
}

/// One request and its answer; the request goes out when the answer is first asked for.
pub(super) struct Exchange {
    wire: Wire,
    step: Step,
}

enum Step {
    Collecting {
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    },
    Answered {
        response: Response,
        received: u64,
    },
}

impl Exchange {
    fn shared(wire: Wire, step: Step) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { wire, step }))
    }

    /// Returns the answer, sending what was collected when that has not happened yet.
    fn answer(&mut self) -> io::Result<(&Wire, &mut Response, &mut u64)> {
        if let Step::Collecting { url, headers, body } = &mut self.step {
            let (url, headers, body) = (url.clone(), std::mem::take(headers), std::mem::take(body));
            let answer = self.wire.send(Method::POST, url, headers, body);
            let response = answer
                .and_then(|response| self.wire.accepted(response))
                .map_err(|error| self.wire.failure.record(error))?;
            self.step = Step::Answered {
                response,
                received: 0,
            };
        }
        match &mut self.step {
            Step::Answered { response, received } => Ok((&self.wire, response, received)),
            Step::Collecting { .. } => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Returns the next bytes of the answer, empty at its end.
    fn chunk(&mut self) -> io::Result<Bytes> {
        let (wire, response, received) = self.answer()?;
        let chunk = wire
            .runtime
            .block_on(tokio::time::timeout_at(wire.deadline, response.chunk()));
        let chunk = match chunk {
            Err(_) => return Err(wire.failure.record(wire.late())),
            Ok(Err(error)) => return Err(wire.failure.record(http::failed(&wire.url, error))),
            Ok(Ok(chunk)) => chunk.unwrap_or_default(),
        };
        *received += chunk.len() as u64;
        within("the server's answer", *received, wire.answer_bytes)
            .map_err(|error| wire.failure.record(error))?;
        Ok(chunk)
    }
}

/// Collects what is to be sent.
pub(super) struct PostBody(Arc<Mutex<Exchange>>);

impl Write for PostBody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).step {
            Step::Collecting { body, .. } => body.extend_from_slice(bytes),
            Step::Answered { .. } => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The answer's headers, one a line. Reading them sends the request.
pub(super) struct Headers {
    exchange: Arc<Mutex<Exchange>>,
    text: Option<Cursor<Vec<u8>>>,
}

impl Headers {
    fn text(&mut self) -> io::Result<&mut Cursor<Vec<u8>>> {
        let text = if let Some(text) = self.text.take() {
            text
        } else {
            let mut exchange = self.exchange.lock().unwrap_or_else(PoisonError::into_inner);
            let (_, response, _) = exchange.answer()?;
            Cursor::new(header_text(response.headers()))
        };
        Ok(self.text.insert(text))
    }
}

impl Read for Headers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text()?.read(buffer)
    }
}

impl BufRead for Headers {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(text) = &mut self.text {
            text.consume(amount);
        }
    }
}

/// The answer's content as it arrives.
pub(super) struct Body {
    exchange: Arc<Mutex<Exchange>>,
    chunk: Bytes,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() {
            self.chunk = self
                .exchange
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .chunk()?;
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, amount: usize) {
        let _consumed = self.chunk.split_to(amount.min(self.chunk.len()));
    }
}

fn unwound(wire: &Wire, error: SourceError) -> gix_error::Error {
    gix_error::Error::from_error(wire.failure.record(error))
}

fn parsed(wire: &Wire, url: &str) -> Result<Url, SourceError> {
    Url::parse(url).map_err(|error| SourceError::ParseUrl {
        url: wire.url.clone(),
        reason: error.to_string(),
    })
}

/// Reads the `Name: value` lines that the protocol layer asks for.
fn header_map(lines: impl IntoIterator<Item = impl AsRef<str>>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((name, value)) = line.as_ref().split_once(':') else {
            continue;
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_str(name),
            HeaderValue::from_str(value.trim()),
        ) {
            // The client's own name is sent instead of the library's.
            if name != reqwest::header::USER_AGENT {
                headers.insert(name, value);
            }
        }
    }
    headers
}

fn header_text(headers: &HeaderMap) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests;
