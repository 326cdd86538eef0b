//! What tests of several modules need.

use futures::FutureExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::metadata::KeyGroup;
use crate::verified::Indents;
use crate::{
    AgeRecipient, DataKey, Encryption, MacScope, MasterKey, RuleKind, SelectionRule, WrappedKey,
};

pub(crate) fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

pub(crate) fn data_key() -> DataKey {
    DataKey::from_unwrapped((0x00..=0x1f).collect::<Vec<u8>>().into())
}

pub(crate) fn encryption() -> Encryption {
    Encryption {
        rule: SelectionRule::default(),
        mac_scope: MacScope::AllValues,
        shamir_threshold: 0,
        groups: vec![KeyGroup {
            keys: vec![WrappedKey {
                key: MasterKey::Age(AgeRecipient {
                    recipient: "age1test".into(),
                }),
                enc: "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n"
                    .into(),
                created_at: String::new(),
            }],
        }],
        last_modified: "2024-01-02T03:04:05Z".into(),
        indents: Indents::default(),
    }
}

pub(crate) fn with_rule(kind: RuleKind, text: &str) -> Encryption {
    Encryption {
        rule: SelectionRule::new(kind, text).expect("a valid rule"),
        ..encryption()
    }
}

/// Runs a future that has nothing to wait for.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing to wait for")
}
