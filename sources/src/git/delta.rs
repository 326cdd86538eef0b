//! Deltas of a pack: an object told as copies from another one plus new bytes.

/// Reads the sizes that a delta states: of its base and of its result, and where its steps begin.
pub(super) fn sizes(delta: &[u8]) -> Result<(u64, u64, &[u8]), &'static str> {
    let (base, rest) = size(delta)?;
    let (result, rest) = size(rest)?;
    Ok((base, result, rest))
}

fn size(bytes: &[u8]) -> Result<(u64, &[u8]), &'static str> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = u32::try_from(index * 7).unwrap_or(u32::MAX);
        if shift >= 63 {
            break;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(index + 1..).unwrap_or_default()));
        }
    }
    Err("a delta's size cannot be read")
}

/// Applies the steps of a delta; the result has exactly `length` bytes.
pub(super) fn apply(base: &[u8], steps: &[u8], length: usize) -> Result<Vec<u8>, &'static str> {
    const LARGEST_COPY: usize = 0x1_0000;
    let mut result = Vec::with_capacity(length);
    let mut rest = steps;
    while let Some((&step, tail)) = rest.split_first() {
        let addition = if step & 0x80 != 0 {
            let (offset, tail) = number(step, 4, tail)?;
            let (size, tail) = number(step >> 4, 3, tail)?;
            rest = tail;
            let size = if size == 0 { LARGEST_COPY } else { size };
            base.get(offset..offset.saturating_add(size))
                .ok_or("a delta copies from beyond its base")?
        } else if step != 0 {
            let (new, tail) = tail
                .split_at_checked(usize::from(step))
                .ok_or("a delta is cut short")?;
            rest = tail;
            new
        } else {
            return Err("a delta holds a reserved step");
        };
        if result.len() + addition.len() > length {
            return Err("a delta makes more than it says");
        }
        result.extend_from_slice(addition);
    }
    if result.len() == length {
        Ok(result)
    } else {
        Err("a delta makes less than it says")
    }
}

/// Reads a little-endian number of which only the bytes marked in `marks` are present.
fn number(marks: u8, bytes_at_most: u32, from: &[u8]) -> Result<(usize, &[u8]), &'static str> {
    let mut value = 0_usize;
    let mut rest = from;
    for index in 0..bytes_at_most {
        if marks & (1 << index) != 0 {
            let (&byte, tail) = rest.split_first().ok_or("a delta is cut short")?;
            value |= usize::from(byte) << (8 * index);
            rest = tail;
        }
    }
    Ok((value, rest))
}

#[cfg(test)]
mod tests;
