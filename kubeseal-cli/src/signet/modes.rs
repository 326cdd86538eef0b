//! One module for each job.

pub(super) mod build;
pub(super) mod diff;
pub(super) mod tree;
