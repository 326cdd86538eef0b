//! The runtime of the modes that need the network.

use std::future::Future;

use super::error::Error;
use crate::network;

/// Runs a future to its end on a runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    let runtime = network::runtime().map_err(|source| Error::Runtime { source })?;
    Ok(runtime.block_on(future))
}
