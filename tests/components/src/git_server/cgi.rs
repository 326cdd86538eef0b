//! One run of `git http-backend` per request (RFC 3875).

use std::env;
use std::io::{self, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use super::Shared;
use super::connection::{Answer, Request};
use crate::http::read_headers;

pub(super) fn run(request: &Request, shared: &Shared) -> io::Result<Answer> {
    let mut command = Command::new(&shared.backend);
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", &shared.repositories)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("SERVER_PROTOCOL", "HTTP/1.1")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", percent_decoded(&request.path))
        .env("QUERY_STRING", &request.query)
        .env("CONTENT_LENGTH", request.body.len().to_string());
    if let Some(credentials) = &shared.credentials {
        command.env("REMOTE_USER", &credentials.user);
    }
    for (header, variable) in [
        ("content-type", "CONTENT_TYPE"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
        ("git-protocol", "GIT_PROTOCOL"),
        ("accept-encoding", "HTTP_ACCEPT_ENCODING"),
    ] {
        if let Some(value) = request.header(header) {
            command.env(variable, value);
        }
    }
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut output = Vec::new();
    thread::scope(|scope| {
        // At the same time as reading: the program may answer before it has read everything. It may also refuse to
        // read; its answer then tells why.
        scope.spawn(move || stdin.write_all(&request.body));
        stdout.read_to_end(&mut output)
    })?;
    process.wait()?;
    parse(&output)
}

fn parse(output: &[u8]) -> io::Result<Answer> {
    let mut reader = BufReader::new(output);
    let mut answer = Answer {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    for (name, value) in read_headers(&mut reader)? {
        if name == "status" {
            let code = value.split(' ').next().unwrap_or_default();
            answer.status = code.parse().map_err(io::Error::other)?;
        } else {
            answer.headers.push((name, value));
        }
    }
    reader.read_to_end(&mut answer.body)?;
    Ok(answer)
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
