//! Faults that no real server shows on demand: a stand-in before a real server that breaks what
//! passes through it, declared as such wherever it is used.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What becomes of what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the real server answers.
    None,
    /// Every request is answered with 500.
    Error,
    /// Every request is taken and never answered.
    Hang,
}

/// A stand-in before an HTTP server on loopback.
pub struct FaultyLine {
    port: u16,
    fault: Arc<Mutex<State>>,
}

struct State {
    fault: Fault,
    /// Connections that end with the next change.
    open: Vec<TcpStream>,
}

impl FaultyLine {
    /// Stands in for the server at a URL, without a fault at first.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let fault = Arc::new(Mutex::new(State {
            fault: Fault::None,
            open: Vec::new(),
        }));
        let state = Arc::clone(&fault);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (state, target) = (Arc::clone(&state), target.clone());
                thread::spawn(move || {
                    // A client that breaks off is its own concern.
                    let _ = carry(&client, &target, &state);
                });
            }
        });
        Self { port, fault }
    }

    /// Returns the URL of the stand-in.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Shows a fault from now on; open connections end.
    pub fn show(&self, fault: Fault) {
        let mut state = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        state.fault = fault;
        for connection in state.open.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn carry(client: &TcpStream, target: &str, state: &Mutex<State>) -> io::Result<()> {
    let fault = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.push(client.try_clone()?);
        state.fault
    };
    match fault {
        Fault::None => {
            let server = TcpStream::connect(target)?;
            let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
            thread::scope(|scope| {
                scope.spawn(|| copy(from_client, &server));
                copy(from_server, client);
            });
        }
        Fault::Error => {
            let mut client = client;
            let mut head = [0; 8192];
            let _ = client.read(&mut head)?;
            client.write_all(
                b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?;
        }
        Fault::Hang => {
            let mut client = client;
            let mut taken = [0; 8192];
            while client.read(&mut taken)? > 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
    Ok(())
}

fn copy(mut from: TcpStream, mut into: &TcpStream) {
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if into.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), into.shutdown(Shutdown::Both));
}
