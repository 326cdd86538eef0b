//! Whether a program is statically linked, from its ELF header.

use std::path::PathBuf;

/// How a program finds its libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// It needs none.
    Static,
    /// A loader at this path finds them.
    Dynamic(PathBuf),
}

/// Why a file is no program of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadElf {
    /// The file is no little-endian 64-bit ELF file.
    #[error("not a little-endian 64-bit ELF file")]
    Format,
    /// A header points past the end of the file.
    #[error("truncated ELF file")]
    Truncated,
}

/// The kind of program header that names the loader.
const INTERPRETER: u32 = 3;

/// Returns how the program in `bytes` finds its libraries.
///
/// # Errors
///
/// When the bytes are no ELF file of a kind we build.
pub fn linkage(bytes: &[u8]) -> Result<Linkage, ReadElf> {
    if bytes.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err(ReadElf::Format);
    }
    let table = number::<8>(bytes, 0x20)?;
    let (size, count) = (number::<2>(bytes, 0x36)?, number::<2>(bytes, 0x38)?);
    for index in 0..count {
        let header = table.checked_add(index * size).ok_or(ReadElf::Truncated)?;
        if number::<4>(bytes, header)? != u64::from(INTERPRETER) {
            continue;
        }
        let (start, length) = (
            number::<8>(bytes, header + 8)?,
            number::<8>(bytes, header + 32)?,
        );
        let end = start.checked_add(length).ok_or(ReadElf::Truncated)?;
        let path = usize::try_from(start)
            .ok()
            .zip(usize::try_from(end).ok())
            .and_then(|(start, end)| bytes.get(start..end))
            .ok_or(ReadElf::Truncated)?;
        let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
        let path = std::str::from_utf8(path).map_err(|_| ReadElf::Format)?;
        return Ok(Linkage::Dynamic(PathBuf::from(path)));
    }
    Ok(Linkage::Static)
}

/// Reads a little-endian number of `N` bytes.
fn number<const N: usize>(bytes: &[u8], at: u64) -> Result<u64, ReadElf> {
    let at = usize::try_from(at).map_err(|_| ReadElf::Truncated)?;
    let field = at
        .checked_add(N)
        .and_then(|end| bytes.get(at..end))
        .ok_or(ReadElf::Truncated)?;
    Ok(field
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests;
