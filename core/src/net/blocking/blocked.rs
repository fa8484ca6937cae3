//! The threads that are blocked in a call on a socket, where a close finds and interrupts them.
//!
//! Each has an entry in a list of the whole process, which costs no lock, no allocation after the first, and no
//! descriptor. An entry that is interrupted is held fast for that moment, so that the signal reaches its thread
//! before the call returns to its caller, and not some system call of the host's.

use std::cell::Cell;
use std::hint;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::net::sys::{Thread, generation, settle};

/// Beside the address of a socket, which is a multiple of 4: the thread is interrupted at this moment, and cannot leave
/// its call.
const HELD: usize = 1;

/// The thread has been sent the signal since it entered the call: it lets the signal be handled before it leaves.
const SIGNALLED: usize = 2;

/// A signal is sent again, at once for so many times and then after so long: it may have come just before the
/// thread made its system call.
const AT_ONCE: u32 = 4;
const RESEND: Duration = Duration::from_micros(50);

/// After so long without effect, a thread may be out of the signal's reach.
const REACH: Duration = Duration::from_millis(100);

/// A close does not wait longer than this for the threads to leave: they close the descriptor.
const LIMIT: Duration = Duration::from_secs(1);

impl Entry {
    fn thread(&self) -> Thread {
        Thread { handle: self.handle.load(Ordering::Relaxed), id: self.id.load(Ordering::Relaxed) }
    }
}

/// A thread's place in the list, which is never taken out of it.
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
    id: AtomicI32,
}

static LIST: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// The thread's entry while it is in no call. A signal handler that makes a call in the middle of another one
    /// finds none and takes a second one.
    static OWN: Cell<Option<Taken>> = const { Cell::new(None) };
}

/// An entry that is a thread's own.
#[derive(Debug)]
struct Taken(&'static Entry);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    // In one order with the entries' sockets and the look at whether a socket is closed.
    let mut next = LIST.load(Ordering::SeqCst);
    std::iter::from_fn(move || {
        // SAFETY: entries are leaked when they are made.
        let entry = unsafe { next.as_ref() }?;
        next = entry.next.load(Ordering::Acquire);
        Some(entry)
    })
}

impl Taken {
    #[cold]
    fn take() -> Taken {
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
                id: AtomicI32::new(0),
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
        let taken = Taken(entry);
        taken.be_of_this_thread();
        taken
    }

    /// Makes it this thread's in a child of fork(2).
    #[inline]
    fn unless_of_this_process(&self) {
        if self.0.generation.load(Ordering::Relaxed) != generation() {
            self.be_of_this_thread();
        }
    }

    #[cold]
    fn be_of_this_thread(&self) {
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
    own: Option<Taken>,
    socket: usize,
}

impl Blocked {
    /// The caller asks afterwards whether the socket is closed: either it sees that, or the close sees this.
    #[inline]
    pub(super) fn on(socket: *const ()) -> Blocked {
        let own = OWN.try_with(Cell::take).ok().flatten().unwrap_or_else(Taken::take);
        own.unless_of_this_process();
        let socket = socket.addr();
        own.0.socket.store(socket, Ordering::SeqCst);
        Blocked { own: Some(own), socket }
    }

    /// Runs something of the host's, which is not to be interrupted, in the middle of a call.
    pub(super) fn except<T>(&self, what: impl FnOnce() -> T) -> T {
        let Some(own) = &self.own else { return what() };
        leave(own.0, self.socket);
        let result = what();
        // It may have forked the process.
        own.unless_of_this_process();
        own.0.socket.store(self.socket, Ordering::SeqCst);
        result
    }
}

impl Drop for Blocked {
    #[inline]
    fn drop(&mut self) {
        if let Some(own) = self.own.take() {
            leave(own.0, self.socket);
            // An entry that a nested call has put there is given back to the list.
            let _ = OWN.try_with(|place| place.set(Some(own)));
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
    settle();
}

/// Interrupts the threads of this process that are blocked on a socket, until none is or a second has passed. Of the
/// thread that calls this, which is in a signal handler or a hook then, nothing is expected.
///
/// The caller has seen to it that no thread blocks on the socket from now on. `out_of_reach` is called, once, if
/// one cannot be interrupted.
pub(super) fn interrupt(socket: *const (), out_of_reach: impl FnOnce()) {
    let (socket, start) = (socket.addr(), Instant::now());
    let mut out_of_reach = Some(out_of_reach);
    for round in 0u32.. {
        let late = start.elapsed() >= REACH;
        let mut blocked = false;
        for entry in entries() {
            if entry.generation.load(Ordering::Acquire) != generation() {
                continue;
            }
            let thread = entry.thread();
            let reached = match interrupt_one(entry, socket) {
                Sent::NotBlocked => continue,
                Sent::Elsewhere => true,
                Sent::Signal => !late || out_of_reach.is_none() || !thread.is_out_of_reach(),
                Sent::Nothing => false,
            };
            blocked = true;
            if !reached && let Some(act) = out_of_reach.take() {
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

/// What became of an entry's thread.
enum Sent {
    /// It is not blocked on the socket, or it is the caller's own.
    NotBlocked,
    /// Another close sends it the signal.
    Elsewhere,
    Signal,
    /// The signal is the host's by now.
    Nothing,
}

fn interrupt_one(entry: &Entry, socket: usize) -> Sent {
    let before = entry.socket.load(Ordering::SeqCst);
    if before & !(HELD | SIGNALLED) != socket {
        return Sent::NotBlocked;
    }
    let held = socket | HELD | SIGNALLED;
    if before & HELD != 0
        || entry.socket.compare_exchange(before, held, Ordering::SeqCst, Ordering::SeqCst).is_err()
    {
        return Sent::Elsewhere;
    }
    let thread = entry.thread();
    let sent = if thread.is_current() {
        Sent::NotBlocked
    // SAFETY: the thread cannot leave its call, and so cannot end, before the entry is let go below.
    } else if unsafe { thread.interrupt() } {
        Sent::Signal
    } else {
        Sent::Nothing
    };
    entry.socket.store(socket | SIGNALLED, Ordering::SeqCst);
    sent
}
