//! File descriptors.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd};

use capsock::{Error, Result};

use super::types::Use;

pub(crate) use std::os::fd::OwnedFd as Owned;

pub(crate) fn borrow(descriptor: &Owned) -> BorrowedFd<'_> {
    descriptor.as_fd()
}

/// A duplicate of the caller's descriptor, so that nothing the caller does with theirs meanwhile can
/// make it another file. It shares the file, its position and its modes.
///
/// One that is open for the other direction only is refused: waiting for what can never come has no
/// end.
pub(crate) fn duplicate(descriptor: c_int, name: &str, for_use: Use) -> Result<Owned> {
    let refused = |why: &str| {
        Err(Error::invalid(
            format!("use the argument '{name}'"),
            format!("the descriptor {descriptor} {why}"),
        ))
    };
    // SAFETY: fcntl(2) takes any number, and reports EBADF for one that is no descriptor.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) };
    if copy < 0 {
        return match io::Error::last_os_error().raw_os_error() {
            None | Some(libc::EBADF) => refused("is not open"),
            Some(errno) => Err(Error::os(errno, format!("duplicate the descriptor {descriptor}"))),
        };
    }
    // SAFETY: new, open, and nobody else's.
    let copy = unsafe { Owned::from_raw_fd(copy) };
    // SAFETY: open; the call reads its modes.
    let mode = unsafe { libc::fcntl(copy.as_raw_fd(), libc::F_GETFL) } & libc::O_ACCMODE;
    match (for_use, mode) {
        (Use::Reading, libc::O_WRONLY) => refused("is open for writing only"),
        (Use::Writing, libc::O_RDONLY) => refused("is open for reading only"),
        _ => Ok(copy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_that_cannot_be_used_are_refused() {
        let (reader, writer) = io::pipe().expect("a pipe");
        let cases = [
            (-1, Use::Reading, false),
            (c_int::MIN, Use::Writing, false),
            (c_int::MAX, Use::Reading, false),
            (reader.as_raw_fd(), Use::Reading, true),
            (reader.as_raw_fd(), Use::Writing, false),
            (writer.as_raw_fd(), Use::Writing, true),
            (writer.as_raw_fd(), Use::Reading, false),
        ];
        for (number, for_use, usable) in cases {
            let kind = duplicate(number, "input", for_use).map_err(|error| error.kind()).err();
            assert_eq!(
                kind,
                (!usable).then_some(capsock::ErrorKind::InvalidArgument),
                "{number} {for_use:?}"
            );
        }
    }
}
