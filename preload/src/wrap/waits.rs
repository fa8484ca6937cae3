//! Waiting for descriptors: a wait for a few sockets is part of the call that follows it (`capsock::trace`).

use std::ffi::{c_int, c_short};

use capsock::trace::preload::{Direction, WaitSpan};
use libc::{fd_set, nfds_t, pollfd, sigset_t, timespec, timeval};

use crate::descriptors::{is_active, may_be_socket};
use crate::guard::Guard;
use crate::{process, real};

/// A wait for more sockets is that of an event loop, which blocks no single call.
const FEW: usize = 4;

/// The sockets that are waited for in one direction.
struct Sockets {
    fds: [c_int; FEW],
    count: usize,
}

impl Sockets {
    fn of(fds: impl Iterator<Item = c_int>) -> Sockets {
        let mut sockets = Sockets { fds: [-1; FEW], count: 0 };
        for fd in fds.filter(|fd| may_be_socket(*fd)) {
            if let Some(slot) = sockets.fds.get_mut(sockets.count) {
                *slot = fd;
            }
            sockets.count += 1;
        }
        sockets
    }
}

/// The wait for these: for input, if any is waited for, else for output.
fn begin(readable: &Sockets, writable: &Sockets) -> Option<WaitSpan> {
    let (sockets, direction) =
        if readable.count > 0 { (readable, Direction::In) } else { (writable, Direction::Out) };
    let fds = sockets.fds.get(..sockets.count).filter(|fds| !fds.is_empty())?;
    let _guard = Guard::new()?;
    process::is_owner().then(|| WaitSpan::begin(fds, direction))
}

fn end(wait: Option<WaitSpan>) {
    if let Some(wait) = wait
        && let Some(_guard) = Guard::new()
    {
        wait.end();
    }
}

/// # Safety
/// There are `count` entries.
#[inline(always)]
unsafe fn on_poll(fds: *const pollfd, count: nfds_t, waits: bool, real: impl FnOnce() -> c_int) -> c_int {
    if !waits || !is_active() || fds.is_null() || count > 1024 {
        return real();
    }
    // SAFETY: by this function's contract.
    let wanted = |events: c_short| unsafe {
        Sockets::of(
            (0..count as usize)
                .map(|index| fds.add(index).read_unaligned())
                .filter(move |entry| entry.events & events != 0)
                .map(|entry| entry.fd),
        )
    };
    let wait = begin(&wanted(libc::POLLIN), &wanted(libc::POLLOUT));
    let result = real();
    end(wait);
    result
}

/// # Safety
/// The sets are null or have `count` bits.
#[inline(always)]
unsafe fn on_select(
    count: c_int,
    read: *const fd_set,
    write: *const fd_set,
    waits: bool,
    real: impl FnOnce() -> c_int,
) -> c_int {
    if !waits || !is_active() {
        return real();
    }
    // SAFETY: by this function's contract.
    let wanted = |set: *const fd_set| unsafe {
        Sockets::of(
            (0..count.min(libc::FD_SETSIZE as c_int)).filter(|fd| !set.is_null() && libc::FD_ISSET(*fd, set)),
        )
    };
    let wait = begin(&wanted(read), &wanted(write));
    let result = real();
    end(wait);
    result
}

/// poll(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn poll(fds: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { on_poll(fds, count, timeout != 0, || real::poll(fds, count, timeout)) }
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
    unsafe { on_poll(fds, count, true, || real::ppoll(fds, count, timeout, mask)) }
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
    let fits = room / size_of::<pollfd>() >= count as usize;
    // SAFETY: the arguments are the caller's.
    unsafe { on_poll(fds, count, timeout != 0 && fits, || real::__poll_chk(fds, count, timeout, room)) }
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
    let fits = room / size_of::<pollfd>() >= count as usize;
    // SAFETY: the arguments are the caller's.
    unsafe { on_poll(fds, count, fits, || real::__ppoll_chk(fds, count, timeout, mask, room)) }
}

/// select(2).
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
    unsafe { on_select(count, read, write, true, || real::select(count, read, write, except, timeout)) }
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
        on_select(count, read, write, true, || real::pselect(count, read, write, except, timeout, mask))
    }
}
