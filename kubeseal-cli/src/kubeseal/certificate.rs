//! Where the certificate to seal with comes from.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reqwest::Url;
use sealing::{Certificate, PublicKey};

use super::cluster::Controller;
use super::error::Error;
use super::network;
use crate::Io;
use crate::network::install_cryptography;

/// A file, a URL or the controller itself.
#[derive(Debug)]
pub(super) enum CertificateSource {
    File(PathBuf),
    Url(Url),
    Controller(Box<Controller>),
}

impl CertificateSource {
    /// Reads the value of `--cert`; the empty one means to ask the controller.
    pub(super) fn new(location: &str, controller: Controller) -> Self {
        if location.is_empty() {
            return Self::Controller(Box::new(controller));
        }
        match Url::parse(location) {
            // A scheme of one letter is a drive.
            Ok(url) if url.scheme().len() > 1 => match (url.scheme(), url.to_file_path()) {
                ("file", Ok(path)) => Self::File(path),
                _ => Self::Url(url),
            },
            _ => Self::File(PathBuf::from(location)),
        }
    }

    /// Returns the bytes of the certificate as they are.
    pub(super) fn fetch(&self, io: &mut Io) -> Result<Vec<u8>, Error> {
        match self {
            Self::File(path) => read(path, io),
            Self::Url(url) => network::block_on(download(url))?,
            Self::Controller(controller) => {
                network::block_on(async { controller.connect(io).await?.certificate().await })?
            }
        }
    }

    /// Returns the key to seal with, unless the certificate has expired.
    pub(super) fn public_key(&self, now: Timestamp, io: &mut Io) -> Result<PublicKey, Error> {
        let text = self.fetch(io)?;
        let certificate =
            Certificate::from_pem(&text).map_err(|source| Error::Certificate { source })?;
        certificate
            .check_expiry(now)
            .map_err(|source| Error::Expired { source })?;
        Ok(certificate.public_key().clone())
    }
}

fn read(path: &Path, io: &Io) -> Result<Vec<u8>, Error> {
    io.read_file(path).map_err(|cause| Error::ReadFile {
        path: path.to_owned(),
        cause,
    })
}

async fn download(url: &Url) -> Result<Vec<u8>, Error> {
    let failed = |source: reqwest::Error| Error::Fetch {
        url: url.to_string(),
        source: source.without_url(),
    };
    install_cryptography();
    let client = reqwest::Client::builder().build().map_err(failed)?;
    let answer = client.get(url.clone()).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        let status = answer.status().to_string();
        return Err(Error::FetchStatus {
            url: url.to_string(),
            status,
        });
    }
    Ok(answer.bytes().await.map_err(failed)?.to_vec())
}

#[cfg(test)]
mod tests;
