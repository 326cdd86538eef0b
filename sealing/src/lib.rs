//! Sealed Secrets cryptography: sealing keys, scopes, seal and unseal.
//!
//! Everything here is byte-compatible with the upstream tools and depends on its arguments only:
//! no clock, no network, no files, no Kubernetes types. The primitives stay private; what is
//! public are whole operations.
//!
//! - [`seal`] makes a [`SealedItem`] that only the holder of a [`SealingKey`] can open, bound to
//!   a [`Label`] that the [`Scope`] of an object determines;
//! - [`unseal`] and [`unseal_items`] open such items with any of several keys;
//! - [`SealingKey`] is one key pair as it stands in a key Secret, [`KeyRing`] is all of them and
//!   knows which one seals.
//!
//! Private operations on keys of 2048 to 8192 bits are done by `aws-lc-rs`, blinded and in
//! constant time. Public operations take their randomness from the caller and use the `rsa`
//! crate: the generator of `aws-lc-rs` needs some twenty milliseconds to collect its first
//! entropy, several times what sealing a whole file may take.
//!
//! ```
//! use sealing::{Scope, SealedItem, SealingKey, seal, unseal};
//! use secret_bytes::SecretBytes;
//! # let tls_key = include_bytes!("../tests/keys/test-key-a.pem");
//! # let tls_crt = include_bytes!("../tests/keys/test-key-a.crt");
//!
//! let key = std::sync::Arc::new(SealingKey::from_pem(tls_key, tls_crt)?);
//! let label = Scope::Strict.label("prod", "db");
//! let certificate = key.certificate().expect("the key Secret holds a certificate");
//! let password = SecretBytes::new(b"hunter2".to_vec());
//! let item = seal(&password, &label, certificate.public_key(), &mut rand::rng())?;
//! assert_eq!(unseal(&item, &label, &[key])?, password);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificate;
mod generate;
mod item;
mod key_ring;
mod label;
mod pem_blocks;
mod private_key;
mod public_key;
mod seal;
mod sealing_key;
mod unseal;

pub use certificate::{Certificate, Expired, ReadCertificate};
pub use generate::{GenerateKey, GenerateOptions, Generated, generate};
pub use item::{Base64Fault, SealedItem};
pub use key_ring::{KeyOrder, KeyRing, ParseKeyOrder, RegisteredKey};
pub use label::{CLUSTER_WIDE_ANNOTATION, Label, NAMESPACE_WIDE_ANNOTATION, ParseScope, Scope};
pub use public_key::{Fingerprint, PublicKey, ReadPublicKey};
pub use seal::{SealError, seal};
pub use sealing_key::{ReadKey, SealingKey, read_private_keys};
pub use unseal::{ItemFault, ItemFaults, UnsealError, unseal, unseal_items};
