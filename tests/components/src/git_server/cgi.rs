//! One run of `git http-backend` per request (RFC 3875).

use std::env;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use crate::http::read_headers;
use crate::http_server::{Answer, Request};

/// The program, and what it serves.
pub(super) struct Backend {
    pub(super) program: PathBuf,
    pub(super) repositories: PathBuf,
    /// Who was let in: with a user, git allows pushing by default.
    pub(super) user: Option<String>,
}

impl Backend {
    pub(super) fn run(&self, request: &Request) -> io::Result<Answer> {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_PROJECT_ROOT", &self.repositories)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GATEWAY_INTERFACE", "CGI/1.1")
            .env("SERVER_PROTOCOL", "HTTP/1.1")
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", request.decoded_path())
            .env("QUERY_STRING", &request.query)
            .env("CONTENT_LENGTH", request.body.len().to_string());
        if let Some(user) = &self.user {
            command.env("REMOTE_USER", user);
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

#[cfg(test)]
mod tests;
