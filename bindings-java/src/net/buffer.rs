//! A buffer for each thread, which carries bytes between a Java array and a system call. An array is not
//! pinned for a call that blocks, since that would block the garbage collector.

use std::cell::RefCell;

use capsock::net::{Errno, WaitError};

use super::numbers::ENOBUFS;

/// The most that one call moves. A longer read is a shorter one, a longer write several.
pub(super) const LIMIT: usize = 128 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Runs `call` with so many bytes of whatever was there before, at most [`LIMIT`].
pub(super) fn with<T>(
    length: usize,
    call: impl FnOnce(&mut [u8]) -> Result<T, WaitError>,
) -> Result<T, WaitError> {
    let length = length.min(LIMIT);
    BUFFER
        .try_with(|buffer| {
            // Nothing here calls Java, which alone could come back.
            let mut buffer = buffer.try_borrow_mut().map_err(|_| Errno(ENOBUFS))?;
            if buffer.len() < length {
                buffer.resize(length, 0);
            }
            call(&mut buffer[..length])
        })
        .unwrap_or(Err(WaitError::Os(Errno(ENOBUFS))))
}
