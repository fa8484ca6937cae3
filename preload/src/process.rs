//! Whether this process may write into its memory as its own: a child of vfork(2) has that of its parent.

use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};

/// The process whose memory this is.
static OWNER: AtomicI32 = AtomicI32::new(0);

/// A word that is 0 in a copy of the memory (MADV_WIPEONFORK of madvise(2)), whichever call made that; null before Linux 4.14.
static WIPED: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

extern "C" fn in_the_child() {
    adopt();
}

fn adopt() {
    // SAFETY: the call takes nothing.
    OWNER.store(unsafe { libc::getpid() }, Ordering::Relaxed);
    if let Some(word) = word() {
        word.store(1, Ordering::Relaxed);
    }
}

fn word() -> Option<&'static AtomicU32> {
    // SAFETY: null, or a mapping that stays.
    unsafe { WIPED.load(Ordering::Relaxed).as_ref() }
}

/// Before the first call that is recorded.
pub(crate) fn initialise() {
    let size = 4096;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping, which nothing else uses; the handler is async-signal-safe and never unloaded.
    unsafe {
        let page =
            libc::mmap(ptr::null_mut(), size, protection, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
        if page != libc::MAP_FAILED && libc::madvise(page, size, libc::MADV_WIPEONFORK) == 0 {
            WIPED.store(page.cast(), Ordering::Relaxed);
        }
        libc::pthread_atfork(None, None, Some(in_the_child));
    }
    adopt();
}

/// Whether this process has its memory for itself. If not, its parent waits until it executes a program or ends, and what it
/// does with its descriptors is not recorded.
pub(crate) fn is_owner() -> bool {
    // SAFETY: the call takes nothing.
    if unsafe { libc::getpid() } == OWNER.load(Ordering::Relaxed) {
        return true;
    }
    // A copy that was made without fork(3), by clone(2).
    let copied = word().is_some_and(|word| word.load(Ordering::Relaxed) == 0);
    if copied {
        adopt();
    }
    copied
}
