//! The numbers of POSIX' names, and of those that Linux, macOS and the BSDs do not share.

use capsock::net::Errno;

use super::{NamedErrors, SystemOption};

pub(in super::super) use libc::{
    EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EBADF, ECONNREFUSED, EINTR, EINVAL, ENOBUFS, ENOPROTOOPT,
    IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF, IP_MULTICAST_LOOP, IP_MULTICAST_TTL, IP_TOS,
    IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_LOOP,
    IPV6_V6ONLY, MSG_OOB, MSG_PEEK, SO_BROADCAST, SO_KEEPALIVE, SO_LINGER, SO_OOBINLINE, SO_RCVBUF,
    SO_REUSEADDR, SO_SNDBUF, SOL_SOCKET, TCP_KEEPCNT, TCP_KEEPINTVL, TCP_NODELAY,
};

pub(in super::super) const NAMED_ERRORS: NamedErrors = [
    Some(libc::EAGAIN),
    Some(libc::ECONNREFUSED),
    Some(libc::ECONNRESET),
    Some(libc::EINPROGRESS),
    Some(libc::EALREADY),
    Some(libc::ECONNABORTED),
    Some(libc::EMSGSIZE),
    Some(libc::EADDRINUSE),
    Some(libc::EADDRNOTAVAIL),
    Some(libc::EACCES),
    Some(libc::ENOTCONN),
    Some(libc::ETIMEDOUT),
    Some(libc::EHOSTUNREACH),
    Some(libc::EPROTO),
];

/// The flag with which a receive returns the length of a datagram that is longer than the buffer.
pub(in super::super) const MSG_TRUNC: i32 = libc::MSG_TRUNC;

/// How many bytes of a datagram are received for a packet with so much room: the length of a longer one is told.
#[inline]
pub(in super::super) fn receive_length(room: usize, _longest: usize) -> usize {
    room
}

/// Whether a socket has to be removed from pollers before it is closed.
pub(in super::super) const FORGETS_BEFORE_CLOSE: bool = false;

/// The smallest receive buffer: with less of it, a system has no room for a packet's own structures.
pub(in super::super) const SMALLEST_BUFFER: i32 = 1024;

pub(in super::super) const SO_REUSEPORT: Option<SystemOption> = Some((libc::SOL_SOCKET, libc::SO_REUSEPORT));

pub(in super::super) const IPV6_TRAFFIC_CLASS: Option<SystemOption> =
    Some((libc::IPPROTO_IPV6, libc::IPV6_TCLASS));

/// Whether a traffic class of a stream is set.
pub(in super::super) const SETS_TRAFFIC_CLASS_OF_STREAMS: bool = true;

/// Whether the JDK ignores the error of setting or reading an option.
pub(in super::super) fn is_ignored(_option: SystemOption, _errno: Errno) -> bool {
    false
}

/// The value of SO_LINGER: `struct linger`.
pub(in super::super) fn linger_bytes(on: bool, seconds: u16) -> impl AsRef<[u8]> {
    let linger = [i32::from(on).to_ne_bytes(), i32::from(seconds).to_ne_bytes()];
    [0, 1, 2, 3, 4, 5, 6, 7].map(|at| linger[at / 4][at % 4])
}

/// Whether SO_LINGER is on, and its seconds.
pub(in super::super) fn linger_of([a, b, c, d, e, f, g, h]: [u8; 8]) -> (bool, i32) {
    // The kernel of macOS has 16 bits for the seconds, and extends their sign.
    (i32::from_ne_bytes([a, b, c, d]) != 0, i32::from_ne_bytes([e, f, g, h]) & 0xffff)
}

/// The system's words alone: the JDK has no more in its exceptions, and programs compare them.
pub(in super::super) fn error_text(errno: i32, _call: &str) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.rsplit_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_owned()
}

#[cfg(target_os = "linux")]
mod system {
    use super::SystemOption;

    pub(in super::super::super) const TCP_QUICKACK: Option<SystemOption> =
        Some((libc::IPPROTO_TCP, libc::TCP_QUICKACK));
    pub(in super::super::super) const SO_INCOMING_NAPI_ID: Option<SystemOption> =
        Some((libc::SOL_SOCKET, libc::SO_INCOMING_NAPI_ID));
    pub(in super::super::super) const TCP_KEEPIDLE: i32 = libc::TCP_KEEPIDLE;
    pub(in super::super::super) const IP_DONTFRAGMENT: i32 = libc::IP_MTU_DISCOVER;
    pub(in super::super::super) const IPV6_DONTFRAGMENT: Option<SystemOption> =
        Some((libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER));
    pub(in super::super::super) const IPV6_JOIN_GROUP: i32 = libc::IPV6_ADD_MEMBERSHIP;
    pub(in super::super::super) const IPV6_LEAVE_GROUP: i32 = libc::IPV6_DROP_MEMBERSHIP;

    /// The values of IP_DONTFRAGMENT that are off and on.
    pub(in super::super::super) const FRAGMENTS: i32 = libc::IP_PMTUDISC_DONT;
    pub(in super::super::super) const FRAGMENTS_NOT: i32 = libc::IP_PMTUDISC_DO;

    /// The size of a buffer is reported as so many times what was set, for Linux' own use.
    pub(in super::super::super) const BUFFER_FACTOR: i32 = 2;
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::SystemOption;

    pub(in super::super::super) const TCP_QUICKACK: Option<SystemOption> = None;
    pub(in super::super::super) const SO_INCOMING_NAPI_ID: Option<SystemOption> = None;
    #[cfg(target_vendor = "apple")]
    pub(in super::super::super) const TCP_KEEPIDLE: i32 = libc::TCP_KEEPALIVE;
    #[cfg(not(target_vendor = "apple"))]
    pub(in super::super::super) const TCP_KEEPIDLE: i32 = libc::TCP_KEEPIDLE;
    pub(in super::super::super) const IP_DONTFRAGMENT: i32 = libc::IP_DONTFRAG;
    pub(in super::super::super) const IPV6_DONTFRAGMENT: Option<SystemOption> =
        Some((libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG));
    pub(in super::super::super) const IPV6_JOIN_GROUP: i32 = libc::IPV6_JOIN_GROUP;
    pub(in super::super::super) const IPV6_LEAVE_GROUP: i32 = libc::IPV6_LEAVE_GROUP;
    pub(in super::super::super) const FRAGMENTS: i32 = 0;
    pub(in super::super::super) const FRAGMENTS_NOT: i32 = 1;
    pub(in super::super::super) const BUFFER_FACTOR: i32 = 1;
}

pub(in super::super) use system::*;

/// Whether an IPv6 socket takes the options of IPv4 as well, for the IPv4 addresses that it has.
pub(in super::super) const TAKES_BOTH_FAMILIES: bool = cfg!(target_os = "linux");

/// Whether an IPv6 socket joins IPv4 groups by their IPv4-mapped addresses, and not by the option of IPv4.
pub(in super::super) const JOINS_MAPPED_GROUPS: bool = cfg!(target_vendor = "apple");
