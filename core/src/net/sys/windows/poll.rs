//! WSAPoll.

use std::thread;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{SOCKET, WSAPOLLFD, WSAPoll};

use crate::net::sys::PollFd;
use crate::net::sys::errno::{Sys, check};
use crate::net::sys::fd::NO_FD;

/// How many entries have a place on the stack: a socket, the input of a copy, and a waker.
const FEW: usize = 8;

const EMPTY: WSAPOLLFD = WSAPOLLFD { fd: 0, events: 0, revents: 0 };

/// WSAPoll, whose timeout is rounded up to milliseconds; `None` waits without a limit. Returns how many of `fds` are ready.
///
/// Entries without a socket are left out: WSAPoll refuses to wait for such alone.
pub(crate) fn poll(fds: &mut [PollFd], timeout: Option<Duration>) -> Sys<usize> {
    let mut few = [EMPTY; FEW];
    let mut many = Vec::new();
    let entries = if fds.len() <= FEW {
        &mut few[..fds.len()]
    } else {
        many.resize(fds.len(), EMPTY);
        &mut many[..]
    };
    let mut count = 0;
    for fd in fds.iter_mut() {
        fd.revents = 0;
        if fd.fd != NO_FD {
            entries[count] = WSAPOLLFD { fd: fd.fd as SOCKET, events: fd.events, revents: 0 };
            count += 1;
        }
    }
    if count == 0 {
        match timeout {
            Some(timeout) => thread::sleep(timeout),
            None => thread::park(),
        }
        return Ok(0);
    }
    let millis = timeout
        .map_or(-1, |timeout| i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX));
    // SAFETY: the entries are valid for their number.
    let ready = check(unsafe { WSAPoll(entries.as_mut_ptr(), count as u32, millis) })?;
    let waited_for = fds.iter_mut().filter(|fd| fd.fd != NO_FD);
    for (fd, entry) in waited_for.zip(entries.iter()) {
        fd.revents = entry.revents;
    }
    Ok(ready as usize)
}
