//! What wine does not show, by tables: Winsock's numbers of errors, and the options of servers' sockets.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{SIO_UDP_CONNRESET, SO_EXCLUSIVEADDRUSE, SO_REUSEADDR};

use super::calls::{ignore_refusals, prepare_to_serve, received, reuse_address, without_own_flags};
use super::options::get_option_bytes;
use crate::error::{Error, ErrorKind};
use crate::net::sys::errno::Errno;
use crate::net::sys::fd::AsFd;
use crate::netc;

/// Microsoft's page "Windows Sockets Error Codes": the number, its name, and the kind that it is reported as.
const NUMBERS: [(i32, &str, ErrorKind); 15] = [
    (10013, "WSAEACCES", ErrorKind::PermissionDenied),
    (10024, "WSAEMFILE", ErrorKind::OutOfResources),
    (10055, "WSAENOBUFS", ErrorKind::OutOfResources),
    (10040, "WSAEMSGSIZE", ErrorKind::TooLarge),
    (10045, "WSAEOPNOTSUPP", ErrorKind::Unsupported),
    (10047, "WSAEAFNOSUPPORT", ErrorKind::AddressNotAvailable),
    (10048, "WSAEADDRINUSE", ErrorKind::AddressInUse),
    (10049, "WSAEADDRNOTAVAIL", ErrorKind::AddressNotAvailable),
    (10050, "WSAENETDOWN", ErrorKind::Unreachable),
    (10051, "WSAENETUNREACH", ErrorKind::Unreachable),
    (10053, "WSAECONNABORTED", ErrorKind::ConnectionReset),
    (10054, "WSAECONNRESET", ErrorKind::ConnectionReset),
    (10060, "WSAETIMEDOUT", ErrorKind::TimedOut),
    (10061, "WSAECONNREFUSED", ErrorKind::ConnectionRefused),
    (10065, "WSAEHOSTUNREACH", ErrorKind::Unreachable),
];

#[test]
fn each_number_has_its_kind_and_its_name() {
    for (number, name, kind) in NUMBERS {
        let error = Error::os(number, "call");
        assert_eq!((error.kind(), error.errno()), (kind, Some(number)), "{name}");
        assert!(error.to_string().contains(&format!("({name})")), "{error}");
    }
}

#[test]
fn a_refusal_of_a_datagram_has_the_number_of_a_reset() {
    for (reported, meant) in [(10054, 10061), (10061, 10061), (10035, 10035), (10060, 10060), (10052, 10052)]
    {
        assert_eq!(Errno(reported).of_datagram(), Errno(meant));
    }
}

#[test]
fn what_has_no_result_yet() {
    for (number, not_yet, would_block) in
        [(10035, true, true), (10036, false, false), (10037, true, false), (10054, false, false)]
    {
        assert_eq!((Errno(number).is_not_yet(), Errno(number).would_block()), (not_yet, would_block));
    }
}

#[test]
fn a_receive_reports_a_cut_datagram_and_the_end_as_elsewhere() {
    const ROOM: usize = 8;
    for (result, flags, expected) in [
        (Ok(0), 0, Ok(0)),
        (Ok(8), netc::MSG_TRUNC, Ok(8)),
        (Err(Errno(10040)), 0, Ok(ROOM)),
        (Err(Errno(10040)), netc::MSG_TRUNC, Ok(ROOM + 1)),
        // WSAESHUTDOWN, after a shutdown of the input.
        (Err(Errno(10058)), 0, Ok(0)),
        (Err(Errno(10035)), 0, Err(Errno(10035))),
        (Err(Errno(10054)), netc::MSG_TRUNC, Err(Errno(10054))),
    ] {
        assert_eq!(received(result, ROOM, flags), expected, "{result:?} with {flags}");
    }
}

#[test]
fn winsock_gets_no_flag_that_it_does_not_know() {
    for (flags, passed) in [
        (0, 0),
        (netc::MSG_DONTWAIT | netc::MSG_MORE | netc::MSG_TRUNC, 0),
        (netc::MSG_PEEK | netc::MSG_TRUNC, netc::MSG_PEEK),
        (netc::MSG_OOB | netc::MSG_DONTWAIT, netc::MSG_OOB),
    ] {
        assert_eq!(without_own_flags(flags), passed);
    }
}

fn option(socket: &Socket, name: i32) -> i32 {
    let mut value = [0; 4];
    get_option_bytes(socket.as_fd(), netc::SOL_SOCKET, name, &mut value).unwrap();
    i32::from_ne_bytes(value)
}

#[test]
fn nobody_else_binds_the_port_of_a_server() {
    for (kind, prepare) in [
        (Type::STREAM, (|socket| reuse_address(socket).unwrap()) as fn(&Socket)),
        (Type::DGRAM, |socket| prepare_to_serve(socket)),
    ] {
        let socket = Socket::new(Domain::IPV4, kind, None).unwrap();
        prepare(&socket);
        assert_eq!((option(&socket, SO_EXCLUSIVEADDRUSE), option(&socket, SO_REUSEADDR)), (1, 0), "{kind:?}");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let taken = socket.local_addr().unwrap();
        for share in [false, true] {
            let other = Socket::new(Domain::IPV4, kind, None).unwrap();
            other.set_reuse_address(share).unwrap();
            assert!(other.bind(&taken).is_err(), "{kind:?} with SO_REUSEADDR {share}");
        }
    }
}

#[test]
fn the_request_that_ignores_refusals_is_known() {
    ignore_refusals(&Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap()).unwrap();
    // _WSAIOW(IOC_VENDOR, 12) of mswsock.h.
    assert_eq!(SIO_UDP_CONNRESET, 0x9800_000C);
}
