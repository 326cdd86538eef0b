//! Chance that can be repeated: the seed is printed, and a variable sets it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::tell;

/// Where a seed is taken from instead of the clock.
const SEED: &str = "SIGNET_SEED";

/// Random numbers from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Takes the seed from `SIGNET_SEED`, or from the clock, and prints it for the scenario.
    ///
    /// # Panics
    ///
    /// When the variable is not a number.
    pub fn new(scenario: &str) -> Self {
        let seed = match std::env::var(SEED) {
            Ok(text) => text.parse().expect("the seed is a number"),
            Err(_) => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| u64::from(since.subsec_nanos())),
        };
        tell(format_args!("{scenario}: {SEED}={seed}"));
        Self(seed)
    }

    /// Returns a number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    /// Returns a time shorter than a bound.
    pub fn time(&mut self, bound: Duration) -> Duration {
        let milliseconds = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.below(milliseconds))
    }

    /// Returns one of several.
    pub fn one_of<'a, T>(&mut self, choice: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(choice.len()).unwrap_or(1));
        choice.get(usize::try_from(index).unwrap_or_default())
    }
}
