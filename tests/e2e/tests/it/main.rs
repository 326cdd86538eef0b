//! End-to-end scenarios, one a file, named for the behaviour.

mod canary_finds_planted_leaks;
mod encrypted;
mod external;
mod external_secret_from_vault;
mod external_secret_policies;
mod external_secret_refreshes;
mod external_secret_survives_outage;
mod git_to_cluster;
mod kubeseal_through_cluster;
mod sealed;
mod sealed_secret_api;
mod sealed_secret_foreign_secret;
mod sealed_secret_interoperability;
mod sealed_secret_key_restored;
mod sealed_secret_scopes;
mod shared;
mod sops_age;
mod sops_key_services;
mod sops_refused;
mod tenant;
mod unit_deletion;
mod unit_health;
mod unit_impersonation;
mod unit_order_and_requests;
mod unit_stages;
