//! The handle of a socket: its life, and how long its calls wait.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use capsock::Error;
use capsock::net::timeout::from_millis;
use capsock::net::{BlockingSocket, Family, Kind, SocketCall, WaitPolicy};

use crate::guard::{guard, guard_or};
use crate::pointer::{give_handle, given};
use crate::status::capsock_status;
use crate::time::CAPSOCK_NO_LIMIT;
use crate::trace::introduce;

/// A TCP or UDP socket over IPv4 or IPv6, for the BSD call flow: each function is the call of its
/// name, takes and gives the system's numbers and `struct sockaddr`, and fails with a status.
///
/// What is different from the calls of the system: a call that waits has the socket's timeout, if one
/// is set; closing the socket ends the calls of other threads; SIGPIPE is never raised, nor is a datagram
/// cut in silence; the descriptor is not inherited by exec(3).
///
/// Closing a socket interrupts the threads that are blocked in it by a real-time signal for which the
/// program has no handler; each thread has it unblocked from its first call on.
///
/// Several threads may use a socket at once. In a program with one thread, a child of fork(2) may use
/// it as well, and closes and frees its own.
pub struct capsock_socket {
    pub(crate) core: BlockingSocket,
    pub(crate) family: Family,
    timeout_ms: AtomicI64,
    interruptible: AtomicBool,
}

impl capsock_socket {
    pub(crate) fn new(core: BlockingSocket, family: Family) -> capsock_socket {
        capsock_socket {
            core,
            family,
            timeout_ms: AtomicI64::new(CAPSOCK_NO_LIMIT),
            interruptible: AtomicBool::new(false),
        }
    }

    /// How the next call waits.
    pub(crate) fn policy(&self) -> WaitPolicy {
        // Checked when it was set.
        let timeout = from_millis("the timeout", self.timeout_ms.load(Ordering::Relaxed)).unwrap_or_default();
        WaitPolicy { timeout, on_interrupt: self.interruptible.load(Ordering::Relaxed).then_some(|| true) }
    }
}

/// socket(2): AF_INET or AF_INET6; SOCK_STREAM or SOCK_DGRAM; the protocol 0, IPPROTO_TCP or
/// IPPROTO_UDP. SOCK_NONBLOCK added to the type is a timeout of 0; SOCK_CLOEXEC is implied. It is freed with `capsock_socket_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_ADDRESS_NOT_AVAILABLE` where the machine has no such
/// family, `CAPSOCK_OUT_OF_RESOURCES`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_new(
    family: c_int,
    kind: c_int,
    protocol: c_int,
    socket: Option<&mut MaybeUninit<Option<Box<capsock_socket>>>>,
) -> capsock_status {
    guard(|| {
        introduce();
        let socket = given(socket, "socket")?;
        let family = Family::from_number(family)?;
        let core_kind = Kind::from_numbers(kind, protocol)?;
        let nonblocking = kind & libc::SOCK_NONBLOCK != 0;
        let core = BlockingSocket::new(family, core_kind, nonblocking)
            .map_err(|errno| Error::os(errno.0, "make a socket"))?;
        let made = capsock_socket::new(core, family);
        if nonblocking {
            made.timeout_ms.store(0, Ordering::Relaxed);
        }
        give_handle(socket, made);
        Ok(())
    })
}

/// Sets how long each call from now on waits at most, in milliseconds: accept, connect, send and
/// receive, which end with `CAPSOCK_TIMED_OUT`. 0 is not at all, and a call that would have to wait says
/// EAGAIN (a connect EINPROGRESS) in `capsock_last_errno`. With `CAPSOCK_NO_LIMIT`, as at first, each call is
/// the system's: it waits as O_NONBLOCK, SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT and the flags say, and where it
/// would not wait or not any longer, it says EAGAIN.
///
/// The descriptor has O_NONBLOCK while there is a timeout, and has it not while there is none.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_set_timeout(
    socket: Option<&capsock_socket>,
    timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let timeout = from_millis("the timeout", timeout_ms)?;
        let mode = socket.core.set_nonblocking(timeout.is_some());
        mode.map_err(|errno| socket.core.error(SocketCall::SetTimeout, errno))?;
        socket.timeout_ms.store(timeout_ms, Ordering::Relaxed);
        Ok(())
    })
}

/// The timeout in milliseconds; -1 if `socket` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_timeout(socket: Option<&capsock_socket>) -> i64 {
    guard_or(-1, || Ok(given(socket, "socket")?.timeout_ms.load(Ordering::Relaxed)))
}

/// Sets whether a signal handler that ran in the calling thread ends its blocking call with
/// `CAPSOCK_INTERRUPTED`. Not so at first: the call goes on, with SA_RESTART or without.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_set_interruptible(
    socket: Option<&capsock_socket>,
    interruptible: bool,
) -> capsock_status {
    guard(|| {
        given(socket, "socket")?.interruptible.store(interruptible, Ordering::Relaxed);
        Ok(())
    })
}

/// Whether a signal ends a blocking call; false if `socket` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_interruptible(socket: Option<&capsock_socket>) -> bool {
    guard_or(false, || Ok(given(socket, "socket")?.interruptible.load(Ordering::Relaxed)))
}

/// The descriptor, for poll(2), select(2) and calls that are not here; -1 once closed, or if `socket`
/// is NULL. It stays the socket's, which alone closes it; its mode (O_NONBLOCK) is changed by
/// `capsock_socket_set_timeout`. A close does not end another thread's poll(2).
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_descriptor(socket: Option<&capsock_socket>) -> c_int {
    guard_or(-1, || Ok(given(socket, "socket")?.core.fd()))
}

/// close(2). Calls that other threads are blocked in end with `CAPSOCK_CLOSED`, as every later one.
/// Closing twice is no error. The socket is still to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_close(socket: Option<&capsock_socket>) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        socket.core.close().map_err(|errno| Error::os(errno.0, "close the socket"))
    })
}

/// Closes the socket, if it is open, and frees it. NULL is nothing. No other call may use the socket
/// meanwhile: close it first, and wait for those calls to return.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_free(socket: Option<Box<capsock_socket>>) {
    guard_or((), || {
        drop(socket);
        Ok(())
    });
}
