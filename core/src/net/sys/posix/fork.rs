//! Detecting that this process was forked, or has forked.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Whether another process may have descriptors that this one has opened since [`count_forks`].
static MAY_SHARE: AtomicBool = AtomicBool::new(true);

/// How many [`Unforked`] there are.
static UNFORKED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn before_a_fork() {
    if !MAY_SHARE.swap(true, Ordering::SeqCst) {
        while UNFORKED.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
    }
}

extern "C" fn in_the_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// While it exists, no other process has a descriptor that this one has opened since [`count_forks`]: fork(3) waits.
///
/// A child of clone(2) or vfork(2) has them until it calls exec(2), which closes them.
pub(crate) struct Unforked(());

impl Unforked {
    /// `None` if this process has forked, or is forking.
    #[inline]
    pub(crate) fn claim() -> Option<Unforked> {
        // Either the fork sees this one and waits, or this sees the fork.
        UNFORKED.fetch_add(1, Ordering::SeqCst);
        let unforked = Unforked(());
        if MAY_SHARE.load(Ordering::SeqCst) { None } else { Some(unforked) }
    }
}

impl Drop for Unforked {
    fn drop(&mut self) {
        UNFORKED.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A number that differs in a child of fork(3); never 0. Unlike getpid(2) it is no system call.
///
/// A child of clone(2) or vfork(2) has its parent's number.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Starts counting forks.
pub(crate) fn count_forks() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        MAY_SHARE.store(false, Ordering::SeqCst);
        // SAFETY: the handlers are async-signal-safe.
        let result = unsafe { libc::pthread_atfork(Some(before_a_fork), None, Some(in_the_child)) };
        // Without them (ENOMEM), children have the parent's number.
        MAY_SHARE.fetch_or(result != 0, Ordering::SeqCst);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_waits_for_what_is_unforked_and_ends_it() {
        count_forks();
        // Other tests of this process do not fork by fork(3).
        let unforked = Unforked::claim().expect("this process has not forked");
        let forking = std::thread::spawn(|| {
            // SAFETY: the child ends at once.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: it ends this process without a destructor.
                unsafe { libc::_exit(i32::from(Unforked::claim().is_some())) };
            }
            child
        });
        while Unforked::claim().is_some() {
            std::thread::yield_now();
        }
        assert!(!forking.is_finished(), "the fork waits");
        drop(unforked);
        let child = forking.join().unwrap();
        let mut status = -1;
        // SAFETY: it waits for the child, and writes its status.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "a child is a fork as well");
        assert!(Unforked::claim().is_none());
    }
}
