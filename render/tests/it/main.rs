//! The render stage with its real worker, beside the real kustomize program.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fixture that is not as expected fails the test"
)]

mod confinement;
mod faults;
mod fixtures;
mod kustomize;
mod overlays;
mod overrides;
mod plain;
mod throughput;
