//! Windows. The errors of sockets have Winsock's numbers, by the names of POSIX here.

use std::os::windows::io::{FromRawSocket, IntoRawSocket, OwnedSocket, RawSocket};

use capsock::net::BlockingSocket;
use pyo3::PyTypeInfo;
use pyo3::exceptions::PyOSError;
use pyo3::ffi::PyInterpreterState;
use pyo3::prelude::*;
use windows_sys::Win32::Foundation::{GetLastError, SetLastError};
use windows_sys::Win32::Networking::WinSock as ws;
pub(crate) use windows_sys::Win32::Networking::WinSock::{
    MSG_PEEK, MSG_WAITALL, SOCK_DGRAM, WSAECONNRESET as ECONNRESET, WSAEINVAL as EINVAL,
    WSAENOTSOCK as EBADF, WSAEWOULDBLOCK as EAGAIN,
};

use crate::symbols::{INTERPRETER, SET_WINDOWS_ERROR};

pub(crate) const AF_INET: i32 = ws::AF_INET as i32;
pub(crate) const AF_INET6: i32 = ws::AF_INET6 as i32;
pub(crate) const MSG_TRUNC: i32 = ws::MSG_TRUNC as i32;
pub(crate) const SOMAXCONN: i32 = ws::SOMAXCONN as i32;

/// There are no such flags.
pub(crate) const MSG_DONTWAIT: i32 = 0;
pub(crate) const SOCK_NONBLOCK: i32 = 0;
pub(crate) const RETURN_LENGTH: i32 = 0;

/// What `__main__.py` of a package has before its name in a path.
pub(crate) const MAIN_FILES: &[&str] = &["\\__main__.py", "/__main__.py"];

/// The number of a socket, as `fileno()` returns it: the handle, or -1.
pub(crate) type Fileno = i64;

/// The number of a handle.
pub(crate) fn fileno_of(fd: RawSocket) -> Fileno {
    fd.cast_signed()
}

/// The number of a handle, which the caller owns from now on.
pub(crate) fn into_fileno(fd: OwnedSocket) -> Fileno {
    fileno_of(fd.into_raw_socket())
}

/// The socket of that number; `None` for a negative number.
///
/// # Safety
/// The socket is open, and the caller decides what closes it.
pub(crate) unsafe fn descriptor(fileno: Fileno) -> Option<OwnedSocket> {
    // SAFETY: the number is not that of no socket; by this function's contract.
    (fileno >= 0).then(|| unsafe { OwnedSocket::from_raw_socket(fileno.cast_unsigned()) })
}

/// Whether a socket whose local address cannot be read may be one of the core's: it has none before bind().
pub(crate) fn may_lack_an_address(errno: i32) -> bool {
    errno == EINVAL
}

/// After `_socket.socket` has set the mode of a socket: the system does not tell it, and a socket of the core's does not
/// block.
pub(crate) fn mode_has_changed(socket: &BlockingSocket, nonblocking: bool) {
    let _ = socket.set_nonblocking(nonblocking);
}

/// Finds datagrams that were longer than the buffer. The core's receive succeeds as on other systems, and leaves the
/// number of Winsock's error to be read.
pub(crate) struct Truncation(());

impl Truncation {
    /// Whether the length is that of the datagram.
    pub(crate) const TELLS_LENGTH: bool = false;

    /// Called before a receive.
    pub(crate) fn watch() -> Truncation {
        // SAFETY: the call takes a number.
        unsafe { SetLastError(0) };
        Truncation(())
    }

    /// The length of what a receive got into a buffer of `size` bytes, more than that if it was cut.
    pub(crate) fn length(&self, received: usize, size: usize) -> usize {
        // SAFETY: the call has no preconditions.
        let cut = received == size && unsafe { GetLastError() } == ws::WSAEMSGSIZE.cast_unsigned();
        if cut { size + 1 } else { received }
    }

    /// The exception for a datagram that was cut, as Python's sockets raise it.
    pub(crate) fn error(py: Python<'_>) -> Option<PyErr> {
        Some(os_error(py, ws::WSAEMSGSIZE))
    }
}

/// OSError(errno, text, None, winerror), as Python makes it of a number of Winsock's.
pub(crate) fn os_error(py: Python<'_>, errno: i32) -> PyErr {
    let Some(set_windows_error) = SET_WINDOWS_ERROR.get() else {
        let text = std::io::Error::from_raw_os_error(errno).to_string();
        return os_error_with_text::<PyOSError>(errno, text);
    };
    // SAFETY: the GIL is held, and the class is a reference that the interpreter holds.
    unsafe { set_windows_error(py.get_type::<PyOSError>().as_ptr(), errno) };
    PyErr::fetch(py)
}

/// An exception of OSError or a class under it: (errno, text, None, winerror). Python makes the errno of the last.
pub(crate) fn os_error_with_text<T: PyTypeInfo>(errno: i32, text: String) -> PyErr {
    PyErr::new::<T, _>((errno, text, None::<String>, errno))
}

/// There are no signals that a thread could block.
pub(crate) fn block_signals() {}

/// The interpreter of this thread; `None` if it is unknown.
pub(crate) fn interpreter(_: Python<'_>) -> Option<*mut PyInterpreterState> {
    // SAFETY: the GIL is held, so this thread has its state.
    INTERPRETER.get().map(|interpreter| unsafe { interpreter() })
}
