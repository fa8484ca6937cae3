//! The state in which a wrapper records.

use std::cell::Cell;
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use crate::{process, real};

thread_local! {
    /// This thread records: what it calls meanwhile is not the program's.
    static RECORDING: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C" {
    pub(crate) fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// PTHREAD_CANCEL_DISABLE, of pthread.h of glibc and of musl.
pub(crate) const DISABLE: c_int = 1;

/// Whether this thread records.
pub(crate) fn is_recording() -> bool {
    RECORDING.get()
}

/// While it lives, this thread takes no signal, is not cancelled by what the recorder calls, and its calls are not recorded. It
/// restores errno.
///
/// A signal that comes meanwhile is taken when it is dropped: its handler may itself make calls that are recorded, and may
/// leave by siglongjmp(3).
pub(crate) struct Guard {
    mask: libc::sigset_t,
    cancel: c_int,
    errno: c_int,
}

impl Guard {
    /// `None` if this thread records already.
    pub(crate) fn new() -> Option<Guard> {
        if RECORDING.get() {
            return None;
        }
        let errno = real::errno();
        let (mut all, mut mask) = (MaybeUninit::<libc::sigset_t>::uninit(), MaybeUninit::uninit());
        let mut cancel = 0;
        // SAFETY: the sets and the state are written before they are read, and outlive the calls.
        let mask = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), mask.as_mut_ptr());
            pthread_setcancelstate(DISABLE, &raw mut cancel);
            mask.assume_init()
        };
        RECORDING.set(true);
        Some(Guard { mask, cancel, errno })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        RECORDING.set(false);
        // SAFETY: they are what the calls of `new` reported.
        unsafe {
            pthread_setcancelstate(self.cancel, ptr::null_mut());
            real::set_errno(self.errno);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.mask, ptr::null_mut());
        }
    }
}

/// The state in which a call on the descriptor is recorded; `None` if it is not.
pub(crate) fn recording(fd: c_int) -> Option<Guard> {
    if fd < 0 {
        return None;
    }
    let guard = Guard::new()?;
    process::is_owner().then_some(guard)
}
