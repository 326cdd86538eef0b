//! One module for each job.

pub(super) mod build;
