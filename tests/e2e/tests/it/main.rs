//! End-to-end scenarios, one a file, named for the behaviour.

mod canary_finds_planted_leaks;
mod git_to_cluster;
mod kubeseal_through_cluster;
mod sealed;
mod sealed_secret_api;
mod sealed_secret_foreign_secret;
mod sealed_secret_interoperability;
mod sealed_secret_key_restored;
mod sealed_secret_scopes;
mod shared;
mod tenant;
