//! Sealed Secrets cryptography: sealing keys, scopes, seal and unseal.
