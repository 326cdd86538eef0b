//! Backends that wrap keys and hold secrets: KMS, vaults, secret stores.
