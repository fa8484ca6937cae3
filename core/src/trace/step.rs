//! Programs that are stepped: before each recorded call, the thread asks a controller and waits until that lets it go.
//!
//! `CAPSOCK_STEP=PATH` names the controller's Unix domain socket; it has an effect on a recording alone, and is read when that
//! starts. A call that begins connects to it and writes two lines of the trace's format: its process
//! ([`Process`](super::Process)) and itself ([`Begin`](super::Begin)). It is let go when the controller closes the connection,
//! which sends nothing. So a controller that ends, in whatever way, lets all calls go, and a connect that fails is the end of
//! stepping in this process.
//!
//! A connection belongs to one call: nothing is kept that threads would share, a forked child would inherit, or the program
//! could close in between. If the program closes it while the call waits (as a daemon closes all descriptors), the call still
//! waits, since poll(2) has the socket; afterwards its number is left alone.
//!
//! Nothing here allocates or takes a lock. A signal may interrupt the wait, and its handler may make calls, which ask by
//! connections of their own. A host whose threads hold a lock around calls releases it by [`set_hold_hook`].

use std::sync::OnceLock;

use super::call_record::{BegunCall, Upcoming};
use super::line::begin_event;
use super::variable::variable_of;
use super::{controller, recorder, span};
use crate::net::sys::fd::RawFd;
use crate::net::sys::{self, ControllerAddress, Errno, FileId, FileNumber, KeptErrno, PollFd};
use crate::netc;

/// A function that runs another one, which waits, without the locks of the host.
pub type HoldHook = fn(wait: &mut (dyn FnMut() + Send));

static HOOK: OnceLock<HoldHook> = OnceLock::new();

/// Has calls that are stepped wait in `hook`, the first that is given. For the packages of other languages.
pub fn set_hold_hook(hook: HoldHook) {
    let _ = HOOK.set(hook);
}

/// A call that is held until the controller lets it go.
#[must_use = "the call is to wait"]
#[derive(Debug)]
pub(crate) struct Held {
    connection: FileNumber,
    id: FileId,
}

/// Asks the controller for a call, which `describe` tells if it is recorded. `None` if there is no controller, and if the call was
/// attempted before.
#[inline]
pub(crate) fn ask<'a>(describe: impl FnOnce() -> Option<Upcoming<'a>>) -> Option<Held> {
    let address = controller::current()?;
    let _errno = KeptErrno::new();
    ask_of(address, &describe()?)
}

#[cold]
#[inline(never)]
fn ask_of(address: &ControllerAddress, call: &Upcoming<'_>) -> Option<Held> {
    if span::is_attempted(call.fd, call.direction) {
        return None;
    }
    let connection = match address.connect() {
        Ok(connection) => connection,
        // The program has no descriptor left at this moment, or another thread closes all of them.
        Err(Errno(netc::EMFILE | netc::ENFILE | netc::EBADF)) => return None,
        Err(_) => {
            controller::leave();
            return None;
        }
    };
    let Upcoming { name, fd, record, .. } = *call;
    let now = span::now();
    let (variable, thread) = (variable_of(fd), Some(sys::thread_id()));
    let begun = BegunCall { name, fd, variable, begin: now, at: now, thread, record };
    let held = Held { connection, id: sys::file_id(connection).ok()? };
    let asked = recorder::write_process_line(connection, parent())
        .and_then(|()| recorder::write_line_to(connection, &begin_event(&begun)));
    if asked.is_ok() {
        return Some(held);
    }
    // Unless the program has closed it, the controller has.
    if held.is_open() {
        held.close();
        controller::leave();
    }
    None
}

/// Asks the controller for a call, and waits until it may be made.
#[inline]
pub(crate) fn hold<'a>(describe: impl FnOnce() -> Option<Upcoming<'a>>) {
    if let Some(held) = ask(describe) {
        held.wait();
    }
}

impl Held {
    /// Waits until the controller lets the call go.
    #[cold]
    #[inline(never)]
    pub(crate) fn wait(self) {
        let _errno = KeptErrno::new();
        match HOOK.get() {
            None => self.poll(),
            Some(hook) => hook(&mut || self.poll()),
        }
        self.close();
    }

    /// Waits for the end of the connection.
    pub(crate) fn poll(&self) {
        let mut one = [PollFd { fd: self.connection as RawFd, events: netc::POLLIN, revents: 0 }];
        // A handler of a signal may close the descriptor, and something else may have its number then.
        while self.is_open() && sys::poll(&mut one, None) == Err(Errno(netc::EINTR)) {}
    }

    /// Closes the connection, if it still is what has the number.
    pub(crate) fn close(self) {
        if self.is_open() {
            recorder::close(self.connection);
        }
    }

    fn is_open(&self) -> bool {
        sys::file_id(self.connection) == Ok(self.id)
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}
