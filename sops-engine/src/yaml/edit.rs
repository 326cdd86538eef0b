//! Edits of a text: byte ranges and what stands there afterwards.

use std::ops::Range;

use zeroize::Zeroizing;

/// One replacement.
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) text: Zeroizing<String>,
}

impl Edit {
    pub(crate) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: Zeroizing::new(text.into()),
        }
    }

    pub(crate) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::new(at..at, text)
    }
}

/// Two edits touch the same bytes, or one lies outside the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overlap;

/// Applies all edits in one pass. Every byte outside their ranges stays.
pub(crate) fn splice(text: &str, mut edits: Vec<Edit>) -> Result<Zeroizing<Vec<u8>>, Overlap> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    // Sized at once, so that no copy of plaintext stays behind in a smaller allocation.
    let mut result = Zeroizing::new(Vec::with_capacity(text.len() + grown));
    let mut at = 0;
    for edit in &edits {
        let kept = text.get(at..edit.range.start).ok_or(Overlap)?;
        result.extend_from_slice(kept.as_bytes());
        result.extend_from_slice(edit.text.as_bytes());
        at = edit.range.end.max(at);
    }
    result.extend_from_slice(text.get(at..).ok_or(Overlap)?.as_bytes());
    Ok(result)
}

#[cfg(test)]
mod tests;
