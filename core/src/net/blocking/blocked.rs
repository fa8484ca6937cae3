//! The threads that are blocked in a call on a socket: a close finds them here and interrupts them by a signal.
//!
//! Each thread has an entry in a list of the process, without a lock, a descriptor, or an allocation after the first
//! call. While a thread is sent the signal, its entry is held: the call does not return before the signal is handled, so
//! that it interrupts no system call of the host.

use std::cell::Cell;
use std::hint;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::net::sys::{Thread, deliver_pending_signal, generation};

/// A flag beside the address of a socket, which is a multiple of 4: the thread is being sent the signal, and cannot
/// leave its call.
const HELD: usize = 1;

/// The thread has been sent the signal since it entered the call, and handles it before it leaves.
const SIGNALLED: usize = 2;

/// The signal is sent again, first that many times at once and then at this interval: it may have been handled just
/// before the system call.
const AT_ONCE: u32 = 4;
const RESEND: Duration = Duration::from_micros(50);

/// After this time without effect, the thread is checked for blocking the signal.
const MASK_CHECK_AFTER: Duration = Duration::from_millis(100);

/// The longest that a close waits for the threads to leave, the last of which closes the descriptor.
const LIMIT: Duration = Duration::from_secs(1);

impl Entry {
    fn thread(&self) -> Thread {
        Thread { handle: self.handle.load(Ordering::Relaxed), id: self.id.load(Ordering::Relaxed) }
    }
}

/// A thread's entry, which stays in the list for ever.
#[derive(Debug)]
struct Entry {
    next: AtomicPtr<Entry>,
    taken: AtomicBool,
    /// The address of the socket, with `HELD` and `SIGNALLED`; 0 for none.
    socket: AtomicUsize,
    /// The fork generation that the thread is of.
    generation: AtomicU32,
    /// The thread ([`Thread`]), which alone writes it, and while it is in no call.
    handle: AtomicUsize,
    id: AtomicU32,
}

static LIST: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// The thread's entry while it is in no call. A signal handler that makes a call during another one takes a second
    /// entry.
    static OWN: Cell<Option<OwnedEntry>> = const { Cell::new(None) };
}

/// An entry that a thread owns.
#[derive(Debug)]
struct OwnedEntry(&'static Entry);

impl Drop for OwnedEntry {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    // Sequentially consistent with the stores to `socket` and the check whether a socket is closed.
    let mut next = LIST.load(Ordering::SeqCst);
    std::iter::from_fn(move || {
        // SAFETY: entries are leaked when they are made.
        let entry = unsafe { next.as_ref() }?;
        next = entry.next.load(Ordering::Acquire);
        Some(entry)
    })
}

impl OwnedEntry {
    #[cold]
    fn acquire() -> OwnedEntry {
        let free = |entry: &&'static Entry| {
            entry.taken.compare_exchange(false, true, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        let entry = entries().find(free).unwrap_or_else(|| {
            let entry: &'static mut Entry = Box::leak(Box::new(Entry {
                next: AtomicPtr::new(ptr::null_mut()),
                taken: AtomicBool::new(true),
                socket: AtomicUsize::new(0),
                generation: AtomicU32::new(0),
                handle: AtomicUsize::new(0),
                id: AtomicU32::new(0),
            }));
            let entry: &'static Entry = entry;
            let mut head = LIST.load(Ordering::Acquire);
            loop {
                entry.next.store(head, Ordering::Release);
                let new = ptr::from_ref(entry).cast_mut();
                match LIST.compare_exchange(head, new, Ordering::SeqCst, Ordering::Acquire) {
                    Ok(_) => return entry,
                    Err(other) => head = other,
                }
            }
        });
        let own = OwnedEntry(entry);
        own.set_owner();
        own
    }

    /// Makes the entry the calling thread's, if the process was forked since.
    #[inline]
    fn adopt_after_fork(&self) {
        if self.0.generation.load(Ordering::Relaxed) != generation() {
            self.set_owner();
        }
    }

    #[cold]
    fn set_owner(&self) {
        let Thread { handle, id } = Thread::current();
        self.0.handle.store(handle, Ordering::Relaxed);
        self.0.id.store(id, Ordering::Relaxed);
        self.0.generation.store(generation(), Ordering::Release);
    }
}

/// This thread may block in a call on a socket while this lives.
#[derive(Debug)]
pub(super) struct Blocked {
    /// `Some` until it is dropped.
    own: Option<OwnedEntry>,
    socket: usize,
}

impl Blocked {
    /// The caller then checks whether the socket is closed: either it sees the close, or the close sees this entry.
    #[inline]
    pub(super) fn on(socket: *const ()) -> Blocked {
        let own = OWN.try_with(Cell::take).ok().flatten().unwrap_or_else(OwnedEntry::acquire);
        own.adopt_after_fork();
        let socket = socket.addr();
        own.0.socket.store(socket, Ordering::SeqCst);
        Blocked { own: Some(own), socket }
    }

    /// Runs the host's code during a call, without being interrupted.
    pub(super) fn except<T>(&self, what: impl FnOnce() -> T) -> T {
        let Some(own) = &self.own else { return what() };
        leave(own.0, self.socket);
        let result = what();
        // It may have forked the process.
        own.adopt_after_fork();
        own.0.socket.store(self.socket, Ordering::SeqCst);
        result
    }
}

impl Drop for Blocked {
    #[inline]
    fn drop(&mut self) {
        if let Some(own) = self.own.take() {
            leave(own.0, self.socket);
            // The entry of a nested call is released.
            let _ = OWN.try_with(|slot| slot.set(Some(own)));
        }
    }
}

#[inline]
fn leave(entry: &Entry, socket: usize) {
    if entry.socket.compare_exchange(socket, 0, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        leave_held(entry, socket);
    }
}

/// The thread has been sent the signal, or is at this moment.
#[cold]
fn leave_held(entry: &Entry, socket: usize) {
    let signalled = socket | SIGNALLED;
    while entry.generation.load(Ordering::Relaxed) == generation()
        && entry.socket.compare_exchange(signalled, 0, Ordering::SeqCst, Ordering::SeqCst).is_err()
    {
        hint::spin_loop();
        thread::yield_now();
    }
    entry.socket.store(0, Ordering::SeqCst);
    deliver_pending_signal();
}

/// Interrupts the threads of this process that are blocked on a socket, until there are none or a second has passed. The
/// calling thread, which may be in a signal handler or a hook during a call, is not waited for.
///
/// The socket must be closed, so that no further thread blocks on it. `on_unreachable` is called once if a thread cannot
/// be interrupted.
pub(super) fn interrupt(socket: *const (), on_unreachable: impl FnOnce()) {
    let (socket, start) = (socket.addr(), Instant::now());
    let mut on_unreachable = Some(on_unreachable);
    for round in 0u32.. {
        let late = start.elapsed() >= MASK_CHECK_AFTER;
        let mut blocked = false;
        for entry in entries() {
            if entry.generation.load(Ordering::Acquire) != generation() {
                continue;
            }
            let thread = entry.thread();
            let reached = match interrupt_one(entry, socket) {
                SignalResult::NotBlocked => continue,
                SignalResult::SignalledByOther => true,
                SignalResult::Signalled => !late || on_unreachable.is_none() || !thread.has_signal_blocked(),
                SignalResult::NotClaimed => false,
            };
            blocked = true;
            if !reached && let Some(act) = on_unreachable.take() {
                act();
            }
        }
        if !blocked || start.elapsed() >= LIMIT {
            return;
        }
        if round < AT_ONCE {
            thread::yield_now();
        } else {
            thread::sleep(RESEND * (round - AT_ONCE + 1).min(20));
        }
    }
}

/// The result for an entry's thread.
enum SignalResult {
    /// The thread is not blocked on the socket, or is the calling one.
    NotBlocked,
    /// Another thread is sending it the signal.
    SignalledByOther,
    Signalled,
    /// The signal was not sent: the library could not claim it, because the host handles it.
    NotClaimed,
}

fn interrupt_one(entry: &Entry, socket: usize) -> SignalResult {
    let before = entry.socket.load(Ordering::SeqCst);
    if before & !(HELD | SIGNALLED) != socket {
        return SignalResult::NotBlocked;
    }
    let held = socket | HELD | SIGNALLED;
    if before & HELD != 0
        || entry.socket.compare_exchange(before, held, Ordering::SeqCst, Ordering::SeqCst).is_err()
    {
        return SignalResult::SignalledByOther;
    }
    let thread = entry.thread();
    let sent = if thread.is_current() {
        SignalResult::NotBlocked
    // SAFETY: the thread cannot leave its call, and so cannot end, before the entry is released below.
    } else if unsafe { thread.interrupt() } {
        SignalResult::Signalled
    } else {
        SignalResult::NotClaimed
    };
    entry.socket.store(socket | SIGNALLED, Ordering::SeqCst);
    sent
}
