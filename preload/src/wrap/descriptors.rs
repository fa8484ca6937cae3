//! Closing and duplicating descriptors.

use std::ffi::{c_int, c_long, c_uint};

use crate::descriptors::{self, is_active, may_be_socket};
use crate::guard::{Guard, is_recording};
use crate::record::Closing;
use crate::{process, real};

/// Whether the descriptor is the recorder's, which to the program is not open.
fn is_recorder(fd: c_int) -> bool {
    descriptors::recorder() == fd && fd >= 0 && !is_recording()
}

fn bad_descriptor() -> c_int {
    real::set_errno(libc::EBADF);
    -1
}

/// close(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn close(fd: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_close(fd, || unsafe { real::close(fd) })
}

#[inline(always)]
pub(super) fn on_close(fd: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if !is_active() {
        return real();
    }
    if is_recorder(fd) {
        return bad_descriptor();
    }
    let closing = if may_be_socket(fd) { Closing::begin(fd) } else { None };
    descriptors::forget(fd);
    let result = real();
    if let Some(closing) = closing {
        closing.end(result);
    }
    result
}

/// close_range(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    on_close_range(first, last, flags, &|first, last| {
        // SAFETY: the arguments are the caller's, or a part of them.
        match unsafe { real::close_range(first, last, flags) } {
            // glibc before 2.34 has no such function.
            -1 if real::errno() == libc::ENOSYS => {
                let (first, last) = (c_long::from(first), c_long::from(last));
                // SAFETY: the call takes numbers.
                unsafe {
                    real::syscall(libc::SYS_close_range, first, last, c_long::from(flags), 0, 0, 0) as c_int
                }
            }
            result => result,
        }
    })
}

/// The recorder's descriptor stays open.
pub(super) fn on_close_range(
    first: c_uint,
    last: c_uint,
    flags: c_int,
    real: &dyn Fn(c_uint, c_uint) -> c_int,
) -> c_int {
    const CLOEXEC: c_int = 4;
    if !is_active() || flags & CLOEXEC != 0 || first > last {
        return real(first, last);
    }
    close_sockets(first, last);
    let recorder = c_uint::try_from(descriptors::recorder()).unwrap_or(c_uint::MAX);
    if !(first..=last).contains(&recorder) || recorder == c_uint::MAX {
        return real(first, last);
    }
    let mut result = 0;
    if first < recorder {
        result = real(first, recorder - 1);
    }
    if result == 0 && recorder < last {
        result = real(recorder + 1, last);
    }
    result
}

/// Writes the lines of the sockets that one call closes.
fn close_sockets(first: c_uint, last: c_uint) {
    for fd in first..=last.min(descriptors::highest()) {
        let fd = fd as c_int;
        if descriptors::is_known_socket(fd)
            && let Some(closing) = Closing::begin(fd)
        {
            descriptors::forget(fd);
            closing.end(0);
        }
    }
    descriptors::forget_range(first as usize, last as usize);
}

/// closefrom(3).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn closefrom(first: c_int) {
    let first = first.max(0);
    // SAFETY: the arguments are the caller's, or a part of them.
    unsafe {
        if is_active() {
            close_sockets(first as c_uint, c_uint::MAX);
        }
        let recorder = descriptors::recorder();
        if !is_active() || recorder < first {
            return real::closefrom(first);
        }
        for fd in first..recorder {
            real::close(fd);
        }
        real::closefrom(recorder + 1);
    }
}

/// dup(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn dup(fd: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_dup(fd, || unsafe { real::dup(fd) })
}

/// A call that makes a duplicate with a number that was free.
pub(super) fn on_dup(fd: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if !is_active() {
        return real();
    }
    if is_recorder(fd) {
        return bad_descriptor();
    }
    // An unknown one is asked about.
    may_be_socket(fd);
    let new = real();
    note_duplicate(fd, new);
    new
}

fn note_duplicate(fd: c_int, new: c_int) {
    if new < 0 || new == fd {
        return;
    }
    let errno = real::errno();
    if process::is_owner() {
        descriptors::duplicated(fd, new);
    } else {
        descriptors::forget(new);
    }
    real::set_errno(errno);
}

/// dup2(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn dup2(fd: c_int, to: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_dup2(fd, to, || unsafe { real::dup2(fd, to) })
}

/// dup3(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn dup3(fd: c_int, to: c_int, flags: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_dup2(fd, to, || unsafe { real::dup3(fd, to, flags) })
}

/// A call that makes a duplicate with this number, and closes what had it.
pub(super) fn on_dup2(fd: c_int, to: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if !is_active() || fd == to {
        return real();
    }
    if is_recorder(fd) {
        return bad_descriptor();
    }
    if is_recorder(to)
        && let Some(_guard) = Guard::new()
        && process::is_owner()
    {
        descriptors::move_recorder();
    }
    may_be_socket(fd);
    let closing = if may_be_socket(to) { Closing::begin(to) } else { None };
    let new = real();
    if let Some(closing) = closing.filter(|_| new >= 0) {
        closing.end(0);
    }
    note_duplicate(fd, new);
    new
}

/// fcntl(2). The third argument of a command that has none is whatever is in its place, and is passed on.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fcntl(fd: c_int, command: c_int, argument: c_long) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_fcntl(fd, command, || unsafe { real::fcntl(fd, command, argument) })
}

/// fcntl(2) by its name for large files.
///
/// # Safety
/// As that function.
#[cfg(target_env = "gnu")]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fcntl64(fd: c_int, command: c_int, argument: c_long) -> c_int {
    // SAFETY: the arguments are the caller's. glibc before 2.28 has no such function.
    on_fcntl(fd, command, || unsafe {
        match real::has_fcntl64() {
            true => real::fcntl64(fd, command, argument),
            false => real::fcntl(fd, command, argument),
        }
    })
}

pub(super) fn on_fcntl(fd: c_int, command: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if matches!(command, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC) {
        return on_dup(fd, real);
    }
    if is_active() && is_recorder(fd) { bad_descriptor() } else { real() }
}
