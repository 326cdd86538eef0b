//! What a source may cost: bytes, files, depth, fetches at a time (I6).

/// Upper bounds of a fetch; what is larger is refused with an error that names the bound.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that a server may send in one answer.
    pub pack_bytes: u64,
    /// Bytes that all objects of a fetch, or all files of an archive, may unpack to.
    pub unpacked_bytes: u64,
    /// Bytes that one file may have.
    pub file_bytes: u64,
    /// Bytes that a packed artifact may have.
    pub archive_bytes: u64,
    /// Files and folders that an artifact may hold.
    pub files: usize,
    /// Folders that may be nested in each other.
    pub depth: usize,
    /// Fetches that may run at the same time.
    pub concurrent_fetches: usize,
    /// Fetches that may go on besides because their servers are slow.
    pub slow_fetches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MEBIBYTE: u64 = 1024 * 1024;
        Self {
            pack_bytes: 256 * MEBIBYTE,
            unpacked_bytes: 512 * MEBIBYTE,
            file_bytes: 64 * MEBIBYTE,
            archive_bytes: 256 * MEBIBYTE,
            files: 200_000,
            depth: 100,
            concurrent_fetches: 8,
            slow_fetches: 128,
        }
    }
}
