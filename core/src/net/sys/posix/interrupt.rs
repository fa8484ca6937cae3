//! The library's signal, which makes a blocked system call fail with EINTR.
//!
//! On Linux it is the highest real-time signal without a handler when the first thread blocks, other than those of the C
//! library, the JDK (SIGRTMAX - 2) and valgrind (SIGRTMAX); elsewhere a signal whose default action is none. Its handler does nothing and has no SA_RESTART. It is sent to a single
//! thread (pthread_kill(3)), and only while that is blocked in a call of this library. When the library is unmapped
//! (dlclose(3)), the signal is ignored, so that a later instance can claim it.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

/// The signals to choose from, the first one first.
#[cfg(all(target_os = "linux", not(capsock_portable)))]
fn candidates() -> impl Iterator<Item = c_int> {
    /// The highest candidate, below SIGRTMAX.
    const FROM_THE_TOP: c_int = 5;
    (libc::SIGRTMIN() + 1..=libc::SIGRTMAX() - FROM_THE_TOP).rev()
}

/// The signals to choose from, the first one first.
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
fn candidates() -> impl Iterator<Item = c_int> {
    [libc::SIGURG, libc::SIGWINCH].into_iter()
}

static SIGNAL: OnceLock<Option<c_int>> = OnceLock::new();

extern "C" fn noop_handler(_: c_int) {}

/// The signal's disposition.
#[derive(Clone, Copy)]
enum Action {
    NoOp,
    Ignored,
}

impl Action {
    fn number(self) -> libc::sighandler_t {
        match self {
            Action::NoOp => noop_handler as *const () as libc::sighandler_t,
            Action::Ignored => libc::SIG_IGN,
        }
    }
}

/// The signal; `None` if the host has a handler for each candidate.
#[cfg(target_os = "linux")]
pub(crate) fn interrupting_signal() -> Option<c_int> {
    signal()
}

/// The signal; `None` if the host has a handler for each candidate.
fn signal() -> Option<c_int> {
    *SIGNAL.get_or_init(|| {
        candidates().find(|signal| {
            matches!(handler(*signal), Some(libc::SIG_DFL | libc::SIG_IGN)) && set(*signal, Action::NoOp)
        })
    })
}

/// Ignores the signal, since its handler is about to be unmapped and its default action, if it is still pending, would
/// end the process.
extern "C" fn ignore_on_unload() {
    if let Some(signal) = SIGNAL.get().copied().flatten()
        && handler(signal) == Some(Action::NoOp.number())
    {
        set(signal, Action::Ignored);
    }
}

/// Run by dlclose(3), and by exit(3).
#[used]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".fini_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_term_func,mod_term_funcs"))]
static IGNORE_ON_UNLOAD: extern "C" fn() = ignore_on_unload;

/// The signal's disposition (sigaction(2)).
fn handler(signal: c_int) -> Option<libc::sighandler_t> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the call writes the action that is in force, if it returns 0; zeroes are one as well.
    unsafe {
        (libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0)
            .then(|| action.assume_init().sa_sigaction)
    }
}

fn set(signal: c_int, to: Action) -> bool {
    // SAFETY: an action of zeroes is one with an empty mask and without flags; the handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = to.number();
        libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0
    }
}

/// A thread that can be interrupted, as numbers that fit into atomics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thread {
    pub(crate) handle: usize,
    pub(crate) id: u32,
}

impl Thread {
    /// The calling thread, in which this unblocks the signal.
    pub(crate) fn current() -> Thread {
        if let Some(signal) = signal() {
            let mut set = MaybeUninit::uninit();
            // SAFETY: sigemptyset initialises the set, which the other calls change and read.
            unsafe {
                libc::sigemptyset(set.as_mut_ptr());
                libc::sigaddset(set.as_mut_ptr(), signal);
                libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut());
            }
        }
        Thread { handle: own_handle(), id: super::ids::thread_id() }
    }

    pub(crate) fn is_current(self) -> bool {
        self.handle == own_handle()
    }

    /// Sends the signal. False if the host handles it. If the host has reset all handlers, the signal is claimed again,
    /// since its default action would end the process.
    ///
    /// # Safety
    /// The thread has not ended.
    pub(crate) unsafe fn interrupt(self) -> bool {
        let Some(signal) = signal() else { return false };
        match handler(signal) {
            Some(found) if found == Action::NoOp.number() => {}
            Some(libc::SIG_DFL | libc::SIG_IGN) if set(signal, Action::NoOp) => {}
            _ => return false,
        }
        // SAFETY: the thread is there, by this function's contract.
        unsafe { libc::pthread_kill(self.handle as libc::pthread_t, signal) == 0 }
    }

    /// Whether the host has blocked the signal in the thread, as far as the system tells.
    pub(crate) fn has_signal_blocked(self) -> bool {
        if cfg!(not(target_os = "linux")) {
            return true;
        }
        let Some(signal) = signal() else { return true };
        let status = std::fs::read_to_string(format!("/proc/self/task/{}/status", self.id));
        let blocked = status.ok().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        });
        blocked.is_some_and(|blocked| blocked >> (signal - 1) & 1 != 0)
    }
}

/// The waker that an interruption notifies, of this thread's waits: a signal ends them (EINTR).
#[inline(always)]
pub(crate) fn own_notifier() -> Option<std::os::fd::RawFd> {
    None
}

fn own_handle() -> usize {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::pthread_self() as usize }
}

/// Handles a signal that was sent to this thread: the kernel delivers it when a system call returns.
pub(crate) fn deliver_pending_signal() {
    // SAFETY: the call takes nothing.
    unsafe { libc::sched_yield() };
}
