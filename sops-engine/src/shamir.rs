//! Shamir secret sharing of a data key over several key groups.
//!
//! Bytes are elements of GF(2^8) with the polynomial of AES. A share is the bytes of its values
//! followed by the one byte where the polynomials were evaluated.

use rand::CryptoRng;
use secret_bytes::SecretBytes;
use zeroize::Zeroizing;

use crate::DataKey;

/// Shares that cannot be made or combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShamirError {
    /// The threshold is under 2 or over the number of groups, or there are too many groups.
    #[error(
        "the threshold must be at least 2 and at most the number of groups, which is at most 255"
    )]
    Threshold,
    /// Shares differ in length, or are empty.
    #[error("the shares do not belong together")]
    Length,
    /// Two shares are for the same point.
    #[error("two groups hold the same share")]
    Duplicate,
}

/// Splits a data key.
pub(crate) fn split(
    data_key: &DataKey,
    shares: usize,
    threshold: usize,
    rng: &mut impl CryptoRng,
) -> Result<Vec<DataKey>, ShamirError> {
    if threshold < 2 || threshold > shares || shares > 255 {
        return Err(ShamirError::Threshold);
    }
    // EXPOSE: to share it.
    let secret = data_key.expose();
    let mut coefficients = Zeroizing::new(vec![0; secret.len() * (threshold - 1)]);
    rng.fill_bytes(&mut coefficients);
    Ok((1..=shares)
        .filter_map(|point| u8::try_from(point).ok())
        .map(|point| share(secret, &coefficients, threshold, point))
        .collect())
}

/// Evaluates the polynomial of each byte at a point.
fn share(secret: &[u8], coefficients: &[u8], threshold: usize, point: u8) -> DataKey {
    let mut values = Vec::with_capacity(secret.len() + 1);
    for (byte, own) in secret.iter().zip(coefficients.chunks_exact(threshold - 1)) {
        let high = own
            .iter()
            .rev()
            .fold(0, |value, coefficient| multiply(value ^ coefficient, point));
        values.push(high ^ byte);
    }
    values.push(point);
    DataKey::from_unwrapped(SecretBytes::new(values))
}

/// Combines shares into the data key.
pub(crate) fn combine(shares: &[DataKey]) -> Result<DataKey, ShamirError> {
    let mut points = Vec::new();
    let mut values: Vec<&[u8]> = Vec::new();
    for share in shares {
        // EXPOSE: to combine it.
        let (point, share) = share.expose().split_last().ok_or(ShamirError::Length)?;
        if points.contains(point) {
            return Err(ShamirError::Duplicate);
        }
        points.push(*point);
        values.push(share);
    }
    let length = values.first().map_or(0, |value| value.len());
    if length == 0 || values.iter().any(|value| value.len() != length) {
        return Err(ShamirError::Length);
    }
    let mut secret = vec![0; length];
    for (index, (point, share)) in points.iter().zip(&values).enumerate() {
        let others = points
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        // Lagrange's weight at 0.
        let weight = others.fold(1, |weight, (_, other)| {
            multiply(weight, multiply(*other, inverse(other ^ point)))
        });
        for (byte, value) in secret.iter_mut().zip(*share) {
            *byte ^= multiply(*value, weight);
        }
    }
    Ok(DataKey::from_unwrapped(SecretBytes::new(secret)))
}

/// Multiplies without branching on or indexing by its arguments.
fn multiply(left: u8, right: u8) -> u8 {
    let (mut product, mut left) = (0_u8, left);
    for bit in 0..8 {
        product ^= left & 0_u8.wrapping_sub((right >> bit) & 1);
        left = (left << 1) ^ (0x1b & 0_u8.wrapping_sub(left >> 7));
    }
    product
}

/// The power of 254, which is the inverse.
fn inverse(value: u8) -> u8 {
    let mut result = 1;
    let mut square = value;
    for _ in 0..7 {
        square = multiply(square, square);
        result = multiply(result, square);
    }
    result
}

#[cfg(test)]
mod tests;
