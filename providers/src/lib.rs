//! Backends that wrap keys and hold secrets: KMS, vaults, secret stores.
//!
//! Two traits face the rest of the house. [`SecretsClient`] reads values from a store and is
//! reached through [`StoreClients`], which keeps one client per store, and [`Fetch`], which makes
//! one call per item and sync. `sops_engine::KeyService` wraps data keys and is implemented in
//! [`keys`].
//!
//! A store's credentials come through [`ScopedResolver`], which holds the rules about namespaces.
//! One module per backend: [`vault`](self), `aws`, `kubernetes`, `fake`. Start reading in
//! `connector`, the one place that knows them all.

mod aws;
mod batch;
mod connector;
mod credential_resolver;
mod fake;
mod http;
mod json_value;
pub mod keys;
mod kubernetes;
mod property;
mod secrets_client;
mod secrets_error;
mod store_clients;
mod store_references;
mod trust;
mod vault;

pub use aws::{AwsEndpoints, AwsSession};
pub use batch::{Fetch, Store};
pub use connector::Connector;
pub use credential_resolver::{
    CredentialResolver, KeyReference, ObjectKey, ResolveError, ScopedResolver, StoreScope,
    TokenRequest,
};
pub use secrets_client::{
    Capabilities, Members, MetadataPolicy, Payload, RemoteItem, RemoteRef, SecretsClient,
    Validation,
};
pub use secrets_error::{Cause, SecretsError, StoreError};
pub use store_clients::{StoreClients, StoreClientsOptions, StoreKey, ValidateStore};
pub use store_references::{ReferenceKind, StoreReference, depends_on_consumer, references};
