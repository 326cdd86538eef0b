//! Free ports on loopback.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::start_error::StartError;

/// Below the range from which the kernel takes the ports of outgoing connections: a busy test would otherwise take a
/// port between choosing and using it.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// Returns a port on 127.0.0.1 that was free a moment ago, a different one at every call.
pub fn free_port() -> Result<u16, StartError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test processes run side by side: each begins somewhere else.
    let offset = process::id().wrapping_mul(397);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + offset.wrapping_add(step) % COUNT;
        let Ok(port) = u16::try_from(port) else {
            continue;
        };
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(StartError::NoPort)
}

/// Runs `start` again with fresh ports when another process was faster.
pub(crate) fn with_free_ports<T>(
    mut start: impl FnMut() -> Result<T, StartError>,
) -> Result<T, StartError> {
    for _ in 0..3 {
        match start() {
            Err(error) if error.is_port_taken() => {}
            other => return other,
        }
    }
    start()
}

#[cfg(test)]
mod tests;
