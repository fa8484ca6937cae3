//! The system's numbers, by the names of POSIX.
#![allow(unused_imports, dead_code, reason = "each test binary uses a part of it")]

#[cfg(unix)]
pub(crate) use libc::{
    EADDRINUSE, EAGAIN, EBADF, EBUSY, ECONNREFUSED, EDESTADDRREQ, EINVAL, EIO, EISCONN, EMSGSIZE,
    ENOPROTOOPT, ENOSPC, ENOTCONN, EOPNOTSUPP, ETIMEDOUT, IP_RECVTTL, IP_TTL, IPPROTO_IP, MSG_PEEK,
    MSG_WAITALL,
};
#[cfg(windows)]
pub(crate) use windows_sys::Win32::Networking::WinSock::{
    IP_RECVTTL, IP_TTL, IPPROTO_IP, MSG_PEEK, MSG_WAITALL, WSAEADDRINUSE as EADDRINUSE,
    WSAECONNREFUSED as ECONNREFUSED, WSAEINVAL as EINVAL, WSAEISCONN as EISCONN, WSAEMSGSIZE as EMSGSIZE,
    WSAENOPROTOOPT as ENOPROTOOPT, WSAENOTCONN as ENOTCONN, WSAENOTCONN as EDESTADDRREQ,
    WSAENOTSOCK as EBADF, WSAEOPNOTSUPP as EOPNOTSUPP, WSAETIMEDOUT as ETIMEDOUT, WSAEWOULDBLOCK as EAGAIN,
};

#[cfg(windows)]
pub(crate) const EBUSY: i32 = windows_sys::Win32::Foundation::ERROR_BUSY as i32;

/// The name of the number of a connect that goes on.
pub(crate) const IN_PROGRESS: &str = if cfg!(windows) { "WSAEWOULDBLOCK" } else { "EINPROGRESS" };
