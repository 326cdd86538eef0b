//! Started only by the modes that need it: a runtime and the cryptography for TLS.

use std::future::Future;

use super::error::Error;

/// Runs a future to its end on a runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Runtime { source })?;
    Ok(runtime.block_on(future))
}

/// Chooses the TLS library's cryptography. That it was chosen before is fine.
pub(super) fn install_cryptography() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
