//! What beginners are told of: the calls report to a Python object what they met, and it decides whether to say
//! something. Nothing of it changes what a call does, how long it takes or what it leaves behind.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use capsock::net::{Received, WaitPolicy};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use super::call::Call;
use super::core_socket::InetSocket;
use super::story::{Silence, is_text};
use super::watch::{LONG, Watch};

static WANTED: AtomicBool = AtomicBool::new(false);
static ADVISER: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// So many NULs behind a text are the rest of a buffer that was sent whole.
const PADDING: usize = 64;

/// The kinds of silence that have been reported: once is enough, and their receives are watched no more.
static SILENCES: AtomicU8 = AtomicU8::new(0);

/// Has the calls report to an object's methods failed(), cut(), left(), padded(), received() and silent(); None for
/// nobody.
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
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
{
    // Not held during the call: another thread may have something to tell in the middle of it.
    let adviser =
        ADVISER.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|adviser| adviser.clone_ref(py));
    let Some(adviser) = adviser else { return };
    let told = args.into_pyobject(py).and_then(|args| adviser.bind(py).call_method1(method, args));
    if let Err(raised) = told {
        raised.write_unraisable(py, None);
    }
}

/// A call raised this.
pub(super) fn failed(call: &Call<'_, '_>, socket: &InetSocket, raised: &PyErr) {
    if wanted() {
        let connected = socket.story.is_connected();
        let args = (call.this, call.name, call.args, raised.value(call.py()), socket.is_stream(), connected);
        tell(call.py(), "failed", args);
    }
}

/// A call returned this: bytes, or bytes and more, of a receive.
pub(super) fn returned(call: &Call<'_, '_>, value: &Bound<'_, PyAny>) {
    if !wanted() || !matches!(call.name, "recv" | "recvfrom" | "recvmsg") {
        return;
    }
    let first = value.cast::<PyTuple>().ok().and_then(|tuple| tuple.get_item(0).ok());
    let first = first.as_ref().unwrap_or(value);
    let Ok(bytes) = first.cast::<PyBytes>() else { return };
    let bytes = bytes.as_bytes();
    let text = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    // Fields of a fixed width are padded as well, with less.
    if text > 0 && bytes.len() - text >= PADDING && is_text(&bytes[..text]) {
        tell(call.py(), "padded", (call.name, text, bytes.len() - text));
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
    // More than the buffer is the true length, which may have been asked for here and not by the caller.
    let told = if socket.is_stream() || flags & libc::MSG_TRUNC != 0 { count } else { count.min(size) };
    if !wanted() {
        return told;
    }
    socket.story.heard();
    if !socket.is_stream() {
        // A datagram that was only looked at is still there.
        if count > told && flags & libc::MSG_PEEK == 0 {
            tell(call.py(), "cut", (call.name, size, count));
        }
        return told;
    }
    socket.story.goes_on();
    // Who takes single bytes takes the next one as well.
    if count == size && size > 1 && flags & libc::MSG_PEEK == 0 {
        let more = socket.socket().available().unwrap_or(0) > 0;
        if more && socket.story.cut(call.name, size) {
            tell(call.py(), "received", (call.this,));
        }
    }
    told
}

/// A message of recvmsg came.
pub(super) fn received_message(call: &Call<'_, '_>, socket: &InetSocket, received: &Received, size: usize) {
    if !wanted() {
        return;
    }
    socket.story.heard();
    socket.story.goes_on();
    if !socket.is_stream() && received.flags & libc::MSG_TRUNC != 0 {
        tell(call.py(), "cut", (call.name, size, call.py().None()));
    }
}

/// These bytes were sent.
pub(super) fn sent(_: &Call<'_, '_>, socket: &InetSocket, bytes: &[u8]) {
    if wanted() {
        socket.story.sent(bytes, socket.is_stream());
    }
}

/// What is lost if the socket is closed now: a receive, its size, and how many bytes have arrived since.
pub(super) fn left(socket: &InetSocket) -> Option<(&'static str, usize, usize)> {
    let (call, size) = socket.story.left()?;
    let waiting = socket.socket().available().ok().filter(|waiting| *waiting > 0)?;
    Some((call, size, waiting))
}

/// The socket is about to be closed.
pub(super) fn closing(py: Python<'_>, socket: &InetSocket) {
    if wanted()
        && let Some(left) = left(socket)
    {
        tell(py, "left", left);
    }
}

/// A receive begins: one that may wait for long, and in vain, is watched until the value is dropped.
pub(super) fn receiving(call: &Call<'_, '_>, socket: &InetSocket, policy: WaitPolicy) -> Option<Watch> {
    if !wanted() || policy.timeout.is_some_and(|timeout| timeout <= LONG) {
        return None;
    }
    let is_bound = || socket.socket().local_addr().is_ok_and(|address| address.port() != 0);
    let silence = socket.story.silence(socket.is_stream(), is_bound)?;
    let is_new = SILENCES.load(Ordering::Relaxed) & (1 << silence as u8) == 0;
    is_new.then(|| Watch::new(call.name, silence))
}

/// A receive has waited for long.
pub(super) fn silent(py: Python<'_>, silence: Silence, call: &'static str) {
    SILENCES.fetch_or(1 << silence as u8, Ordering::Relaxed);
    tell(py, "silent", (silence.name(), call));
}
