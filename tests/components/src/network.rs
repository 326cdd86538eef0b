//! A network namespace of its own, for what must not be on a loopback address.
//!
//! The API server refuses loopback addresses in Endpoints, so whatever it shall reach through its service proxy needs
//! another address. In a namespace of its own that costs the machine nothing: 192.0.2.1 (reserved for documentation)
//! is one more address of that namespace's loopback device. A process holds the namespace, and no name is made for
//! it, so it goes when the process goes, however that ends.
//!
//! From outside, [`Relay`] makes a port of the namespace's 127.0.0.1 appear as the same port outside: one kubeconfig
//! serves both sides.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::child::{Child, Launch};
use crate::start_error::StartError;

/// Where the programs of a control plane run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// On the machine's loopback, as everything else.
    #[default]
    Loopback,
    /// In a network namespace of their own, with the address 192.0.2.1. Needs root.
    Namespace,
}

/// A network namespace, held by a sleeping process.
pub(crate) struct NetworkNamespace {
    holder: Child,
}

/// A port of the namespace's loopback, made to appear outside. Dropping it closes the port.
pub struct Relay {
    port: u16,
    stopping: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl NetworkNamespace {
    /// The address that is not a loopback address.
    pub(crate) const ADDRESS: &'static str = "192.0.2.1";

    pub(crate) fn create() -> Result<Self, StartError> {
        let script = format!(
            "ip link set lo up && ip address add {}/32 dev lo && echo ready && exec sleep infinity",
            Self::ADDRESS
        );
        let namespace_error = |source| StartError::Namespace {
            source: Box::new(source),
        };
        let holder = Launch::new("namespace", "unshare")
            .arguments(["--net", "--", "sh", "-c", &script])
            .start()
            .map_err(namespace_error)?;
        holder
            .wait_until_ready(Duration::from_secs(10), || {
                let log = holder.log();
                if log.contains("ready") {
                    Ok(())
                } else {
                    Err(log)
                }
            })
            .map_err(namespace_error)?;
        Ok(Self { holder })
    }

    /// Returns the words that start the program after them inside.
    pub(crate) fn entry(&self) -> Vec<OsString> {
        vec![
            "nsenter".into(),
            format!("--net={}", self.path().display()).into(),
            "--".into(),
        ]
    }

    /// Opens `port` of 127.0.0.1 outside, and forwards it to the same port inside.
    pub(crate) fn relay(&self, port: u16) -> Result<Relay, StartError> {
        let path = self.path();
        let file_error = |source| StartError::File {
            act: "enter",
            path: path.clone(),
            source,
        };
        let namespace = Arc::new(File::open(&path).map_err(file_error)?);
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(file_error)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let acceptor = thread::spawn({
            let stopping = Arc::clone(&stopping);
            move || {
                for outside in listener.incoming() {
                    if stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(outside) = outside else { continue };
                    let namespace = Arc::clone(&namespace);
                    // A connection that breaks is its two ends' concern.
                    thread::spawn(move || forward(&outside, &namespace, port));
                }
            }
        });
        Ok(Relay {
            port,
            stopping,
            acceptor: Some(acceptor),
        })
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.holder.id()))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it shall stop.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(acceptor) = self.acceptor.take() {
            // It holds nothing that a panic could leave half done.
            let _ = acceptor.join();
        }
    }
}

/// Carries bytes both ways until one side ends. The thread is moved into the namespace for good, and ends with the
/// connection; a socket stays where it was made.
fn forward(outside: &TcpStream, namespace: &File, port: u16) -> io::Result<()> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
    let inside = TcpStream::connect(("127.0.0.1", port))?;
    outside.set_nodelay(true)?;
    inside.set_nodelay(true)?;
    thread::scope(|scope| {
        scope.spawn(|| carry(outside, &inside));
        carry(&inside, outside)
    })
}

fn carry(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let carried = io::copy(&mut from, &mut to).and_then(|_| to.flush());
    // The other direction may still have something to say, unless this one broke.
    let _ = to.shutdown(if carried.is_ok() {
        Shutdown::Write
    } else {
        Shutdown::Both
    });
    carried
}
