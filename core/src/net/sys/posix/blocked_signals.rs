//! write(2) without the signals that it raises: SIGPIPE of a pipe or a socket without a reader, SIGXFSZ of a file at its
//! size limit (setrlimit(2)). The default of both ends the process.
//!
//! Everything here is async-signal-safe and takes no lock.

use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// write(2). Where it would raise a signal, it reports EPIPE or EFBIG alone.
///
/// # Errors
/// Those of write(2).
pub fn write_without_signals(fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<usize> {
    let blocked = BlockedSignals::new();
    // SAFETY: the data is readable for its length.
    let written = unsafe { libc::write(fd.as_raw_fd(), data.as_ptr().cast(), data.len()) };
    usize::try_from(written).map_err(|_| {
        let error = io::Error::last_os_error();
        blocked.discard();
        error
    })
}

/// Blocks SIGPIPE and SIGXFSZ in this thread while it lives, and leaves the mask as it was.
pub(crate) struct BlockedSignals {
    before: libc::sigset_t,
    pending: libc::sigset_t,
}

impl BlockedSignals {
    pub(crate) fn new() -> BlockedSignals {
        let (mut before, mut pending) = (empty_set(), empty_set());
        // SAFETY: the sets are initialised and outlive the calls, which fail for no valid argument.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &of_writes(), &raw mut before);
            // A signal that was not blocked before is not pending.
            if OF_WRITES.iter().any(|signal| libc::sigismember(&raw const before, *signal) == 1) {
                libc::sigpending(&raw mut pending);
            }
        }
        BlockedSignals { before, pending }
    }

    /// Takes the signal that a failed write raised. One that was pending before is the host's and stays.
    pub(crate) fn discard(&self) {
        let mut ours = empty_set();
        for signal in OF_WRITES {
            // SAFETY: the sets are initialised.
            unsafe {
                if libc::sigismember(&raw const self.pending, signal) == 0 {
                    libc::sigaddset(&raw mut ours, signal);
                }
            }
        }
        take_pending(&ours);
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the set is what pthread_sigmask(3) reported.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

/// Takes a pending signal of the set, if there is one, without waiting.
#[cfg(not(target_vendor = "apple"))]
fn take_pending(set: &libc::sigset_t) {
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time outlive the call; no information is asked for.
    unsafe { libc::sigtimedwait(set, ptr::null_mut(), &raw const at_once) };
}

/// Takes a pending signal of the set, if there is one, without waiting: sigwait(3) returns one that is pending at once.
#[cfg(target_vendor = "apple")]
fn take_pending(set: &libc::sigset_t) {
    let mut pending = empty_set();
    // SAFETY: the sets outlive the calls, and the number is written.
    unsafe {
        libc::sigpending(&raw mut pending);
        if OF_WRITES.iter().any(|signal| {
            libc::sigismember(set, *signal) == 1 && libc::sigismember(&raw const pending, *signal) == 1
        }) {
            let mut signal = 0;
            libc::sigwait(set, &raw mut signal);
        }
    }
}

const OF_WRITES: [c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

fn empty_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset(3) initialises it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

fn of_writes() -> libc::sigset_t {
    let mut set = empty_set();
    for signal in OF_WRITES {
        // SAFETY: the set is initialised.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    set
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_pipe_without_a_reader_is_an_error_and_no_signal() {
        let (mut before, mut pending) = (empty_set(), empty_set());
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        // SAFETY: the sets are initialised and outlive the calls. The test's process ignores SIGPIPE, as Rust's do, so
        // the default is set, with which a signal that the write lets through ends the process.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut before);
            let old = libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            let error = write_without_signals(writer.as_fd(), b"x").expect_err("nobody reads");
            assert_eq!(error.raw_os_error(), Some(libc::EPIPE));
            libc::sigpending(&mut pending);
            libc::signal(libc::SIGPIPE, old);
            assert_eq!(libc::sigismember(&pending, libc::SIGPIPE), 0);
        }
    }
}
