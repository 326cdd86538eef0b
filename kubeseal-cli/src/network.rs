//! Started only by the runs that need it: a runtime with sockets and timers, and the cryptography
//! for TLS.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Starts a runtime on this thread.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Chooses the TLS library's cryptography. That it was chosen before is fine.
pub(crate) fn install_cryptography() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
