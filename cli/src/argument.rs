//! The bytes of an argument.

use std::ffi::OsStr;

use crate::failure::Result;

/// The bytes as they were given.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "that of Windows can fail")]
pub(crate) fn bytes(word: &OsStr) -> Result<&[u8]> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(word))
}

/// The text as UTF-8.
#[cfg(windows)]
pub(crate) fn bytes(word: &OsStr) -> Result<&[u8]> {
    word.to_str().map(str::as_bytes).ok_or_else(|| {
        let word = word.to_string_lossy();
        crate::failure::Failure::usage(format!("could not send '{word}': it is not valid Unicode"))
    })
}
