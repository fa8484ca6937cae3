//! poll(2).

use std::ffi::c_int;
use std::time::Duration;

use crate::net::sys::PollFd;
use crate::net::sys::errno::{Sys, check};

/// poll(2), whose timeout is rounded up to milliseconds; `None` waits without a limit. Returns how many of `fds` are
/// ready.
pub(crate) fn poll(fds: &mut [PollFd], timeout: Option<Duration>) -> Sys<usize> {
    let millis = timeout
        .map_or(-1, |timeout| c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX));
    // SAFETY: the slice is valid for its length.
    let ready = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, millis) };
    check(ready).map(|ready| ready as usize)
}
