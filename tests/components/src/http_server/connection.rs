//! HTTP/1.1 on one connection: requests in, answers out, until the client goes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Credentials, ServedRequest, Shared};
use crate::http::{read_chunks, read_headers};

/// A request with its whole body: repositories of tests are small.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer with its whole body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Request {
    /// Returns the path without its percent-encoding.
    pub(crate) fn decoded_path(&self) -> String {
        percent_decoded(&self.path)
    }
}

impl Answer {
    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
            body: text.as_bytes().to_vec(),
        }
    }
}

pub(super) fn serve<S: Read + Write>(mut stream: BufReader<S>, shared: &Shared) -> io::Result<()> {
    while let Some(request) = read_request(&mut stream)? {
        if shared.stopping.load(Ordering::SeqCst) {
            return Ok(());
        }
        let answer = answer(&request, shared);
        let target = if request.query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, request.query)
        };
        // Before the answer goes out: who has it finds the request in the list.
        shared
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(ServedRequest {
                method: request.method.clone(),
                target,
                status: answer.status,
            });
        write_answer(stream.get_mut(), &request, &answer)?;
        if request
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
        {
            return Ok(());
        }
    }
    Ok(())
}

fn answer(request: &Request, shared: &Shared) -> Answer {
    if shared.paused.load(Ordering::SeqCst) {
        return Answer::text(503, "the server is paused\n");
    }
    if let Some(credentials) = &shared.credentials
        && !is_let_in(request, credentials)
    {
        let mut refusal = Answer::text(401, "who are you?\n");
        let challenge = "Basic realm=\"test\", charset=\"UTF-8\"".to_owned();
        refusal
            .headers
            .push(("WWW-Authenticate".to_owned(), challenge));
        return refusal;
    }
    (shared.handler)(request).unwrap_or_else(|error| Answer::text(500, &format!("{error}\n")))
}

fn is_let_in(request: &Request, credentials: &Credentials) -> bool {
    let wanted = STANDARD.encode(format!("{}:{}", credentials.user, credentials.password));
    request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
        == Some(wanted.as_str())
}

fn read_request<S: Read + Write>(stream: &mut BufReader<S>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = read_headers(stream)?;
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
    };
    if request.header("expect").is_some() {
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        stream.get_mut().flush()?;
    }
    if request.header("transfer-encoding").is_some() {
        request.body = read_chunks(stream)?;
    } else if let Some(length) = request.header("content-length") {
        let length: u64 = length.parse().map_err(io::Error::other)?;
        let mut body = Vec::new();
        if stream.take(length).read_to_end(&mut body)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.body = body;
    }
    Ok(Some(request))
}

fn write_answer(stream: &mut impl Write, request: &Request, answer: &Answer) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend([
        "Content-Length: ",
        &answer.body.len().to_string(),
        "\r\n\r\n",
    ]);
    let mut bytes = head.into_bytes();
    if request.method != "HEAD" {
        bytes.extend_from_slice(&answer.body);
    }
    stream.write_all(&bytes)?;
    stream.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        403 => "Forbidden",
        304 => "Not Modified",
        404 => "Not Found",
        405 => "Method Not Allowed",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let hex = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let code = hex(rest.next())
            .zip(hex(rest.next()))
            .map(|(high, low)| high * 16 + low);
        // A path that is not percent-encoded as it should be names no repository.
        bytes.push(
            code.and_then(|code| u8::try_from(code).ok())
                .unwrap_or(b'%'),
        );
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
