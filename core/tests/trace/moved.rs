//! The bind of a process that a link stands before (`CAPSOCK_LINK`).

use std::net::{SocketAddr, TcpListener, UdpSocket};

use capsock::net::{BlockingSocket, Errno, Family, Kind};
use capsock::trace;

use super::lines::{calls, file_of_this_process, run};

const PORT: &str = "CAPSOCK_TEST_PORT";

/// A port of 127.0.0.1 that is in use on both transports.
fn taken() -> (TcpListener, UdpSocket, u16) {
    loop {
        let stream = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = stream.local_addr().unwrap().port();
        if let Ok(datagrams) = UdpSocket::bind(("127.0.0.1", port)) {
            return (stream, datagrams, port);
        }
    }
}

fn bind(kind: Kind, address: SocketAddr) -> Result<(BlockingSocket, SocketAddr), Errno> {
    let socket = BlockingSocket::new(Family::V4, kind, true)?;
    socket.bind(&address)?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}

#[test]
fn a_port_that_a_link_has_is_asked_for_and_told_and_another_one_bound() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let asked = SocketAddr::from(([127, 0, 0, 1], std::env::var(PORT).unwrap().parse().unwrap()));
        let (_free, free) = bind(Kind::Datagram, ([127, 0, 0, 1], 0).into()).unwrap();
        assert_ne!(free.port(), 0);
        // One that fails moves nothing: this machine has no such address.
        bind(Kind::Datagram, ([192, 0, 2, 1], asked.port()).into()).unwrap_err();
        let (moved, local) = bind(Kind::Datagram, asked).unwrap();
        assert_eq!(local, asked, "it says what was asked for");
        // The port of another transport, or another one, is bound as it is asked for.
        bind(Kind::Stream, asked).unwrap_err();
        bind(Kind::Datagram, free).unwrap_err();
        // The same one again is the moved one, which is in use until it is closed.
        bind(Kind::Datagram, asked).unwrap_err();
        moved.close().unwrap();
        assert_eq!(bind(Kind::Datagram, asked).unwrap().1, asked);
        return;
    }
    let (_stream, _datagrams, port) = taken();
    let test = "moved::a_port_that_a_link_has_is_asked_for_and_told_and_another_one_bound";
    let port = port.to_string();
    let (events, _) = run(test, &[(PORT, &port), ("CAPSOCK_LINK", "1")]);
    let calls = calls(&events);
    let binds: Vec<_> = calls.iter().filter(|call| call.call == "bind").collect();
    let asked: Option<SocketAddr> = Some(format!("127.0.0.1:{port}").parse().unwrap());
    let outcomes: Vec<_> = binds.iter().map(|call| (call.outcome == "ok", call.asked.is_some())).collect();
    let expected = [
        (true, false),
        (false, true),
        (true, true),
        (false, false),
        (false, false),
        (false, true),
        (true, true),
    ];
    assert_eq!(outcomes, expected);
    let bound = binds[2].local.unwrap();
    assert_ne!(bound.port().to_string(), port);
    for at in [2, 6] {
        assert_eq!((binds[at].asked, binds[at].local), (asked, Some(bound)), "the record has both");
    }
}

#[test]
fn without_the_environment_a_bind_is_made_as_it_is_asked_for() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let asked = SocketAddr::from(([127, 0, 0, 1], std::env::var(PORT).unwrap().parse().unwrap()));
        bind(Kind::Datagram, asked).unwrap_err();
        return;
    }
    let (_stream, _datagrams, port) = taken();
    let test = "moved::without_the_environment_a_bind_is_made_as_it_is_asked_for";
    for value in ["", "0"] {
        let (events, _) = run(test, &[(PORT, &port.to_string()), ("CAPSOCK_LINK", value)]);
        let calls = calls(&events);
        assert_eq!(calls.iter().filter(|call| call.call == "bind").count(), 1);
        assert!(calls.iter().all(|call| call.asked.is_none()));
    }
}

#[cfg(unix)]
#[test]
fn a_forked_child_moves_no_further_bind() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let asked = SocketAddr::from(([127, 0, 0, 1], std::env::var(PORT).unwrap().parse().unwrap()));
        let (socket, _) = bind(Kind::Datagram, asked).unwrap();
        // SAFETY: the only other thread is the test runner's, which waits.
        match unsafe { libc::fork() } {
            0 => {
                let told = socket.local_addr() == Ok(asked);
                let refused = bind(Kind::Stream, asked).is_err();
                // SAFETY: it ends the process.
                unsafe { libc::_exit(i32::from(!(told && refused))) }
            }
            child => {
                let mut status = 0;
                // SAFETY: the status is writable.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0);
            }
        }
        return;
    }
    let (_stream, _datagrams, port) = taken();
    let test = "moved::a_forked_child_moves_no_further_bind";
    let (events, _) = run(test, &[(PORT, &port.to_string()), ("CAPSOCK_LINK", "1")]);
    let calls = calls(&events);
    let binds: Vec<_> =
        calls.iter().filter(|call| call.call == "bind").map(|call| call.asked.is_some()).collect();
    assert_eq!(binds.iter().filter(|asked| **asked).count(), 1, "{binds:?}");
    assert_eq!(binds.len(), 2, "{binds:?}");
}
