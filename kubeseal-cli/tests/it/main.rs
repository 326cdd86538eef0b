//! The command line tools from the outside: run as functions with buffers, and beside the tools
//! whose names they bear.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that is not as expected fails the test"
)]

mod age_key;
mod cluster;
mod every_tool;
mod folder;
mod kubeseal;
mod signet;
mod signet_build;
mod signet_diff;
mod signet_tree;
mod sops;
mod tool;
