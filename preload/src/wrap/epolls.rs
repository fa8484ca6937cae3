//! Waiting by `epoll(7)`.

use std::ffi::c_int;
use std::time::Duration;

use capsock::net::PollKind;
use libc::{epoll_event, sigset_t, timespec};

use super::waits::{MOST, milliseconds, of_milliseconds, of_timespec, with_timespec};
use crate::descriptors::is_active;
use crate::waits::{List, Lists, Part, wait};
use crate::{epolls, process, real};

/// `epoll_ctl(2)`.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn epoll_ctl(
    poller: c_int,
    operation: c_int,
    fd: c_int,
    event: *mut epoll_event,
) -> c_int {
    // SAFETY: the arguments are the caller's; after a success the event was read by the system too.
    unsafe {
        let result = real::epoll_ctl(poller, operation, fd, event);
        if result == 0 && is_active() {
            match operation {
                libc::EPOLL_CTL_DEL => epolls::forget(fd),
                _ if !event.is_null() && process::is_owner() => {
                    let event = event.read_unaligned();
                    epolls::watch(poller, fd, event.events, event.u64);
                }
                _ => {}
            }
        }
        result
    }
}

/// # Safety
/// There is room for the events that the call returns.
#[inline(always)]
unsafe fn on_epoll_wait(
    poller: c_int,
    events: *const epoll_event,
    limit: Option<Duration>,
    mut real: impl FnMut(Part) -> c_int,
) -> c_int {
    const IN: u32 = (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLRDHUP) as u32;
    const OUT: u32 = libc::EPOLLOUT as u32;
    const ENDED: u32 = (libc::EPOLLHUP | libc::EPOLLERR) as u32;
    let whole = Part { limit, is_last: true };
    if !is_active() || limit == Some(Duration::ZERO) || events.is_null() {
        return real(whole);
    }
    let watched = |wanted: u32| {
        let of = epolls::watched(poller).filter(move |(_, events, _)| events & wanted != 0);
        List::of(of.map(|(fd, _, _)| fd))
    };
    let waited = Lists(watched(IN), watched(OUT));
    if !waited.has_socket() {
        return real(whole);
    }
    wait(PollKind::EpollWait, Some(poller), &waited, limit, real, |count| {
        let found = |wanted: u32| {
            let count = usize::try_from(count).unwrap_or(0).min(MOST);
            // SAFETY: the call has written that many.
            let ready = (0..count).map(|index| unsafe { events.add(index).read_unaligned() });
            let ready = ready.filter(move |event| event.events & wanted != 0);
            List::of(ready.filter_map(|event| {
                let data = event.u64;
                epolls::watched(poller).find(|(_, _, of)| *of == data).map(|(fd, _, _)| fd)
            }))
        };
        Lists(found(IN | ENDED), found(OUT))
    })
}

/// `epoll_wait(2)`.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn epoll_wait(
    poller: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        on_epoll_wait(poller, events, of_milliseconds(timeout), |part| {
            real::epoll_wait(poller, events, count, milliseconds(part.limit))
        })
    }
}

/// `epoll_pwait(2)`.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn epoll_pwait(
    poller: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: c_int,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        on_epoll_wait(poller, events, of_milliseconds(timeout), |part| {
            real::epoll_pwait(poller, events, count, milliseconds(part.limit), mask)
        })
    }
}

/// `epoll_pwait2(2)`.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn epoll_pwait2(
    poller: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        let limit = of_timespec(timeout);
        on_epoll_wait(poller, events, limit, |part| {
            with_timespec(&part, limit, timeout, |timeout| {
                real::epoll_pwait2(poller, events, count, timeout, mask)
            })
        })
    }
}
