//! The providers against the real backends: OpenBao, moto and an API server.

#![expect(
    clippy::unwrap_used,
    reason = "functions beside the tests are part of the tests"
)]

mod aws;
mod kms;
mod kubernetes;
mod resolver;
mod transit;
mod vault;
