//! A handler of the console's events: Ctrl-C and Ctrl-Break are SIGINT, the end of the console or of the session is SIGTERM.
//!
//! The system calls the handler on a thread of its own, and interrupts no call of the command's: the waits of the core ask
//! at an interval. A write that waits is cancelled.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Foundation::{FALSE, TRUE};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::IO::CancelSynchronousIo;
use windows_sys::Win32::System::Threading::{GetCurrentThreadId, OpenThread, THREAD_TERMINATE};
use windows_sys::core::BOOL;

use super::flags;

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// Longer than the system waits for a handler of the console's end before it ends the process.
const UNTIL_THE_END: Duration = Duration::from_secs(30);

/// Whether a [`Signals`] lives: handlers belong to the process, so only one can.
static CAUGHT: AtomicBool = AtomicBool::new(false);
/// The thread that is in a call of [`interruptible`].
static WAITING: Mutex<Option<OwnedHandle>> = Mutex::new(None);

/// While it lives, the events of the console are recorded instead of terminating the process.
pub(crate) struct Signals {
    installed: bool,
}

impl Signals {
    /// Installs the handler. Ctrl-C stays ignored if the process has been started so. If another thread has installed the
    /// handler, this does nothing.
    pub(crate) fn catch() -> io::Result<Signals> {
        if CAUGHT.swap(true, Ordering::SeqCst) {
            return Ok(Signals { installed: false });
        }
        flags::reset();
        // SAFETY: a function of the type that the system calls.
        if unsafe { SetConsoleCtrlHandler(Some(on_event), TRUE) } == FALSE {
            CAUGHT.store(false, Ordering::SeqCst);
            return Err(io::Error::last_os_error());
        }
        Ok(Signals { installed: true })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if self.installed {
            // SAFETY: as above.
            unsafe { SetConsoleCtrlHandler(Some(on_event), FALSE) };
            CAUGHT.store(false, Ordering::SeqCst);
        }
    }
}

/// Makes a call that waits for a file, and that a signal cancels; its error is then ERROR_OPERATION_ABORTED. A signal just
/// before the call does not; the next one does.
pub(crate) fn interruptible<T>(call: impl FnOnce() -> T) -> T {
    *waiting() = this_thread();
    let done = call();
    *waiting() = None;
    done
}

fn waiting() -> std::sync::MutexGuard<'static, Option<OwnedHandle>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `None` if the system has no handle for it.
fn this_thread() -> Option<OwnedHandle> {
    // SAFETY: the calls take numbers; a handle that is not null is open and nobody else's.
    unsafe {
        let handle = OpenThread(THREAD_TERMINATE, FALSE, GetCurrentThreadId());
        (!handle.is_null()).then(|| OwnedHandle::from_raw_handle(handle))
    }
}

/// Ends the process (by the handler of the system) if four have not.
unsafe extern "system" fn on_event(event: u32) -> BOOL {
    if flags::thrice() {
        return FALSE;
    }
    let signal = if matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) { SIGINT } else { SIGTERM };
    flags::count(signal);
    if let Some(thread) = &*waiting() {
        // SAFETY: the handle is open. If no call waits, nothing is cancelled.
        unsafe { CancelSynchronousIo(thread.as_raw_handle()) };
    }
    if signal == SIGTERM {
        // The system ends the process when this returns; before, the command ends by itself.
        thread::sleep(UNTIL_THE_END);
    }
    TRUE
}
