//! The numbers of the system's headers, by the names that POSIX and Linux give them.
//!
//! A system has all of them: where it lacks one, `portable` says what stands for it. A flag that is missing is 0 unless
//! another call does its work; an option that is missing is a number that the system refuses (ENOPROTOOPT).

mod errno_names;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
mod portable;

pub(crate) use libc::{
    AF_INET, AF_INET6, CLOCK_MONOTONIC, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EAI_NONAME,
    EALREADY, EBADF, ECONNABORTED, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EDOM, EEXIST, EHOSTDOWN,
    EHOSTUNREACH, EINPROGRESS, EINTR, EINVAL, EIO, EISCONN, EMFILE, EMSGSIZE, ENETDOWN, ENETUNREACH, ENFILE,
    ENOBUFS, ENOENT, ENOMEM, ENOPROTOOPT, ENOSYS, ENOTCONN, EOPNOTSUPP, EPERM, EPIPE, EPROTONOSUPPORT,
    ETIMEDOUT, IP_RECVTTL, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, IPV6_UNICAST_HOPS,
    MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_TRUNC, POLLIN, POLLOUT, SHUT_RD, SHUT_RDWR, SHUT_WR, SO_RCVLOWAT,
    SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET,
};

/// Those that the recording alone uses.
#[cfg(feature = "trace")]
pub(crate) use libc::{CLOCK_REALTIME, EBUSY, EFBIG, ENOSPC, STDERR_FILENO};

pub(crate) use errno_names::errno_name;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
pub(crate) use linux::*;
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
pub(crate) use portable::*;
