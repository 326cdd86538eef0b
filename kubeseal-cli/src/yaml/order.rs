//! The order of mapping keys: digits by their value, letters after everything else.
//!
//! Upstream's order is no total one: `1.5`, `10` and `1e3` come out as they happened to go in.

use serde_json::{Map, Value};

/// Returns the entries of a mapping in the order in which they are written.
///
/// Inserted one by one, because the order is upstream's and need not be a total one, which the
/// sorting of the standard library would not forgive.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = Vec::with_capacity(map.len());
    for (key, value) in map {
        let place = entries
            .iter()
            .rposition(|(before, _)| !precedes(key, before));
        entries.insert(place.map_or(0, |place| place + 1), (key, value));
    }
    entries
}

/// COMPAT: compares as upstream's library does.
pub(super) fn precedes(left: &str, right: &str) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let differing = left
        .iter()
        .zip(&right)
        .position(|(left, right)| left != right);
    let Some(place) = differing else {
        return left.len() < right.len();
    };
    let (before, left) = left.split_at(place);
    let (_, right) = right.split_at(place);
    let (Some(first_left), Some(first_right)) = (left.first(), right.first()) else {
        return left.len() < right.len();
    };
    match (first_left.is_alphabetic(), first_right.is_alphabetic()) {
        (true, true) => first_left < first_right,
        (false, false) => {
            let nonzero_before = (*first_left == '0' || *first_right == '0')
                && before
                    .iter()
                    .rev()
                    .take_while(|c| c.is_numeric())
                    .any(|c| *c != '0');
            let start = i64::from(nonzero_before);
            let (left_number, right_number) = (number(left, start), number(right, start));
            if left_number == right_number {
                first_left < first_right
            } else {
                left_number < right_number
            }
        }
        (_, right_is_letter) => right_is_letter,
    }
}

/// Returns the value of the digits that a text begins with, and how many they are.
fn number(text: &[char], start: i64) -> (i64, usize) {
    let digits = text.iter().map_while(|character| character.to_digit(10));
    digits.fold((start, 0), |(number, length), digit| {
        (
            number.saturating_mul(10).saturating_add(i64::from(digit)),
            length + 1,
        )
    })
}
