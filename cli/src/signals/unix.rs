//! Handlers of SIGINT, SIGTERM and SIGHUP, and of SIGUSR2 (`restarts`).
//!
//! A signal interrupts a system call that blocks, but not one that is about to. After the first signal, a thread
//! therefore sends SIGURG, which has no effect by default, to the command's thread until the command has ended.

use std::io::{self, Read};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::flags;

/// How many threads are in the handler.
static HANDLING: AtomicU32 = AtomicU32::new(0);
/// The watcher's stream while signals are caught; -1 otherwise.
static WATCHER: AtomicI32 = AtomicI32::new(-1);
/// Whether a [`Signals`] lives: handlers belong to the process, so only one can.
static CAUGHT: AtomicBool = AtomicBool::new(false);

const WAKE_EVERY: Duration = Duration::from_millis(20);

/// While it lives, SIGINT, SIGTERM and SIGHUP are recorded instead of terminating the process, and interrupt the system calls of
/// its thread.
pub(crate) struct Signals {
    before: Vec<(i32, libc::sigaction)>,
    watcher: Option<(JoinHandle<()>, UnixStream)>,
    // It interrupts the thread that made it, and so stays on it.
    not_send: PhantomData<*const ()>,
}

impl Signals {
    /// Installs the handlers. A signal that the host ignores (`nohup`, a background job of a shell) stays ignored. If
    /// another thread has installed them, this does nothing.
    pub(crate) fn catch() -> io::Result<Signals> {
        let mut signals = Signals { before: Vec::new(), watcher: None, not_send: PhantomData };
        if CAUGHT.swap(true, Ordering::SeqCst) {
            return Ok(signals);
        }
        flags::reset();
        match signals.install() {
            Ok(()) => Ok(signals),
            Err(error) => {
                signals.restore();
                Err(error)
            }
        }
    }

    fn install(&mut self) -> io::Result<()> {
        let (receiver, sender) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        // A number, since musl's is a pointer, which may not cross threads.
        // SAFETY: pthread_self has no preconditions.
        let caller = unsafe { libc::pthread_self() } as usize;
        let thread = std::thread::Builder::new()
            .name("capsock-signals".into())
            .spawn(move || watch(receiver, caller))?;
        WATCHER.store(sender.as_raw_fd(), Ordering::SeqCst);
        self.watcher = Some((thread, sender));

        // SIGURG first: once SIGINT has its handler, SIGURG may be sent.
        self.handle(libc::SIGURG, on_wake as *const () as usize)?;
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            self.handle(signal, on_signal as *const () as usize)?;
        }
        Ok(())
    }

    fn handle(&mut self, signal: i32, handler: usize) -> io::Result<()> {
        self.before.extend(handle(signal, handler)?.map(|before| (signal, before)));
        Ok(())
    }

    fn restore(&mut self) {
        WATCHER.store(-1, Ordering::SeqCst);
        // Another thread may be in the handler just now, about to write to the watcher's stream.
        while HANDLING.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
        if let Some((thread, sender)) = self.watcher.take() {
            drop(sender);
            // Joined before SIGURG, which it sends, gets its old handler back.
            let _ = thread.join();
        }
        for (signal, before) in self.before.drain(..) {
            // What was installed before is valid, so this cannot fail.
            let _ = action(signal, Some(&before));
        }
        CAUGHT.store(false, Ordering::SeqCst);
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // One that has installed nothing, because another thread has, restores nothing.
        if self.watcher.is_some() || !self.before.is_empty() {
            self.restore();
        }
    }
}

/// Whether the process ignores a signal.
pub(super) fn is_ignored(signal: i32) -> bool {
    action(signal, None).is_ok_and(|now| now.sa_sigaction == libc::SIG_IGN)
}

/// Installs a handler, and returns what was there before. A signal that the host ignores stays ignored: `None`.
pub(super) fn handle(signal: i32, handler: usize) -> io::Result<Option<libc::sigaction>> {
    let before = action(signal, None)?;
    if before.sa_sigaction == libc::SIG_IGN && signal != libc::SIGURG {
        return Ok(None);
    }
    // SAFETY: a zeroed sigaction is a valid one: no flags, an empty mask, the default handler.
    // Without SA_RESTART, blocking calls end with EINTR.
    let mut new: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    new.sa_sigaction = handler;
    action(signal, Some(&new))?;
    Ok(Some(before))
}

pub(super) fn action(signal: i32, new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut old = MaybeUninit::zeroed();
    // SAFETY: `new` is null or a valid sigaction whose handler does async-signal-safe work only,
    // and `old` has room for one.
    let done = unsafe { libc::sigaction(signal, new.map_or(ptr::null(), ptr::from_ref), old.as_mut_ptr()) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it filled `old`.
    Ok(unsafe { old.assume_init() })
}

extern "C" fn on_wake(_signal: i32) {}

/// Does only what signal-safety(7) allows: atomics, one send, and it leaves errno as it was.
extern "C" fn on_signal(signal: i32) {
    HANDLING.fetch_add(1, Ordering::SeqCst);
    flags::count(signal);
    notify(&WATCHER);
    HANDLING.fetch_sub(1, Ordering::SeqCst);
}

/// Sends a byte to a stream of the process, by its number; -1 is none. Async-signal-safe.
pub(super) fn notify(stream: &AtomicI32) {
    // SAFETY: errno's location is valid for the life of the thread.
    let errno = unsafe { *errno_location() };
    // SAFETY: one byte of a constant goes to a stream that is open as long as a handler runs, or
    // to -1, which is refused. It neither blocks (the stream is non-blocking) nor raises SIGPIPE.
    unsafe { libc::send(stream.load(Ordering::SeqCst), b"!".as_ptr().cast(), 1, MSG_NOSIGNAL) };
    // SAFETY: as above.
    unsafe { *errno_location() = errno };
}

#[cfg(not(target_vendor = "apple"))]
const MSG_NOSIGNAL: i32 = libc::MSG_NOSIGNAL;
/// macOS has no such flag; there the watcher keeps its end open until the last handler has run.
#[cfg(target_vendor = "apple")]
const MSG_NOSIGNAL: i32 = 0;

/// Where the thread's errno is.
fn errno_location() -> *mut i32 {
    // SAFETY: the call takes nothing.
    unsafe {
        #[cfg(target_os = "linux")]
        return libc::__errno_location();
        #[cfg(not(target_os = "linux"))]
        return libc::__error();
    }
}

/// Waits for the first signal, then interrupts `caller` at an interval until the other end is closed.
fn watch(mut receiver: UnixStream, caller: usize) {
    loop {
        match receiver.read(&mut [0; 16]) {
            Ok(0) => return,
            Ok(_) => {
                if receiver.set_read_timeout(Some(WAKE_EVERY)).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        // SAFETY: `caller` made this thread and joins it before it ends, so its id is valid.
        unsafe { libc::pthread_kill(caller as libc::pthread_t, libc::SIGURG) };
    }
}
