//! How much is read and written at once.

/// Bytes for each system call: with so many, the cost of a call does not matter.
pub(crate) const CHUNK: usize = 256 << 10;
