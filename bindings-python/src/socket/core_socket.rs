//! The object in the slot `_capsock_core` of a `capsock.socket.socket`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use capsock::net::{BlockingSocket, Family, Kind, WaitError, WaitPolicy};
use capsock::trace;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::QUICK;
use super::address::AddressCache;
use super::call::CallResult;
use super::history::History;
use super::observer;
use super::variable::VariableName;
use super::wait_error::exception;
use crate::blocking::{alone, interrupted, without_gil};
use crate::system::{
    self, EAGAIN, ECONNRESET, Fileno, MSG_DONTWAIT, SOCK_NONBLOCK, fileno_of, into_fileno, os_error,
};

/// A TCP or UDP socket of the core, and the timeout of its calls.
///
/// Only close() closes the descriptor. Dropping the object leaves it to `_socket.socket`, which warns of a socket that
/// was not closed.
#[pyclass(frozen, module = "capsock._native")]
pub(crate) struct InetSocket {
    socket: BlockingSocket,
    family: Family,
    /// Nanoseconds; negative is no limit.
    timeout: AtomicI64,
    addresses: AddressCache,
    pub(super) history: History,
    variable: VariableName,
}

/// Family and kind, if the arguments of socket(2) describe a TCP or UDP socket over IPv4 or IPv6.
fn tcp_or_udp(family: i32, kind: i32, protocol: i32) -> Option<(Family, Kind)> {
    Some((Family::from_number(family).ok()?, Kind::from_numbers(kind, protocol).ok()?))
}

#[pymethods]
impl InetSocket {
    /// Make a socket; None if the core has no such kind.
    #[staticmethod]
    #[pyo3(signature = (family, kind, protocol, /))]
    fn open(
        py: Python<'_>,
        family: &Bound<'_, PyAny>,
        kind: &Bound<'_, PyAny>,
        protocol: &Bound<'_, PyAny>,
    ) -> PyResult<Option<InetSocket>> {
        // _socket.socket raises the exception for an argument that is no number.
        let (Ok(family), Ok(mode), Ok(protocol)) =
            (family.extract::<i32>(), kind.extract::<i32>(), protocol.extract::<i32>())
        else {
            return Ok(None);
        };
        let Some((family, kind)) = tcp_or_udp(family, mode, protocol) else { return Ok(None) };
        let socket = BlockingSocket::new(family, kind, mode & SOCK_NONBLOCK != 0)
            .map_err(|errno| os_error(py, errno.0))?;
        Ok(Some(InetSocket::of(socket, family)))
    }

    /// Use a descriptor that _socket.socket owns; None if it is not a socket of the core's kinds.
    #[staticmethod]
    #[pyo3(signature = (fileno, family, kind, protocol, /))]
    fn adopt(fileno: Fileno, family: i32, kind: i32, protocol: i32) -> Option<InetSocket> {
        let (family, kind) = tcp_or_udp(family, kind, protocol)?;
        // SAFETY: the descriptor belongs to the object of _socket.socket that holds this one: it closes it, or gives it
        // up to close() here; what is forgotten does not close it.
        let descriptor = unsafe { system::descriptor(fileno) }?;
        let socket = InetSocket::of(BlockingSocket::from_fd(descriptor, kind), family);
        socket.history.adopted();
        // The caller may be wrong about the family, as socket.fromfd() lets it be.
        match socket.socket.local_addr() {
            Err(errno) if !system::may_lack_an_address(errno.0) => None,
            _ => Some(socket),
        }
    }

    /// The descriptor; -1 once closed or detached.
    fn fileno(&self) -> Fileno {
        fileno_of(self.socket.fd())
    }

    /// Close the descriptor and unblock the pending calls of other threads.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if observer::is_enabled()
            && let Some(left) = self.left()
        {
            observer::notify(py, "left", left);
        }
        match py.detach(|| self.socket.close()) {
            // As in the standard library, a reset by the peer is no error of close().
            Err(errno) if errno.0 != ECONNRESET => Err(os_error(py, errno.0)),
            _ => Ok(()),
        }
    }

    /// Return the descriptor without closing it, and unblock the pending calls of other threads; None if the socket was
    /// closed or detached before.
    fn detach(&self, py: Python<'_>) -> Option<Fileno> {
        py.detach(|| self.socket.detach()).map(into_fileno)
    }

    /// For a hint: what a close() now would lose, as the name and the size of the last receive and the number of bytes
    /// that have arrived since.
    fn left(&self) -> Option<(&'static str, usize, usize)> {
        let (call, size) = self.history.last_partial()?;
        let waiting = self.socket.available().ok().filter(|waiting| *waiting > 0)?;
        Some((call, size, waiting))
    }

    /// Set the timeout of the calls, that of _socket.socket: seconds, or None.
    pub(super) fn set_timeout(&self, seconds: Option<f64>) {
        let nanoseconds = seconds.map_or(-1, |seconds| (seconds * 1e9).ceil() as i64);
        self.timeout.store(nanoseconds, Ordering::Relaxed);
        system::mode_has_changed(&self.socket, seconds.is_some());
    }
}

impl InetSocket {
    fn of(socket: BlockingSocket, family: Family) -> InetSocket {
        InetSocket {
            socket,
            family,
            timeout: AtomicI64::new(-1),
            addresses: AddressCache::default(),
            history: History::default(),
            variable: VariableName::default(),
        }
    }

    /// Makes a call on the socket, which is that of the Python object `of`. In a trace it has the name of the caller's
    /// variable.
    #[inline(always)]
    pub(super) fn named<T>(&self, of: &Bound<'_, PyAny>, call: impl FnOnce() -> T) -> T {
        if !trace::is_recording() {
            return call();
        }
        trace::with_variable(self.socket.fd(), self.variable.of(of), call)
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    pub(super) fn socket(&self) -> &BlockingSocket {
        &self.socket
    }

    /// Converts an address from Python.
    pub(super) fn address(&self, object: &Bound<'_, PyAny>) -> CallResult<SocketAddr> {
        self.addresses.address(self.family, object)
    }

    /// Converts an address to Python.
    pub(super) fn tuple<'py>(&self, py: Python<'py>, address: SocketAddr) -> PyResult<Bound<'py, PyTuple>> {
        self.addresses.tuple(py, address)
    }

    pub(super) fn is_stream(&self) -> bool {
        self.socket.kind() == Kind::Stream
    }

    /// How long a call may wait. Without a timeout, and with a timeout of 0, for which the descriptor has O_NONBLOCK, the
    /// call is the system's own, as in the standard library.
    pub(super) fn policy(&self) -> WaitPolicy {
        let timeout = u64::try_from(self.timeout.load(Ordering::Relaxed)).ok().filter(|timeout| *timeout > 0);
        WaitPolicy { timeout: timeout.map(Duration::from_nanos), on_interrupt: Some(interrupted) }
    }

    /// How long a call with these flags may wait, and the flags for the system: with a timeout, MSG_DONTWAIT has no
    /// effect, as in the standard library.
    pub(super) fn policy_and_flags(&self, flags: i32) -> (WaitPolicy, i32) {
        let policy = self.policy();
        (policy, if policy.timeout.is_some() { flags & !MSG_DONTWAIT } else { flags })
    }

    /// Makes a call that waits as `policy` says, for `bytes` bytes at most.
    ///
    /// In a program of one thread, a short call is tried with the GIL held first, because releasing it would cost more
    /// than the call. A wait releases it: a signal handler may start threads meanwhile.
    pub(super) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        bytes: usize,
        policy: WaitPolicy,
        mut call: impl FnMut(&BlockingSocket, WaitPolicy) -> Result<T, WaitError> + Send,
    ) -> PyResult<T> {
        let socket = &self.socket;
        if bytes <= QUICK && alone(py) {
            match call(socket, WaitPolicy::NONBLOCKING) {
                Err(WaitError::Os(errno)) if errno.0 == EAGAIN => {}
                ended => return ended.map_err(|error| exception(py, error)),
            }
        }
        self.without_gil(py, policy, call)?.map_err(|error| exception(py, error))
    }

    /// Makes a call without the GIL. If another thread sets a timeout during the call, it sets O_NONBLOCK too; the call
    /// then does not fail with EAGAIN, but waits with that timeout.
    pub(super) fn without_gil<T: Send>(
        &self,
        py: Python<'_>,
        policy: WaitPolicy,
        mut call: impl FnMut(&BlockingSocket, WaitPolicy) -> Result<T, WaitError> + Send,
    ) -> PyResult<Result<T, WaitError>> {
        without_gil(py, || match call(&self.socket, policy) {
            Err(WaitError::Os(errno)) if errno.0 == EAGAIN && policy.timeout.is_none() => {
                let now = self.policy();
                if now.timeout.is_some() { call(&self.socket, now) } else { Err(WaitError::Os(errno)) }
            }
            ended => ended,
        })
    }
}

impl Drop for InetSocket {
    fn drop(&mut self) {
        let _ = self.socket.detach().map(into_fileno);
    }
}
