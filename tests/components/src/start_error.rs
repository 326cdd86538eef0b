//! Why a component could not be started, or did not answer as expected.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::component::Component;
use crate::ensure::EnsureError;
use crate::http::HttpError;
use crate::prerequisites::Prerequisite;

/// A component could not be started or used.
///
/// Its `Debug` text is the whole chain in words, log lines included: that is what a failed `expect` shows.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The programs are not there and could not be built.
    #[error("failed to make {component:?} available")]
    Ensure {
        /// The component.
        component: &'static str,
        /// Why.
        source: Box<EnsureError>,
    },
    /// The machine lacks a program that nothing here builds.
    #[error("this machine lacks {missing}; hint: apt-get install {}", missing.debian_package())]
    Missing {
        /// What is missing.
        missing: Prerequisite,
    },
    /// A file or folder of the run could not be written or read.
    #[error("failed to {act} {path:?}")]
    File {
        /// What was tried.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// There can be no network namespace.
    #[error(
        "failed to make a network namespace; hint: it needs root, and the packages util-linux and iproute2"
    )]
    Namespace {
        /// What the programs said.
        source: Box<StartError>,
    },
    /// No free port was found on loopback.
    #[error("no free port on 127.0.0.1")]
    NoPort,
    /// A key or certificate could not be made.
    #[error("failed to make the certificate for {name:?}")]
    Certificate {
        /// Whose.
        name: String,
        /// Why.
        source: rcgen::Error,
    },
    /// The certificates are of no use to the TLS library.
    #[error("failed to set up TLS")]
    Tls {
        /// Why.
        source: rustls::Error,
    },
    /// The program could not be started at all.
    #[error("failed to start {name:?}")]
    Spawn {
        /// The program.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The program ended before it served.
    #[error("{name:?} ended with {status} before it was ready; its log: {log:?}\n{tail}")]
    Ended {
        /// The program.
        name: String,
        /// How it ended.
        status: String,
        /// Its whole log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// The program runs and does not serve.
    #[error("{name:?} is not ready after {} s: {last}; its log: {log:?}\n{tail}", waited.as_secs())]
    NotReady {
        /// The program.
        name: String,
        /// How long was waited.
        waited: Duration,
        /// What the last probe said.
        last: String,
        /// Its whole log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// A request to a component failed before there was an answer.
    #[error("failed to reach {name:?}")]
    Request {
        /// The component.
        name: &'static str,
        /// Why.
        source: HttpError,
    },
    /// A component answered with a refusal.
    #[error("{name:?} answered {status} to {request}: {body}")]
    Refused {
        /// The component.
        name: &'static str,
        /// Method and path.
        request: String,
        /// The status code.
        status: u16,
        /// What it said.
        body: String,
    },
    /// A program that was run to its end failed.
    #[error("{command} ended with {status}: {output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
}

impl fmt::Debug for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StartError {
    /// Returns what `map_err` needs after `ensure(component)`.
    pub(crate) fn ensure(component: Component) -> impl Fn(EnsureError) -> Self {
        move |source| Self::Ensure {
            component: component.name(),
            source: Box::new(source),
        }
    }

    /// Returns whether another process took the port between choosing and using it.
    pub(crate) fn is_port_taken(&self) -> bool {
        match self {
            Self::Ended { tail, .. } => {
                let tail = tail.to_lowercase();
                tail.contains("address already in use") || tail.contains("errno 98")
            }
            Self::File { source, .. } => source.kind() == io::ErrorKind::AddrInUse,
            _ => false,
        }
    }
}
