//! End-to-end scenarios, one a file, named for the behaviour.

mod git_to_cluster;
mod shared;
