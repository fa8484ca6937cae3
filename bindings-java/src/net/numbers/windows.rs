//! Winsock's numbers (winsock2.h, ws2tcpip.h), by the names of POSIX.

use std::io;

use capsock::net::Errno;
use windows_sys::Win32::Networking::WinSock as ws;

use super::{NamedErrors, SystemOption};

pub(in super::super) use ws::{
    IP_ADD_MEMBERSHIP, IP_DONTFRAGMENT, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF, IP_MULTICAST_LOOP,
    IP_MULTICAST_TTL, IP_TOS, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPV6_ADD_MEMBERSHIP as IPV6_JOIN_GROUP,
    IPV6_DROP_MEMBERSHIP as IPV6_LEAVE_GROUP, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_LOOP,
    IPV6_V6ONLY, MSG_OOB, MSG_PEEK, SO_BROADCAST, SO_EXCLUSIVEADDRUSE, SO_KEEPALIVE, SO_LINGER, SO_OOBINLINE,
    SO_RCVBUF, SO_REUSEADDR, SO_SNDBUF, SOL_SOCKET, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_NODELAY,
    WSAEACCES as EACCES, WSAEADDRINUSE as EADDRINUSE, WSAEAFNOSUPPORT as EAFNOSUPPORT,
    WSAECONNREFUSED as ECONNREFUSED, WSAECONNRESET as ECONNRESET, WSAEINPROGRESS as EINPROGRESS,
    WSAEINTR as EINTR, WSAEINVAL as EINVAL, WSAENOBUFS as ENOBUFS, WSAENOPROTOOPT as ENOPROTOOPT,
    WSAENOTSOCK as EBADF, WSAEWOULDBLOCK as EAGAIN,
};

/// The JDK has `SocketException` for WSAEACCES and WSAENOTCONN, and there is no EPROTO.
pub(in super::super) const NAMED_ERRORS: NamedErrors = [
    Some(ws::WSAEWOULDBLOCK),
    Some(ws::WSAECONNREFUSED),
    Some(ws::WSAECONNRESET),
    Some(ws::WSAEINPROGRESS),
    Some(ws::WSAEALREADY),
    Some(ws::WSAECONNABORTED),
    Some(ws::WSAEMSGSIZE),
    Some(ws::WSAEADDRINUSE),
    Some(ws::WSAEADDRNOTAVAIL),
    None,
    None,
    Some(ws::WSAETIMEDOUT),
    Some(ws::WSAEHOSTUNREACH),
    None,
];

/// No flag: see [`receive_length`].
pub(in super::super) const MSG_TRUNC: i32 = 0;

/// How many bytes of a datagram are received for a packet with so much room: all, since the length of a datagram that was
/// cut is not told.
pub(in super::super) fn receive_length(_room: usize, longest: usize) -> usize {
    longest
}

pub(in super::super) const FORGETS_BEFORE_CLOSE: bool = true;
pub(in super::super) const SMALLEST_BUFFER: i32 = 0;

pub(in super::super) const SO_REUSEPORT: Option<SystemOption> = None;
pub(in super::super) const TCP_QUICKACK: Option<SystemOption> = None;
/// The JDK has the options of IPv4 for sockets of both families.
pub(in super::super) const IPV6_TRAFFIC_CLASS: Option<SystemOption> = None;
pub(in super::super) const IPV6_DONTFRAGMENT: Option<SystemOption> = None;
pub(in super::super) const SO_INCOMING_NAPI_ID: Option<SystemOption> = None;
pub(in super::super) const FRAGMENTS: i32 = 0;
pub(in super::super) const FRAGMENTS_NOT: i32 = 1;
pub(in super::super) const BUFFER_FACTOR: i32 = 1;
pub(in super::super) const TAKES_BOTH_FAMILIES: bool = false;
pub(in super::super) const JOINS_MAPPED_GROUPS: bool = false;

/// Whether a traffic class of a stream is set: the JDK has 0 there, whatever is set.
pub(in super::super) const SETS_TRAFFIC_CLASS_OF_STREAMS: bool = false;

/// Whether the JDK ignores the error of setting or reading an option. IP_TOS is not available on every Windows, nor of a
/// socket that is not bound, and is 0 then.
pub(in super::super) fn is_ignored(option: SystemOption, errno: Errno) -> bool {
    match option {
        (IPPROTO_IP, IP_TOS) => matches!(errno, Errno(ENOPROTOOPT | EINVAL)),
        (IPPROTO_IP, IP_MULTICAST_LOOP) => errno == Errno(ENOPROTOOPT),
        _ => false,
    }
}

/// The value of SO_LINGER: `LINGER`, two numbers of 16 bits.
pub(in super::super) fn linger_bytes(on: bool, seconds: u16) -> impl AsRef<[u8]> {
    let ([a, b], [c, d]) = (u16::from(on).to_ne_bytes(), seconds.to_ne_bytes());
    [a, b, c, d]
}

/// Whether SO_LINGER is on, and its seconds.
pub(in super::super) fn linger_of([a, b, c, d, ..]: [u8; 8]) -> (bool, i32) {
    (u16::from_ne_bytes([a, b]) != 0, u16::from_ne_bytes([c, d]).into())
}

/// The JDK's text, which names the call; the system's, for an error that the JDK reports with that (a read, a write).
pub(in super::super) fn error_text(errno: i32, call: &str) -> String {
    if call.is_empty() {
        return system_text(errno);
    }
    match JDK_TEXTS.iter().find(|(number, _)| *number == errno) {
        Some((_, text)) => format!("{text}: {call}"),
        None => format!("Unrecognized Windows Sockets error: {errno}: {call}"),
    }
}

/// The system's text without a full stop; as in the JDK, none if the system has none (FormatMessageW).
fn system_text(errno: i32) -> String {
    let text = io::Error::from_raw_os_error(errno).to_string();
    let words = text.rsplit_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    if words.starts_with("OS Error ") { String::new() } else { words.trim_end_matches('.').to_owned() }
}

/// The table of the JDK for Windows (net_util_md.c).
const JDK_TEXTS: [(i32, &str); 44] = [
    (ws::WSAEACCES, "Permission denied"),
    (ws::WSAEADDRINUSE, "Address already in use"),
    (ws::WSAEADDRNOTAVAIL, "Cannot assign requested address"),
    (ws::WSAEAFNOSUPPORT, "Address family not supported by protocol family"),
    (ws::WSAEALREADY, "Operation already in progress"),
    (ws::WSAECONNABORTED, "Software caused connection abort"),
    (ws::WSAECONNREFUSED, "Connection refused"),
    (ws::WSAECONNRESET, "Connection reset by peer"),
    (ws::WSAEDESTADDRREQ, "Destination address required"),
    (ws::WSAEFAULT, "Bad address"),
    (ws::WSAEHOSTDOWN, "Host is down"),
    (ws::WSAEHOSTUNREACH, "No route to host"),
    (ws::WSAEINPROGRESS, "Operation now in progress"),
    (ws::WSAEINTR, "Interrupted function call"),
    (ws::WSAEINVAL, "Invalid argument"),
    (ws::WSAEISCONN, "Socket is already connected"),
    (ws::WSAEMFILE, "Too many open files"),
    (ws::WSAEMSGSIZE, "The message is larger than the maximum supported by the underlying transport"),
    (ws::WSAENETDOWN, "Network is down"),
    (ws::WSAENETRESET, "Network dropped connection on reset"),
    (ws::WSAENETUNREACH, "Network is unreachable"),
    (ws::WSAENOBUFS, "No buffer space available (maximum connections reached?)"),
    (ws::WSAENOPROTOOPT, "Bad protocol option"),
    (ws::WSAENOTCONN, "Socket is not connected"),
    (ws::WSAENOTSOCK, "Socket operation on nonsocket"),
    (ws::WSAEOPNOTSUPP, "Operation not supported"),
    (ws::WSAEPFNOSUPPORT, "Protocol family not supported"),
    (ws::WSAEPROCLIM, "Too many processes"),
    (ws::WSAEPROTONOSUPPORT, "Protocol not supported"),
    (ws::WSAEPROTOTYPE, "Protocol wrong type for socket"),
    (ws::WSAESHUTDOWN, "Cannot send after socket shutdown"),
    (ws::WSAESOCKTNOSUPPORT, "Socket type not supported"),
    (ws::WSAETIMEDOUT, "Connection timed out"),
    (ws::WSATYPE_NOT_FOUND, "Class type not found"),
    (ws::WSAEWOULDBLOCK, "Resource temporarily unavailable"),
    (ws::WSAHOST_NOT_FOUND, "Host not found"),
    (ws::WSA_NOT_ENOUGH_MEMORY, "Insufficient memory available"),
    (ws::WSANOTINITIALISED, "Successful WSAStartup not yet performed"),
    (ws::WSANO_DATA, "Valid name, no data record of requested type"),
    (ws::WSANO_RECOVERY, "This is a nonrecoverable error"),
    (ws::WSASYSNOTREADY, "Network subsystem is unavailable"),
    (ws::WSATRY_AGAIN, "Nonauthoritative host not found"),
    (ws::WSAVERNOTSUPPORTED, "Winsock.dll version out of range"),
    (ws::WSAEDISCON, "Graceful shutdown in progress"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_those_of_the_jdk() {
        let table = [
            (10048, "bind", "Address already in use: bind"),
            (10061, "connect", "Connection refused: connect"),
            (10013, "bind", "Permission denied: bind"),
            (10093, "socket", "Successful WSAStartup not yet performed: socket"),
            (1, "listen", "Unrecognized Windows Sockets error: 1: listen"),
        ];
        for (errno, call, text) in table {
            assert_eq!(error_text(errno, call), text);
        }
    }

    #[test]
    fn a_linger_time_is_two_numbers_of_16_bits() {
        assert_eq!(linger_bytes(true, 5).as_ref(), [1, 0, 5, 0]);
    }

    #[test]
    fn what_not_every_windows_has_is_ignored() {
        let table = [
            ((0, 3), 10042, true),
            ((0, 3), 10022, true),
            ((0, 3), 10038, false),
            ((0, 11), 10042, true),
            ((0, 11), 10022, false),
            ((6, 3), 10022, false),
        ];
        for (option, errno, ignored) in table {
            assert_eq!(is_ignored(option, Errno(errno)), ignored, "{option:?} {errno}");
        }
    }
}
