//! What `capsock run` tells beginners: the calls report to a Python object what they met, and it decides
//! whether to say something. Nothing of it changes what a call does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use capsock::net::{Fault, Patience, Received};
use pyo3::prelude::*;

use super::call::Call;
use super::core_socket::InetSocket;
use super::fault::exception;
use crate::blocking::without_gil;

static WANTED: AtomicBool = AtomicBool::new(false);
static ADVISER: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// After so long without data it is time to say what may be missing.
const SILENCE: Duration = Duration::from_secs(5);

/// Has the calls report to an object's methods failed(), cut(), more() and silent(); None for nobody.
#[pyfunction]
#[pyo3(signature = (adviser, /))]
pub(crate) fn _set_hints(adviser: Option<Py<PyAny>>) {
    WANTED.store(adviser.is_some(), Ordering::Relaxed);
    let _before = std::mem::replace(&mut *ADVISER.lock().unwrap_or_else(PoisonError::into_inner), adviser);
}

fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// Calls a method of the adviser. What that raises is nobody's concern but its author's.
fn tell<'py, A>(py: Python<'py>, method: &str, args: A)
where
    A: pyo3::call::PyCallArgs<'py>,
{
    // Not held during the call: another thread may have something to tell in the middle of it.
    let adviser =
        ADVISER.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|adviser| adviser.clone_ref(py));
    if let Some(Err(raised)) = adviser.map(|adviser| adviser.bind(py).call_method1(method, args)) {
        raised.write_unraisable(py, None);
    }
}

/// A call raised this.
pub(super) fn failed(call: &Call<'_, '_>, raised: &PyErr) {
    if wanted() {
        tell(call.py(), "failed", (call.this, call.name, call.args, raised.value(call.py())));
    }
}

/// For a datagram, MSG_TRUNC has a receive say how long it was.
pub(super) fn with_true_length(socket: &InetSocket, flags: i32) -> i32 {
    if wanted() && !socket.is_stream() { flags | libc::MSG_TRUNC } else { flags }
}

/// So many bytes came into a buffer of that size, with the flags that the caller gave; returns how many to tell of.
pub(super) fn received(
    call: &Call<'_, '_>,
    socket: &InetSocket,
    count: usize,
    size: usize,
    flags: i32,
) -> usize {
    if !wanted() {
        return count;
    }
    if socket.is_stream() {
        socket.heard();
        let more = if count == size { socket.socket().available().unwrap_or(0) } else { 0 };
        if more > 0 && flags & libc::MSG_PEEK == 0 && size > 1 {
            tell(call.py(), "more", (call.this, call.name, size, more));
        }
        return count;
    }
    if count > size && flags & libc::MSG_TRUNC == 0 {
        tell(call.py(), "cut", (call.this, call.name, size, count));
        return size;
    }
    count
}

/// A message of recvmsg came.
pub(super) fn received_message(call: &Call<'_, '_>, socket: &InetSocket, received: &Received, size: usize) {
    if wanted() && !socket.is_stream() && received.flags & libc::MSG_TRUNC != 0 {
        tell(call.py(), "cut", (call.this, call.name, size, call.py().None()));
    }
}

/// These bytes were sent.
pub(super) fn sent(_: &Call<'_, '_>, socket: &InetSocket, bytes: &[u8]) {
    if wanted()
        && socket.is_stream()
        && let Some(last) = bytes.last()
    {
        socket.said(*last == b'\n');
    }
}

/// A receive begins that may wait: it is watched for a while if the peer may be waiting as well.
pub(super) fn receiving(call: &Call<'_, '_>, socket: &InetSocket, patience: Patience) -> PyResult<()> {
    let watched = wanted() && socket.is_stream() && socket.owes_a_newline();
    if !watched || patience.timeout.is_some_and(|timeout| timeout <= SILENCE) {
        return Ok(());
    }
    let patience = Patience { timeout: Some(SILENCE), ..patience };
    match without_gil(call.py(), || socket.socket().wait_readable(patience))? {
        Ok(()) => Ok(()),
        Err(Fault::TimedOut) => {
            socket.heard();
            tell(call.py(), "silent", (call.this, call.name));
            Ok(())
        }
        Err(fault @ Fault::Interrupted) => Err(exception(call.py(), fault)),
        // The call itself will meet it.
        Err(_) => Ok(()),
    }
}
