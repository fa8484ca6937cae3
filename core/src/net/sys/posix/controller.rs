//! The connection of a call that is stepped (`trace`): to the Unix domain socket of whoever lets the calls go.
//!
//! All but [`ControllerAddress::new`] are async-signal-safe. They set errno, as the calls of `recording` do.

use std::ffi::c_int;
use std::path::Path;

use socket2::SockAddr;

use super::recording::{FileNumber, LOWEST};
use crate::net::sys::errno::{Errno, Sys, check};

/// The address of the controller's socket.
#[derive(Debug)]
pub(crate) struct ControllerAddress(SockAddr);

impl ControllerAddress {
    /// EINVAL for a path that no such socket can have.
    pub(crate) fn new(path: &Path) -> Sys<ControllerAddress> {
        SockAddr::unix(path).map(ControllerAddress).map_err(|_| Errno(libc::EINVAL))
    }

    /// socket(2) and connect(2), close-on-exec and above the program's descriptors. It blocks while the controller's backlog
    /// is full.
    pub(crate) fn connect(&self) -> Sys<FileNumber> {
        // SAFETY: the calls take numbers, of a descriptor that is nobody else's.
        let fd = unsafe {
            let low = check(libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | CLOEXEC, 0))?;
            match libc::fcntl(low, libc::F_DUPFD_CLOEXEC, LOWEST) {
                high if high >= 0 => {
                    libc::close(low);
                    high
                }
                _ => low,
            }
        };
        loop {
            // SAFETY: the address is valid for its length.
            match check(unsafe { libc::connect(fd, self.0.as_ptr().cast(), self.0.len()) }) {
                Ok(_) => return Ok(fd),
                Err(Errno(libc::EINTR)) => {}
                Err(errno) => {
                    // SAFETY: the descriptor is nobody else's.
                    unsafe { libc::close(fd) };
                    return Err(errno);
                }
            }
        }
    }
}

/// Darwin has no such flag; the duplicate has it there.
#[cfg(not(target_vendor = "apple"))]
const CLOEXEC: c_int = libc::SOCK_CLOEXEC;
#[cfg(target_vendor = "apple")]
const CLOEXEC: c_int = 0;
