//! Waiting for several descriptors: poll(2), select(2).

use std::ffi::{c_int, c_short};
use std::time::Duration;

use capsock::net::PollKind;
use libc::{fd_set, nfds_t, pollfd, sigset_t, timespec, timeval};

use crate::descriptors::is_active;
use crate::memory::is_readable;
use crate::real;
use crate::waits::{List, Lists, Part, wait};

/// More entries are no list that a line could have, and are not read.
pub(super) const MOST: usize = 4096;

/// Milliseconds as poll(2) takes them: a negative number is for ever.
pub(super) fn of_milliseconds(timeout: c_int) -> Option<Duration> {
    u64::try_from(timeout).ok().map(Duration::from_millis)
}

/// The reverse, rounded up.
pub(super) fn milliseconds(limit: Option<Duration>) -> c_int {
    let rounded = |limit: Duration| limit.as_nanos().div_ceil(1_000_000);
    limit.map_or(-1, |limit| c_int::try_from(rounded(limit)).unwrap_or(c_int::MAX))
}

/// The limit of a wait: none if nothing is recorded, and 0 for a time that the system refuses, with which the call is made as
/// it is.
fn limit_of<T: Copy>(time: *const T, duration: impl FnOnce(T) -> Option<Duration>) -> Option<Duration> {
    if time.is_null() || !is_active() {
        return None;
    }
    if !is_readable(time, 1) {
        return Some(Duration::ZERO);
    }
    // SAFETY: it can be read.
    Some(duration(unsafe { time.read_unaligned() }).unwrap_or_default())
}

pub(super) fn of_timespec(time: *const timespec) -> Option<Duration> {
    limit_of(time, |time| {
        let nanoseconds = u32::try_from(time.tv_nsec).ok().filter(|rest| *rest < 1_000_000_000)?;
        Some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanoseconds))
    })
}

fn of_timeval(time: *const timeval) -> Option<Duration> {
    limit_of(time, |time| {
        let micros = Duration::from_micros(u64::try_from(time.tv_usec).ok()?);
        Some(Duration::from_secs(u64::try_from(time.tv_sec).ok()?).saturating_add(micros))
    })
}

fn timespec_of(limit: Duration) -> timespec {
    timespec {
        tv_sec: i32::try_from(limit.as_secs()).unwrap_or(i32::MAX).into(),
        tv_nsec: limit.subsec_nanos().into(),
    }
}

/// Makes a call with a timespec, the caller's own if this is the whole wait.
pub(super) fn with_timespec(
    part: &Part,
    limit: Option<Duration>,
    own: *const timespec,
    call: impl FnOnce(*const timespec) -> c_int,
) -> c_int {
    match part.limit {
        Some(_) if part.is_last && part.limit == limit => call(own),
        None => call(std::ptr::null()),
        Some(limit) => {
            let time = timespec_of(limit);
            call(&raw const time)
        }
    }
}

/// # Safety
/// There are `count` entries.
#[inline(always)]
unsafe fn on_poll(
    fds: *const pollfd,
    count: nfds_t,
    limit: Option<Duration>,
    mut real: impl FnMut(Part) -> c_int,
) -> c_int {
    let whole = Part { limit, is_last: true };
    if !is_active() || limit == Some(Duration::ZERO) || count as usize > MOST {
        return real(whole);
    }
    if fds.is_null() || !is_readable(fds, count as usize) {
        return real(whole);
    }
    // SAFETY: by this function's contract.
    let entries = || (0..count as usize).map(|index| unsafe { fds.add(index).read_unaligned() });
    let lists = |input: c_short, output: c_short, of: fn(&pollfd) -> c_short| {
        let list = |events: c_short| {
            List::of(entries().filter(|entry| entry.fd >= 0 && of(entry) & events != 0).map(|entry| entry.fd))
        };
        Lists(list(input), list(output))
    };
    let waited = lists(libc::POLLIN | libc::POLLPRI, libc::POLLOUT, |entry| entry.events);
    if !waited.has_socket() {
        return real(whole);
    }
    let ended = libc::POLLIN | libc::POLLPRI | libc::POLLHUP | libc::POLLERR;
    wait(PollKind::Poll, None, &waited, limit, real, |_| lists(ended, libc::POLLOUT, |entry| entry.revents))
}

/// poll(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn poll(fds: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        on_poll(fds, count, of_milliseconds(timeout), |part| real::poll(fds, count, milliseconds(part.limit)))
    }
}

/// ppoll(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn ppoll(
    fds: *mut pollfd,
    count: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        let limit = of_timespec(timeout);
        on_poll(fds, count, limit, |part| {
            with_timespec(&part, limit, timeout, |timeout| real::ppoll(fds, count, timeout, mask))
        })
    }
}

/// poll(2), which ends the program if there are fewer entries than it says.
///
/// # Safety
/// As that function.
#[cfg(target_env = "gnu")]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn __poll_chk(
    fds: *mut pollfd,
    count: nfds_t,
    timeout: c_int,
    room: usize,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        if room / size_of::<pollfd>() < count as usize {
            return real::__poll_chk(fds, count, timeout, room);
        }
        on_poll(fds, count, of_milliseconds(timeout), |part| {
            real::__poll_chk(fds, count, milliseconds(part.limit), room)
        })
    }
}

/// ppoll(2), which ends the program if there are fewer entries than it says.
///
/// # Safety
/// As that function.
#[cfg(target_env = "gnu")]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn __ppoll_chk(
    fds: *mut pollfd,
    count: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
    room: usize,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        if room / size_of::<pollfd>() < count as usize {
            return real::__ppoll_chk(fds, count, timeout, mask, room);
        }
        let limit = of_timespec(timeout);
        on_poll(fds, count, limit, |part| {
            with_timespec(&part, limit, timeout, |timeout| real::__ppoll_chk(fds, count, timeout, mask, room))
        })
    }
}

/// The three sets of select(2).
#[derive(Clone, Copy)]
struct Sets([*mut fd_set; 3]);

impl Sets {
    fn are_readable(self) -> bool {
        self.0.into_iter().all(|set| set.is_null() || is_readable(set, 1))
    }

    /// Copies of those that are not null.
    ///
    /// # Safety
    /// They are null or sets.
    unsafe fn read(self) -> [Option<fd_set>; 3] {
        // SAFETY: by this function's contract.
        self.0.map(|set| unsafe { set.as_ref() }.copied())
    }

    /// # Safety
    /// As for `read`.
    unsafe fn restore(self, kept: &[Option<fd_set>; 3]) {
        for (set, kept) in self.0.into_iter().zip(kept) {
            // SAFETY: by this function's contract.
            if let (Some(set), Some(kept)) = (unsafe { set.as_mut() }, kept) {
                *set = *kept;
            }
        }
    }

    /// # Safety
    /// As for `read`.
    unsafe fn lists(self, count: c_int) -> Lists {
        let list = |set: *mut fd_set| {
            // SAFETY: by this function's contract.
            List::of((0..count).filter(|fd| !set.is_null() && unsafe { libc::FD_ISSET(*fd, set) }))
        };
        Lists(list(self.0[0]), list(self.0[1]))
    }
}

/// `real` gets the part of the wait. A part whose time is up has cleared the sets.
///
/// # Safety
/// The sets are those of the call.
#[inline(always)]
unsafe fn on_select(
    count: c_int,
    sets: Sets,
    limit: Option<Duration>,
    mut real: impl FnMut(Part) -> c_int,
) -> c_int {
    let whole = Part { limit, is_last: true };
    // Sets of more are longer than their type says.
    if !is_active() || limit == Some(Duration::ZERO) || !(1..=libc::FD_SETSIZE as c_int).contains(&count) {
        return real(whole);
    }
    if !sets.are_readable() {
        return real(whole);
    }
    // SAFETY: by this function's contract.
    unsafe {
        let waited = sets.lists(count);
        if !waited.has_socket() {
            return real(whole);
        }
        let kept = sets.read();
        let part = |part: Part| {
            let is_last = part.is_last;
            let result = real(part);
            if result == 0 && !is_last {
                sets.restore(&kept);
            }
            result
        };
        wait(PollKind::Select, None, &waited, limit, part, |_| sets.lists(count))
    }
}

/// select(2), which leaves in the timeout what is left of it.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn select(
    count: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    except: *mut fd_set,
    timeout: *mut timeval,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        let limit = of_timeval(timeout);
        on_select(count, Sets([read, write, except]), limit, |part| {
            if part.is_last && (part.limit == limit || timeout.is_null()) {
                return real::select(count, read, write, except, timeout);
            }
            let mut time = timeval_of(part.limit.unwrap_or_default());
            let result = real::select(count, read, write, except, &raw mut time);
            if let Some(timeout) = timeout.as_mut() {
                let left = Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
                let later = if part.is_last { Duration::ZERO } else { rest(limit, part.limit) };
                *timeout = timeval_of(left.saturating_add(later));
            }
            result
        })
    }
}

fn rest(whole: Option<Duration>, part: Option<Duration>) -> Duration {
    whole.zip(part).map_or(Duration::ZERO, |(whole, part)| whole.saturating_sub(part))
}

fn timeval_of(limit: Duration) -> timeval {
    timeval {
        tv_sec: i32::try_from(limit.as_secs()).unwrap_or(i32::MAX).into(),
        tv_usec: limit.subsec_micros().into(),
    }
}

/// pselect(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pselect(
    count: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    except: *mut fd_set,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        let limit = of_timespec(timeout);
        on_select(count, Sets([read, write, except]), limit, |part| {
            with_timespec(&part, limit, timeout, |timeout| {
                real::pselect(count, read, write, except, timeout, mask)
            })
        })
    }
}
