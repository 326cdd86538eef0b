//! Plain files over HTTP or HTTPS: a Helm repository, an archive, anything that a web server would offer.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::http_server::{Answer, HttpServer, Request, ServedRequest, ServerOptions};
use crate::start_error::StartError;
use crate::workspace::Workspace;

/// A running server of the files in its folder. Dropping it stops it and removes the folder.
pub struct FileServer {
    server: HttpServer,
    root: PathBuf,
    #[expect(dead_code, reason = "removes the folder when dropped")]
    workspace: Workspace,
}

impl FileServer {
    /// Starts a server over plain HTTP that lets everyone in.
    ///
    /// # Errors
    /// When a port cannot be opened.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(&ServerOptions::default())
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When a port cannot be opened.
    pub fn start_with(options: &ServerOptions) -> Result<Self, StartError> {
        let workspace = Workspace::new("files")?;
        let root = workspace.folder("root")?;
        let folder = root.clone();
        let handler = Box::new(move |request: &_| answer(request, &folder));
        let server = HttpServer::start("file server", options, handler)?;
        Ok(Self {
            server,
            root,
            workspace,
        })
    }

    /// Returns the server's URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the authority that signed the server's certificate; nothing without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.server.ca_pem()
    }

    /// Returns the folder whose files are served: what is put there is there at once.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file below [`Self::root`] and returns its URL.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put(&self, path: &str, content: &[u8]) -> Result<String, StartError> {
        let file = self.root.join(path);
        file.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&file, content))
            .map_err(|source| StartError::File {
                act: "write",
                path: file.clone(),
                source,
            })?;
        Ok(format!("{}/{path}", self.url()))
    }

    /// Returns the requests answered so far, oldest first.
    pub fn requests(&self) -> Vec<ServedRequest> {
        self.server.requests()
    }

    /// Answers every request with 503 from now on.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Serves again.
    pub fn resume(&self) {
        self.server.resume();
    }
}

fn answer(request: &Request, root: &Path) -> io::Result<Answer> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Ok(Answer::text(405, "only GET and HEAD\n"));
    }
    let path = request.decoded_path();
    let relative = Path::new(path.trim_start_matches('/'));
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let file = root.join(relative);
    if !inside || !file.is_file() {
        return Ok(Answer::text(404, "no such file\n"));
    }
    let body = fs::read(file)?;
    let tag = Sha256::digest(&body)
        .iter()
        .take(8)
        .fold(0, |tag, byte| tag << 8 | u64::from(*byte));
    let tag = format!("\"{tag:016x}\"");
    let mut answer = Answer::text(200, "");
    if request.header("if-none-match") == Some(tag.as_str()) {
        answer.status = 304;
    } else {
        answer.body = body;
    }
    answer.headers = vec![
        (
            "Content-Type".to_owned(),
            "application/octet-stream".to_owned(),
        ),
        ("ETag".to_owned(), tag),
    ];
    Ok(answer)
}

#[cfg(test)]
mod tests;
