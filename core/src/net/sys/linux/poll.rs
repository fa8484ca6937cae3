//! ppoll(2).

use std::ptr;
use std::time::Duration;

use crate::net::sys::PollFd;
use crate::net::sys::errno::{Sys, check};

#[allow(deprecated, reason = "musl's time_t, which a later libc makes 64 bits wide on every processor")]
pub(super) fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: duration.subsec_nanos() as libc::c_long,
    }
}

/// ppoll(2); `None` waits without a limit. Returns how many of `fds` are ready.
pub(crate) fn poll(fds: &mut [PollFd], timeout: Option<Duration>) -> Sys<usize> {
    let limit = timeout.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the slice is valid for its length, and the limit is null or lives until the call returns.
    let ready = unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, limit, ptr::null()) };
    check(ready).map(|ready| ready as usize)
}
