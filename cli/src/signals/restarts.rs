//! SIGUSR2: requests to replace the server.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use super::unix::{action, handle, notify};

/// How many threads are in the handler.
static HANDLING: AtomicU32 = AtomicU32::new(0);
/// The stream that is notified while the signal is caught; -1 otherwise.
static NOTIFIED: AtomicI32 = AtomicI32::new(-1);

/// While it lives, SIGUSR2 makes its descriptor readable instead of terminating the process.
pub(crate) struct Restarts {
    receiver: UnixStream,
    _sender: UnixStream,
    before: Option<libc::sigaction>,
}

impl Restarts {
    /// Installs the handler. If the host ignores the signal, it stays ignored.
    pub(crate) fn catch() -> io::Result<Restarts> {
        let (receiver, sender) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        sender.set_nonblocking(true)?;
        NOTIFIED.store(sender.as_raw_fd(), Ordering::SeqCst);
        let before = handle(libc::SIGUSR2, on_signal as *const () as usize);
        Ok(Restarts { receiver, _sender: sender, before: before? })
    }

    /// Forgets the signals that have arrived.
    pub(crate) fn take(&self) {
        while (&self.receiver).read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
    }
}

impl AsFd for Restarts {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

impl Drop for Restarts {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // What was installed before is valid, so this cannot fail.
            let _ = action(libc::SIGUSR2, Some(before));
        }
        NOTIFIED.store(-1, Ordering::SeqCst);
        // Another thread may be in the handler just now, about to write to the stream.
        while HANDLING.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
    }
}

/// Does only what signal-safety(7) allows.
extern "C" fn on_signal(_signal: i32) {
    HANDLING.fetch_add(1, Ordering::SeqCst);
    notify(&NOTIFIED);
    HANDLING.fetch_sub(1, Ordering::SeqCst);
}
