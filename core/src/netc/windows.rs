//! Winsock's numbers (winsock2.h, ws2tcpip.h), by the names of POSIX.
//!
//! An error of a socket has the number of WSAGetLastError, any other one that of GetLastError; `io::Error` has the texts of
//! both.

use std::ffi::{c_int, c_short, c_void};

use windows_sys::Win32::Foundation as win;
use windows_sys::Win32::Networking::WinSock as ws;

pub(crate) use ws::{
    IP_PKTINFO, IP_RECVTTL, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, IPV6_UNICAST_HOPS,
    MSG_OOB, MSG_PEEK, MSG_WAITALL, POLLIN, SD_BOTH as SHUT_RDWR, SD_RECEIVE as SHUT_RD, SD_SEND as SHUT_WR,
    SO_ACCEPTCONN, SO_RCVLOWAT, SOCK_DGRAM, SOCK_STREAM, SOCKADDR_IN6 as sockaddr_in6,
    SOCKADDR_STORAGE as sockaddr_storage, SOL_SOCKET, WSAEACCES as EACCES, WSAEADDRINUSE as EADDRINUSE,
    WSAEADDRNOTAVAIL as EADDRNOTAVAIL, WSAEAFNOSUPPORT as EAFNOSUPPORT, WSAEALREADY as EALREADY,
    WSAECONNABORTED as ECONNABORTED, WSAECONNREFUSED as ECONNREFUSED, WSAECONNRESET as ECONNRESET,
    WSAEDESTADDRREQ as EDESTADDRREQ, WSAEHOSTDOWN as EHOSTDOWN, WSAEHOSTUNREACH as EHOSTUNREACH,
    WSAEINTR as EINTR, WSAEINVAL as EINVAL, WSAEISCONN as EISCONN, WSAEMFILE as EMFILE,
    WSAEMSGSIZE as EMSGSIZE, WSAENETDOWN as ENETDOWN, WSAENETUNREACH as ENETUNREACH, WSAENOBUFS as ENOBUFS,
    WSAENOPROTOOPT as ENOPROTOOPT, WSAENOTCONN as ENOTCONN, WSAENOTSOCK as EBADF, WSAENOTSOCK as ENOTSOCK,
    WSAEOPNOTSUPP as EOPNOTSUPP, WSAEPROTONOSUPPORT as EPROTONOSUPPORT, WSAEPROTOTYPE as EPROTOTYPE,
    WSAESHUTDOWN as EPIPE, WSAETIMEDOUT as ETIMEDOUT, WSAEWOULDBLOCK as EAGAIN,
    WSAHOST_NOT_FOUND as EAI_NONAME,
};

/// A connect without blocking reports that it would block.
pub(crate) const EINPROGRESS: c_int = ws::WSAEWOULDBLOCK;

pub(crate) const AF_INET: c_int = ws::AF_INET as c_int;
pub(crate) const AF_INET6: c_int = ws::AF_INET6 as c_int;
pub(crate) const MSG_TRUNC: c_int = ws::MSG_TRUNC as c_int;
pub(crate) const IPV6_RECVPKTINFO: c_int = ws::IPV6_PKTINFO;
pub(crate) const IPV6_RECVHOPLIMIT: c_int = ws::IPV6_HOPLIMIT;

pub(crate) const EDOM: c_int = win::ERROR_INVALID_PARAMETER as c_int;
pub(crate) const EEXIST: c_int = win::ERROR_ALREADY_EXISTS as c_int;
pub(crate) const EIO: c_int = win::ERROR_GEN_FAILURE as c_int;
pub(crate) const ENFILE: c_int = win::ERROR_TOO_MANY_OPEN_FILES as c_int;
pub(crate) const ENOENT: c_int = win::ERROR_FILE_NOT_FOUND as c_int;
pub(crate) const ENOMEM: c_int = win::ERROR_NOT_ENOUGH_MEMORY as c_int;
pub(crate) const ENOSYS: c_int = win::ERROR_CALL_NOT_IMPLEMENTED as c_int;
pub(crate) const EPERM: c_int = win::ERROR_ACCESS_DENIED as c_int;

/// Those that the recording alone uses.
#[cfg(feature = "trace")]
mod recording {
    use super::{c_int, win};

    pub(crate) const EBUSY: c_int = win::ERROR_BUSY as c_int;
    pub(crate) const EFBIG: c_int = win::ERROR_FILE_TOO_LARGE as c_int;
    pub(crate) const ENOSPC: c_int = win::ERROR_DISK_FULL as c_int;
    /// The clocks of `net::sys::nanoseconds`.
    pub(crate) const CLOCK_REALTIME: c_int = 0;
}
#[cfg(feature = "trace")]
pub(crate) use recording::*;
pub(crate) const CLOCK_MONOTONIC: c_int = 1;

/// Flags of the library's, which `net::sys` takes away: its sockets never block, so MSG_DONTWAIT is in force.
pub(crate) const MSG_DONTWAIT: c_int = 1 << 30;
/// There are two segments instead of one.
pub(crate) const MSG_MORE: c_int = 1 << 29;
/// `Mode` of `net::sys`, and no child process inherits a socket.
pub(crate) const SOCK_NONBLOCK: c_int = 0;
pub(crate) const SOCK_CLOEXEC: c_int = 0;

pub(crate) const POLLOUT: c_short = ws::POLLWRNORM;

pub(crate) const SOL_UDP: c_int = IPPROTO_UDP;

#[allow(non_camel_case_types, reason = "the name of POSIX")]
pub(crate) type socklen_t = c_int;

/// The length of a buffer in an [`iovec`].
#[allow(non_camel_case_types, reason = "as the names of POSIX")]
pub(crate) type iov_length = u32;

/// A buffer of a message: a `WSABUF`.
#[allow(non_camel_case_types, reason = "the name of POSIX")]
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct iovec {
    pub(crate) iov_len: iov_length,
    pub(crate) iov_base: *mut c_void,
}

/// What `net::sys` makes a `WSAMSG` of.
#[allow(non_camel_case_types, reason = "the name of POSIX")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct msghdr {
    pub(crate) msg_name: *mut c_void,
    pub(crate) msg_namelen: socklen_t,
    pub(crate) msg_iov: *mut iovec,
    pub(crate) msg_iovlen: u32,
    pub(crate) msg_control: *mut c_void,
    pub(crate) msg_controllen: u32,
    pub(crate) msg_flags: c_int,
}

/// The header of a control message: a `WSACMSGHDR`.
#[allow(non_camel_case_types, reason = "the name of POSIX")]
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct cmsghdr {
    pub(crate) cmsg_len: usize,
    pub(crate) cmsg_level: c_int,
    pub(crate) cmsg_type: c_int,
}

/// An entry of `net::sys::poll`.
#[allow(non_camel_case_types, reason = "the name of POSIX")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct pollfd {
    pub(crate) fd: crate::net::sys::fd::RawFd,
    pub(crate) events: c_short,
    pub(crate) revents: c_short,
}

/// The name of an error number of a socket, as winerror.h has it.
pub(crate) fn errno_name(errno: i32) -> Option<&'static str> {
    macro_rules! names {
        ($($name:ident)*) => { match errno { $(ws::$name => Some(stringify!($name)),)* _ => None } };
    }
    names!(
        WSAEACCES WSAEADDRINUSE WSAEADDRNOTAVAIL WSAEAFNOSUPPORT WSAEALREADY WSAEBADF WSAECANCELLED
        WSAECONNABORTED WSAECONNREFUSED WSAECONNRESET WSAEDESTADDRREQ WSAEDISCON WSAEDQUOT WSAEFAULT
        WSAEHOSTDOWN WSAEHOSTUNREACH WSAEINPROGRESS WSAEINTR WSAEINVAL WSAEISCONN WSAELOOP WSAEMFILE
        WSAEMSGSIZE WSAENAMETOOLONG WSAENETDOWN WSAENETRESET WSAENETUNREACH WSAENOBUFS WSAENOPROTOOPT
        WSAENOTCONN WSAENOTEMPTY WSAENOTSOCK WSAEOPNOTSUPP WSAEPFNOSUPPORT WSAEPROCLIM WSAEPROTONOSUPPORT
        WSAEPROTOTYPE WSAEREMOTE WSAESHUTDOWN WSAESOCKTNOSUPPORT WSAESTALE WSAETIMEDOUT WSAETOOMANYREFS
        WSAEUSERS WSAEWOULDBLOCK WSAHOST_NOT_FOUND WSANOTINITIALISED WSANO_DATA WSANO_RECOVERY
        WSASYSNOTREADY WSATRY_AGAIN WSAVERNOTSUPPORTED
    )
}
