//! A program that the host starts inherits none of the library's descriptors. Alone in its binary: other tests may have
//! descriptors that are inherited.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Command;

use capsock::net::{BlockingSocket, Family, Kind};
use capsock::{TcpClient, Transport, UdpClient};
use support::{CONCURRENCIES, ask, connect, options};

/// What stands behind the descriptors of a program that is started now.
fn inherited() -> Vec<String> {
    let listed =
        Command::new("sh").args(["-c", "for f in /proc/$$/fd/*; do readlink $f; done"]).output().unwrap();
    let behind = String::from_utf8(listed.stdout).unwrap();
    // Its standard output is a pipe to here, another one each time.
    behind.lines().filter(|behind| !behind.starts_with("pipe:")).map(str::to_owned).collect()
}

#[test]
fn a_started_program_has_no_descriptor_of_ours() {
    let before = inherited();
    let mut servers = Vec::new();
    let mut tcp = Vec::new();
    let mut udp = Vec::new();
    for &concurrency in CONCURRENCIES {
        let server = options(Transport::Tcp, concurrency).start().unwrap();
        let peer = connect(&server);
        ask(&peer, b"served", b"SERVED");
        tcp.push((TcpClient::connect(server.local_addr()).unwrap(), peer));
        servers.push(server);
        let server = options(Transport::Udp, concurrency).start().unwrap();
        let client = UdpClient::connect(server.local_addr()).unwrap();
        assert_eq!(client.request("served").unwrap(), "SERVED");
        udp.push(client);
        servers.push(server);
    }
    let socket = BlockingSocket::new(Family::V4, Kind::Stream, true).unwrap();
    assert_eq!(inherited(), before, "{} servers", servers.len());

    // The test can fail: a descriptor that is inherited is seen.
    // SAFETY: fcntl(2) on a descriptor that is open.
    assert_eq!(unsafe { libc::fcntl(socket.fd(), libc::F_SETFD, 0) }, 0);
    assert_eq!(inherited().len(), before.len() + 1);
}
