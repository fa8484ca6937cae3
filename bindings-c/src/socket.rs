//! The socket handle: its functions to make, close and free it, and its timeout.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use capsock::Error;
use capsock::net::timeout::from_millis;
use capsock::net::{BlockingSocket, Family, Kind, SocketCall, WaitPolicy};

use crate::descriptor::{NO_SOCKET, capsock_fd, number_of};
use crate::guard::{guard, guard_or};
use crate::pointer::{give_handle, given};
use crate::status::capsock_status;
use crate::system::{SIGNALS_INTERRUPT, SOCK_NONBLOCK};
use crate::time::CAPSOCK_NO_LIMIT;
use crate::trace::set_process_info;

/// A TCP or UDP socket over IPv4 or IPv6. Each function makes the system call of the same name,
/// with the system's constants and `struct sockaddr`, and returns a status.
///
/// Differences from the system calls: a blocking call has the socket's timeout, if one is set;
/// closing the socket unblocks calls in other threads; no call raises SIGPIPE or truncates a
/// datagram without an error; the descriptor is not inherited by exec(3).
///
/// Closing a socket interrupts blocked threads with a real-time signal for which the program has no
/// handler. Each thread has that signal unblocked from its first call on.
///
/// Several threads may use a socket at the same time. In a single-threaded program, a child of
/// fork(2) may use the socket as well; it closes and frees its own copy.
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
        WaitPolicy {
            timeout,
            on_interrupt: (SIGNALS_INTERRUPT && self.interruptible.load(Ordering::Relaxed))
                .then_some(|| true),
        }
    }
}

/// socket(2). `family` is AF_INET or AF_INET6; `kind` is SOCK_STREAM or SOCK_DGRAM; `protocol` is
/// 0, IPPROTO_TCP or IPPROTO_UDP. SOCK_NONBLOCK in `kind` sets a timeout of 0; SOCK_CLOEXEC is
/// implied. The socket is freed with `capsock_socket_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_ADDRESS_NOT_AVAILABLE` if the system does not
/// support the family, `CAPSOCK_OUT_OF_RESOURCES`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_new(
    family: c_int,
    kind: c_int,
    protocol: c_int,
    socket: Option<&mut MaybeUninit<Option<Box<capsock_socket>>>>,
) -> capsock_status {
    guard(|| {
        set_process_info();
        let socket = given(socket, "socket")?;
        let family = Family::from_number(family)?;
        let core_kind = Kind::from_numbers(kind, protocol)?;
        let nonblocking = kind & SOCK_NONBLOCK != 0;
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

/// Sets the timeout of blocking calls, in milliseconds: accept, connect, send and receive then fail
/// with `CAPSOCK_TIMED_OUT`. With 0, a call that would block fails with EAGAIN (connect:
/// EINPROGRESS) in `capsock_last_errno`. With `CAPSOCK_NO_LIMIT`, the default, each call is
/// passed to the system unchanged: O_NONBLOCK, SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT and the flags
/// have their usual effect, and a call that they do not let block any longer fails with EAGAIN.
///
/// The descriptor has O_NONBLOCK set while there is a timeout, and cleared while there is none.
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

/// Sets whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in
/// its thread. By default the call is restarted after EINTR, whether or not the handler was
/// installed with SA_RESTART.
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

/// Whether a signal interrupts a blocking call; false if `socket` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_interruptible(socket: Option<&capsock_socket>) -> bool {
    guard_or(false, || Ok(given(socket, "socket")?.interruptible.load(Ordering::Relaxed)))
}

/// The file descriptor, for poll(2), select(2) and other system calls; -1 (on Windows
/// INVALID_SOCKET) if the socket is closed or NULL. The descriptor belongs to the socket: do not
/// close it. `capsock_socket_set_timeout` changes its O_NONBLOCK; on Windows it never blocks
/// (FIONBIO), and the functions here do. Closing the socket does not unblock poll(2) in another
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_descriptor(socket: Option<&capsock_socket>) -> capsock_fd {
    guard_or(NO_SOCKET, || Ok(number_of(given(socket, "socket")?.core.fd())))
}

/// close(2). Calls that are blocked in other threads, and each later call, fail with
/// `CAPSOCK_CLOSED`. Closing it again is no error. The socket has to be freed as well.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_close(socket: Option<&capsock_socket>) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        socket.core.close().map_err(|errno| Error::os(errno.0, "close the socket"))
    })
}

/// Closes the socket, if it is open, and frees it. NULL has no effect. No other call may use the
/// socket at the same time: close it first, and wait until the other calls have returned.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_free(socket: Option<Box<capsock_socket>>) {
    guard_or((), || {
        drop(socket);
        Ok(())
    });
}
