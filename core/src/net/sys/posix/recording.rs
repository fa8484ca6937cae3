//! The system calls that a recording makes (`trace`): those on its file.
//!
//! All are async-signal-safe, since a forked child records as well. They set errno: a caller that runs beside
//! a recorded call keeps that of the call with [`KeptErrno`](crate::net::sys::KeptErrno).

use std::ffi::{CString, c_int};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::blocked_signals::BlockedSignals;
#[cfg(feature = "preload")]
use crate::net::sys::errno::check;
use crate::net::sys::errno::{Errno, Sys};

/// The lowest descriptor of a recording: the program's own keep the numbers that they have without one.
pub(super) const LOWEST: c_int = 200;

/// The number of an open file: its descriptor.
pub(crate) type FileNumber = RawFd;

/// The file that a descriptor refers to (fstat(2): `st_dev`, `st_ino`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) file: u64,
}

/// open(2) to append, creating the file. Does not wait for the reader of a pipe (ENXIO without one).
/// EINVAL for a path with a NUL.
pub(crate) fn open_to_append(path: &Path) -> Sys<FileNumber> {
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno(libc::EINVAL))?;
    let flags =
        libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
    // SAFETY: the path is NUL-terminated; the other calls take numbers, of a descriptor that is nobody else's.
    unsafe {
        let fd = libc::open(path.as_ptr(), flags, 0o666);
        if fd < 0 {
            return Err(Errno::last());
        }
        libc::fcntl(fd, libc::F_SETFL, libc::O_APPEND);
        match libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, LOWEST) {
            high if high >= 0 => {
                libc::close(fd);
                Ok(high)
            }
            _ => Ok(fd),
        }
    }
}

/// Another descriptor of the file (F_DUPFD_CLOEXEC of fcntl(2)); the old one stays open.
#[cfg(feature = "preload")]
pub(crate) fn duplicate_file(fd: FileNumber) -> Sys<FileNumber> {
    // SAFETY: the call takes numbers.
    check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, LOWEST) })
}

/// fstat(2).
pub(crate) fn file_id(fd: FileNumber) -> Sys<FileId> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the call writes a whole stat if it returns 0.
    unsafe {
        if libc::fstat(fd, stat.as_mut_ptr()) != 0 {
            return Err(Errno::last());
        }
        let stat = stat.assume_init();
        #[allow(clippy::unnecessary_cast, reason = "their types differ between systems")]
        Ok(FileId { device: stat.st_dev as u64, file: stat.st_ino as u64 })
    }
}

/// write(2) of a whole line; a part of one is ENOSPC. Neither a pipe without a reader (SIGPIPE) nor a file at its
/// size limit (SIGXFSZ) raises a signal, whose default action would end the process.
pub(crate) fn write_line(fd: FileNumber, line: &[u8]) -> Sys<()> {
    let blocked = BlockedSignals::new();
    loop {
        // SAFETY: the line is readable for its length.
        let written = unsafe { libc::write(fd, line.as_ptr().cast(), line.len()) };
        match usize::try_from(written) {
            Ok(count) if count == line.len() => return Ok(()),
            Ok(_) => {
                // The rest does not fit; the next process's line begins on its own.
                // SAFETY: one byte.
                unsafe { libc::write(fd, c"\n".as_ptr().cast(), 1) };
                blocked.discard();
                return Err(Errno(libc::ENOSPC));
            }
            Err(_) => match Errno::last() {
                Errno(libc::EINTR) => {}
                errno => {
                    blocked.discard();
                    return Err(errno);
                }
            },
        }
    }
}

/// Writes a message to standard error, with no lock.
pub(crate) fn write_error(message: &[u8]) {
    let _ = write_line(libc::STDERR_FILENO, message);
}

/// close(2).
///
/// # Safety
/// The descriptor is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_file(fd: FileNumber) {
    // SAFETY: by this function's contract.
    let _ = unsafe { super::descriptor::close_number(fd) };
}

/// Whether the program has more privileges than its user, who controls its environment (AT_SECURE of getauxval(3)).
#[cfg(target_os = "linux")]
pub(crate) fn is_privileged() -> bool {
    // SAFETY: the call takes a number.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Whether the program has more privileges than its user, who controls its environment (issetugid(2)).
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_privileged() -> bool {
    // SAFETY: the call takes nothing.
    unsafe { libc::issetugid() != 0 }
}
