//! What a `capsock.socket.socket` has in its slot `_capsock_core`.

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use capsock::net::{BlockingSocket, Family, Kind, WaitError, WaitPolicy};
use pyo3::prelude::*;

use super::QUICK;
use super::address::Known;
use super::fault::{exception, os_error};
use super::hints;
use super::story::Story;
use crate::blocking::{alone, interrupted, without_gil};

/// A TCP or UDP socket of the core, and the timeout of its calls.
///
/// The descriptor is closed by close() alone: an object that is merely forgotten leaves it to
/// `_socket.socket`, which warns of it.
#[pyclass(frozen, module = "capsock._native")]
pub(crate) struct InetSocket {
    socket: BlockingSocket,
    family: Family,
    /// Nanoseconds; negative is no limit.
    timeout: AtomicI64,
    /// The address that was seen last, and the tuple that it is in Python.
    pub(super) known: Mutex<Option<Known>>,
    pub(super) story: Story,
}

/// Family and kind, if these three say a TCP or UDP socket over IPv4 or IPv6.
fn tcp_or_udp(family: i32, kind: i32, protocol: i32) -> Option<(Family, Kind)> {
    Some((Family::from_number(family).ok()?, Kind::from_numbers(kind, protocol).ok()?))
}

#[pymethods]
impl InetSocket {
    /// Make a socket; None if the core has none of that kind.
    #[staticmethod]
    #[pyo3(signature = (family, kind, protocol, /))]
    fn open(
        py: Python<'_>,
        family: &Bound<'_, PyAny>,
        kind: &Bound<'_, PyAny>,
        protocol: &Bound<'_, PyAny>,
    ) -> PyResult<Option<InetSocket>> {
        // What is no number is for _socket.socket to refuse.
        let (Ok(family), Ok(mode), Ok(protocol)) =
            (family.extract::<i32>(), kind.extract::<i32>(), protocol.extract::<i32>())
        else {
            return Ok(None);
        };
        let Some((family, kind)) = tcp_or_udp(family, mode, protocol) else { return Ok(None) };
        let socket = BlockingSocket::new(family, kind, mode & libc::SOCK_NONBLOCK != 0)
            .map_err(|errno| os_error(py, errno.0))?;
        Ok(Some(InetSocket::of(socket, family)))
    }

    /// Share a descriptor that _socket.socket has; None if it is not a socket of the core's kinds.
    #[staticmethod]
    #[pyo3(signature = (fileno, family, kind, protocol, /))]
    fn adopt(fileno: RawFd, family: i32, kind: i32, protocol: i32) -> Option<InetSocket> {
        let (family, kind) = tcp_or_udp(family, kind, protocol).filter(|_| fileno >= 0)?;
        // SAFETY: the number is not negative. The descriptor belongs to the object of _socket.socket that holds
        // this one: it closes it, or gives it up to close() here; what is forgotten does not close it.
        let socket =
            InetSocket::of(BlockingSocket::from_fd(unsafe { OwnedFd::from_raw_fd(fileno) }, kind), family);
        socket.story.adopted();
        // The caller may be wrong about the family, as socket.fromfd() lets it be.
        socket.socket.local_addr().ok().map(|_| socket)
    }

    /// The descriptor; -1 once closed or given up.
    fn fileno(&self) -> RawFd {
        self.socket.fd()
    }

    /// Close the descriptor and end the calls that other threads are blocked in.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        hints::closing(py, self);
        match py.detach(|| self.socket.close()) {
            // The peer's reset is no failure of close(), as in the standard library.
            Err(errno) if errno.0 != libc::ECONNRESET => Err(os_error(py, errno.0)),
            _ => Ok(()),
        }
    }

    /// Give the descriptor up, end the calls that other threads are blocked in, and return it; None if the socket
    /// was closed or given up before.
    fn detach(&self, py: Python<'_>) -> Option<RawFd> {
        py.detach(|| self.socket.detach()).map(IntoRawFd::into_raw_fd)
    }

    /// For a hint: the last receive, its size and how many bytes wait, if it left them in the stream.
    fn left(&self) -> Option<(&'static str, usize, usize)> {
        hints::left(self)
    }

    /// Have the timeout of _socket.socket: seconds, or None.
    pub(super) fn set_timeout(&self, seconds: Option<f64>) {
        let nanoseconds = seconds.map_or(-1, |seconds| (seconds * 1e9).ceil() as i64);
        self.timeout.store(nanoseconds, Ordering::Relaxed);
    }
}

impl InetSocket {
    fn of(socket: BlockingSocket, family: Family) -> InetSocket {
        InetSocket {
            socket,
            family,
            timeout: AtomicI64::new(-1),
            known: Mutex::new(None),
            story: Story::default(),
        }
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    pub(super) fn socket(&self) -> &BlockingSocket {
        &self.socket
    }

    pub(super) fn is_stream(&self) -> bool {
        self.socket.kind() == Kind::Stream
    }

    /// How long a call may wait. Without a timeout, and with one of 0, which is a descriptor with O_NONBLOCK, the call
    /// is the system's own, as in the standard library.
    pub(super) fn policy(&self) -> WaitPolicy {
        let timeout = u64::try_from(self.timeout.load(Ordering::Relaxed)).ok().filter(|timeout| *timeout > 0);
        WaitPolicy { timeout: timeout.map(Duration::from_nanos), on_interrupt: Some(interrupted) }
    }

    /// How long a call with these flags may wait, and the flags that are left: a socket with a timeout waits whatever
    /// MSG_DONTWAIT says, as in the standard library.
    pub(super) fn patience_with(&self, flags: i32) -> (WaitPolicy, i32) {
        let policy = self.policy();
        (policy, if policy.timeout.is_some() { flags & !libc::MSG_DONTWAIT } else { flags })
    }

    /// Makes a call that waits as `policy` says, for `bytes` bytes at most.
    ///
    /// If there is no other thread, a short one is tried with the GIL held: to let go of it would cost more than
    /// it gives. If the call has to wait then, other threads could come into being by a signal's handler, so the
    /// wait is without it.
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
                Err(WaitError::Os(errno)) if errno.0 == libc::EAGAIN => {}
                ended => return ended.map_err(|fault| exception(py, fault)),
            }
        }
        self.without_gil(py, policy, call)?.map_err(|fault| exception(py, fault))
    }

    /// Makes a call without the GIL. A timeout that another thread has set meanwhile has set O_NONBLOCK too, and is not
    /// for this call to fail by: it waits on.
    pub(super) fn without_gil<T: Send>(
        &self,
        py: Python<'_>,
        policy: WaitPolicy,
        mut call: impl FnMut(&BlockingSocket, WaitPolicy) -> Result<T, WaitError> + Send,
    ) -> PyResult<Result<T, WaitError>> {
        without_gil(py, || match call(&self.socket, policy) {
            Err(WaitError::Os(errno)) if errno.0 == libc::EAGAIN && policy.timeout.is_none() => {
                let now = self.policy();
                if now.timeout.is_some() { call(&self.socket, now) } else { Err(WaitError::Os(errno)) }
            }
            ended => ended,
        })
    }
}

impl Drop for InetSocket {
    fn drop(&mut self) {
        let _ = self.socket.detach().map(IntoRawFd::into_raw_fd);
    }
}
