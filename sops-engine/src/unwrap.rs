//! Wraps and unwraps the data key of a file with the master keys of its groups.

use std::fmt;

use rand::CryptoRng;

use crate::key_service::{KeyService, KeyServiceError};
use crate::metadata::{DecryptionOrder, KeyGroup, Metadata};
use crate::shamir::{self, ShamirError};
use crate::{DataKey, MasterKey, WrappedKey};

/// The data key could not be recovered.
#[derive(Debug)]
pub struct UnwrapDataKey {
    threshold: usize,
    recovered: usize,
    groups: Vec<GroupAttempt>,
    combine: Option<ShamirError>,
}

/// What became of one key group.
#[derive(Debug)]
pub enum GroupAttempt {
    /// One of its keys opened its share.
    Opened,
    /// None did.
    Failed(Vec<KeyAttempt>),
}

/// Why one master key did not help.
#[derive(Debug)]
pub struct KeyAttempt {
    /// The identity text of the key.
    pub key: String,
    /// Why.
    pub error: KeyServiceError,
}

impl UnwrapDataKey {
    /// Returns what became of each group.
    pub fn groups(&self) -> &[GroupAttempt] {
        &self.groups
    }

    /// Returns how many groups are needed.
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// Returns how many groups were opened.
    pub fn recovered(&self) -> usize {
        self.recovered
    }

    /// Whether trying again later, with nothing changed, may help.
    pub fn is_transient(&self) -> bool {
        self.groups.iter().any(|group| match group {
            GroupAttempt::Opened => false,
            GroupAttempt::Failed(keys) => keys.iter().any(|key| key.error.is_transient()),
        })
    }
}

impl fmt::Display for UnwrapDataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = &self.combine {
            return write!(
                formatter,
                "the shares of the data key do not combine: {error}"
            );
        }
        formatter.write_str("no master key could unwrap the data key")?;
        let attempts = self.groups.iter().filter_map(|group| match group {
            GroupAttempt::Opened => None,
            GroupAttempt::Failed(keys) => Some(keys),
        });
        for (index, attempt) in attempts.flatten().enumerate() {
            let before = if index == 0 { ": " } else { "; " };
            write!(formatter, "{before}{}", attempt.error)?;
            let mut source = std::error::Error::source(&attempt.error);
            while let Some(cause) = source {
                write!(formatter, ": {cause}")?;
                source = cause.source();
            }
        }
        Ok(())
    }
}

impl std::error::Error for UnwrapDataKey {}

/// Unwraps the data key of a file. The first key of a group that works decides; every group is
/// tried.
///
/// # Errors
///
/// When fewer groups open than the file needs.
pub async fn unwrap_data_key(
    metadata: &Metadata,
    services: &dyn KeyService,
    order: &DecryptionOrder,
) -> Result<DataKey, UnwrapDataKey> {
    let mut groups = Vec::with_capacity(metadata.groups.len());
    let mut shares = Vec::new();
    for group in &metadata.groups {
        let mut failed = Vec::new();
        let mut opened = None;
        for key in order.sorted(group) {
            match services.unwrap(key).await {
                Ok(share) => {
                    opened = Some(share);
                    break;
                }
                Err(error) => failed.push(KeyAttempt {
                    key: key.key.identity(),
                    error,
                }),
            }
        }
        groups.push(match opened {
            Some(share) => {
                shares.push(share);
                GroupAttempt::Opened
            }
            None => GroupAttempt::Failed(failed),
        });
    }
    let several = metadata.groups.len() > 1;
    let threshold = match (several, metadata.shamir_threshold) {
        (false, _) => 1,
        (true, 0) => 2,
        (true, threshold) => threshold,
    };
    let recovered = shares.len();
    let failure = |combine| UnwrapDataKey {
        threshold,
        recovered,
        groups,
        combine,
    };
    if recovered < threshold {
        return Err(failure(None));
    }
    if several {
        return shamir::combine(&shares).map_err(|error| failure(Some(error)));
    }
    shares.pop().ok_or_else(|| failure(None))
}

/// A data key could not be wrapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapDataKey {
    /// A group has no key, or there is no group.
    #[error("empty key group provided")]
    EmptyGroup,
    /// The number of groups or the threshold cannot be.
    #[error("the data key cannot be shared")]
    Share(#[source] ShamirError),
    /// A master key failed.
    #[error("failed to wrap the data key for {key:?}")]
    Key {
        /// The identity text of the key.
        key: String,
        /// Why.
        #[source]
        source: KeyServiceError,
    },
}

/// Wraps a data key for every key of every group; with several groups, one share for each.
/// `threshold` 0 asks for all of them.
///
/// # Errors
///
/// When any key fails: a file that some of its readers cannot open is not written.
pub async fn wrap_data_key(
    data_key: &DataKey,
    groups: &[Vec<MasterKey>],
    threshold: usize,
    services: &dyn KeyService,
    now: &str,
    rng: &mut impl CryptoRng,
) -> Result<Vec<KeyGroup>, WrapDataKey> {
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err(WrapDataKey::EmptyGroup);
    }
    let shares = if groups.len() > 1 {
        let threshold = if threshold == 0 {
            groups.len()
        } else {
            threshold
        };
        shamir::split(data_key, groups.len(), threshold, rng).map_err(WrapDataKey::Share)?
    } else {
        vec![data_key.duplicate()]
    };
    let mut wrapped_groups = Vec::with_capacity(groups.len());
    for (group, share) in groups.iter().zip(&shares) {
        let mut keys = Vec::with_capacity(group.len());
        for key in group {
            let wrapped = services.wrap(key, share).await;
            let enc = wrapped.map_err(|source| WrapDataKey::Key {
                key: key.identity(),
                source,
            })?;
            let created_at = match key {
                MasterKey::Age(_) => String::new(),
                _ => now.to_owned(),
            };
            keys.push(WrappedKey {
                key: key.clone(),
                enc,
                created_at,
            });
        }
        wrapped_groups.push(KeyGroup { keys });
    }
    Ok(wrapped_groups)
}
