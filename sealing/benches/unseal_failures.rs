//! How long the opening of sealed items takes that cannot be opened, and of one that can (I5).
//!
//! `cargo bench -p sealing` prints a table and asserts nothing: a timed assertion would fail on a
//! busy machine. Each class of failure is opened as often as the others, in an order drawn anew for
//! each round, so that a drift of the machine's speed falls on all of them. The last column is
//! Welch's t against items sealed for another key; beyond ±4.5 two classes count as told apart.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock, unlike what it measures"
)]

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sealing::{Label, Scope, SealedItem, SealingKey, seal, unseal};
use secret_bytes::SecretBytes;

const ROUNDS: usize = 2_000;

fn main() -> io::Result<()> {
    let key = key(
        include_bytes!("../tests/keys/test-key-a.pem"),
        include_bytes!("../tests/keys/test-key-a.crt"),
    );
    let other = key_b();
    let keys = [Arc::clone(&key)];
    let label = Scope::Strict.label("prod", "db");
    let items = items(&key, &other, &label);
    let mut times = vec![Vec::with_capacity(ROUNDS); items.len()];
    let mut order: Vec<usize> = (0..items.len()).collect();
    let mut rng = StdRng::seed_from_u64(5);
    for round in 0..ROUNDS + ROUNDS / 20 {
        order.shuffle(&mut rng);
        for index in &order {
            let (Some((_, item)), Some(times)) = (items.get(*index), times.get_mut(*index)) else {
                continue;
            };
            let start = Instant::now();
            let opened = unseal(item, &label, &keys);
            let taken = start.elapsed();
            drop(opened);
            // The first rounds warm caches.
            if round >= ROUNDS / 20 {
                times.push(taken.as_secs_f64() * 1e6);
            }
        }
    }
    print(&items, &mut times)
}

fn key(pem: &[u8], certificate: &[u8]) -> Arc<SealingKey> {
    Arc::new(SealingKey::from_pem(pem, certificate).expect("because the test key is one"))
}

fn key_b() -> Arc<SealingKey> {
    key(
        include_bytes!("../tests/keys/test-key-b.pem"),
        include_bytes!("../tests/keys/test-key-b.crt"),
    )
}

/// Returns one item of each class, all of one length where the class allows it.
fn items(key: &SealingKey, other: &SealingKey, label: &Label) -> Vec<(&'static str, SealedItem)> {
    let sealed = |label: &Label, key: &SealingKey| {
        let rng = &mut StdRng::seed_from_u64(1);
        let secret = SecretBytes::new(vec![7; 64]);
        let item = seal(&secret, label, key.public_key(), rng);
        item.expect("because both keys are long enough")
            .as_bytes()
            .to_vec()
    };
    let right = sealed(label, key);
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = right.clone();
        bytes.splice(at..at + with.len(), with.iter().copied());
        bytes
    };
    let last = right.len() - 1;
    let flipped = right.last().map_or(0, |byte| byte ^ 1);
    let classes = [
        ("sealed for another key", sealed(label, other)),
        ("opens", right.clone()),
        (
            "another scope",
            sealed(&Scope::ClusterWide.label("", ""), key),
        ),
        ("changed wrapped key", changed(40, &[0, 1, 2, 3])),
        ("wrapped key of zeros", changed(2, &[0; 256])),
        ("wrapped key above the modulus", changed(2, &[0xff; 256])),
        ("changed tag", changed(last, &[flipped])),
        ("length beyond the end", changed(0, &[0xff, 0xff])),
        ("shorter than its parts", vec![1]),
    ];
    let read = |bytes: Vec<u8>| SealedItem::from_bytes(bytes);
    classes
        .into_iter()
        .map(|(name, bytes)| (name, read(bytes)))
        .collect()
}

fn print(items: &[(&str, SealedItem)], times: &mut [Vec<f64>]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // One in fifty is the scheduler's, not ours.
    for times in times.iter_mut() {
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() * 49 / 50);
    }
    let base = times
        .first()
        .map(|times| moments(times))
        .unwrap_or_default();
    writeln!(
        out,
        "{:<32}{:>12}{:>12}{:>9}",
        "item", "median µs", "mean µs", "t"
    )?;
    for ((name, _), times) in items.iter().zip(times.iter()) {
        let (mean, variance) = moments(times);
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        let t = (mean - base.0) / (variance + base.1).sqrt();
        writeln!(out, "{name:<32}{median:>12.1}{mean:>12.1}{t:>9.1}")?;
    }
    Ok(())
}

/// Returns the mean and the variance of the mean.
fn moments(times: &[f64]) -> (f64, f64) {
    let count = u32::try_from(times.len()).map_or(1.0, f64::from).max(2.0);
    let mean = times.iter().sum::<f64>() / count;
    let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}
