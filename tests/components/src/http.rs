//! One request at a time over HTTP/1.1: what the harness needs to ask a component something.
//!
//! It exists so that readiness probes and set-up calls need neither a runtime nor another HTTP stack. Tests of our own
//! programs use the real client of those programs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::start_error::StartError;

/// A server, how to trust it, and what to send with every request.
#[derive(Clone)]
pub struct Endpoint {
    name: &'static str,
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    headers: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body, with any transfer coding removed.
    pub body: Vec<u8>,
}

/// There was no usable answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The connection could not be made or broke.
    #[error("the connection to {address} failed")]
    Connection {
        /// Host and port.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// What came back is not HTTP/1.1.
    #[error("the answer of {address} is not HTTP: {what}")]
    NotHttp {
        /// Host and port.
        address: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Reply {
    /// Returns whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON, or `null` when it is empty or not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Endpoint {
    /// Returns an endpoint on 127.0.0.1; `name` is for messages.
    pub fn local(name: &'static str, port: u16) -> Self {
        Self {
            name,
            host: "127.0.0.1".to_owned(),
            port,
            tls: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn with_tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the base URL, without a slash at its end.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// Sends one request and returns the answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer within 30 seconds or it is not HTTP.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Reply, HttpError> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nAccept: application/json, */*\r\n",
            self.host, self.port
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let (content_type, content) = body.unwrap_or(("", &[]));
        if body.is_some() {
            head.extend(["Content-Type: ", content_type, "\r\n"]);
        }
        head.extend(["Content-Length: ", &content.len().to_string(), "\r\n\r\n"]);
        let mut request = head.into_bytes();
        request.extend_from_slice(content);
        let answer = self
            .exchange(&request)
            .map_err(|source| HttpError::Connection {
                address: format!("{}:{}", self.host, self.port),
                source,
            })?;
        parse(&answer).map_err(|what| HttpError::NotHttp {
            address: format!("{}:{}", self.host, self.port),
            what,
        })
    }

    /// Sends JSON (or nothing) and returns JSON; an answer that is not 2xx is an error.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub fn json(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, StartError> {
        // Server-side apply is the one kind of PATCH that needs no knowledge of the object.
        let content_type = if method == "PATCH" {
            "application/apply-patch+yaml"
        } else {
            "application/json"
        };
        let text = body.map(Value::to_string);
        let reply = self
            .send(
                method,
                path,
                text.as_ref().map(|text| (content_type, text.as_bytes())),
            )
            .map_err(|source| StartError::Request {
                name: self.name,
                source,
            })?;
        if reply.is_success() {
            return Ok(reply.json());
        }
        Err(StartError::Refused {
            name: self.name,
            request: format!("{method} {path}"),
            status: reply.status,
            body: reply.text(),
        })
    }

    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let address = (self.host.as_str(), self.port)
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::other("the host has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_write_timeout(Some(Duration::from_secs(30)))?;
        let Some(config) = &self.tls else {
            stream.write_all(request)?;
            return read_to_end(&mut stream);
        };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connection =
            ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(request)?;
        read_to_end(&mut stream)
    }
}

/// Servers may close TLS without saying so; the parser notices what is missing.
fn read_to_end(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(answer),
    }
}

fn parse(answer: &[u8]) -> Result<Reply, &'static str> {
    let mut reader = BufReader::new(answer);
    let status = status_line(&mut reader)?;
    let mut length = None;
    let mut chunked = false;
    for (name, value) in read_headers(&mut reader).map_err(|_| "its headers cannot be read")? {
        match name.as_str() {
            "content-length" => length = value.parse::<usize>().ok(),
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    if (100..200).contains(&status) {
        return Err("it is only an interim answer");
    }
    let body = if chunked {
        read_chunks(&mut reader).map_err(|_| "its chunks end early")?
    } else {
        let mut body = Vec::new();
        reader
            .read_to_end(&mut body)
            .map_err(|_| "its body cannot be read")?;
        body
    };
    match length {
        Some(length) if body.len() < length && !chunked => Err("its body ends early"),
        _ => Ok(Reply { status, body }),
    }
}

fn status_line(reader: &mut impl BufRead) -> Result<u16, &'static str> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .map_err(|_| "its status line is not text")?;
    let mut words = line.split(' ');
    if !words
        .next()
        .is_some_and(|version| version.starts_with("HTTP/1."))
    {
        return Err("it has no status line");
    }
    words
        .next()
        .and_then(|code| code.trim().parse().ok())
        .ok_or("it has no status code")
}

/// Reads header lines up to the empty one; names are lower case.
pub(crate) fn read_headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Ok(headers);
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

/// Reads a body in chunked transfer coding.
pub(crate) fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = line.trim().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        if size == 0 {
            read_headers(reader)?;
            return Ok(body);
        }
        if reader.take(size).read_to_end(&mut body)? as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.read_line(&mut line)?;
    }
}

#[cfg(test)]
mod tests;
