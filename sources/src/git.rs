//! The Git side: resolve a reference, fetch one commit, turn it into a tree. All in process.
//!
//! A [`Session`] speaks the protocol (blocking, on a thread of its own, bounded in time and bytes)
//! over HTTP with our own client, or over the system's `ssh`. A pack is read in memory and checked
//! object by object before anything is inflated; there is no repository on disk.

mod checkout;
mod delta;
mod http;
mod pack;
mod resolve;
mod session;
mod ssh;

pub(crate) use resolve::Resolved;
pub(crate) use session::{Connect, Session};
