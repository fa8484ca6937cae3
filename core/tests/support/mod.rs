//! What the server tests share: plain sockets of the standard library as peers, with a bound on
//! every wait.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use capsock::{Concurrency, Server, ServerOptions, Transport};

/// Longer than anything here takes, short enough that a hang is a failure and not a stuck run.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Those that this system has.
pub(crate) const CONCURRENCIES: &[Concurrency] = if cfg!(target_os = "linux") {
    Concurrency::ALL
} else {
    &[Concurrency::Iterative, Concurrency::Threads, Concurrency::Events]
};

pub(crate) fn options(transport: Transport, concurrency: Concurrency) -> ServerOptions {
    ServerOptions::new(transport, ("127.0.0.1", 0)).concurrency(concurrency)
}

pub(crate) fn tcp(concurrency: Concurrency) -> ServerOptions {
    options(Transport::Tcp, concurrency)
}

pub(crate) fn udp(concurrency: Concurrency) -> ServerOptions {
    options(Transport::Udp, concurrency)
}

pub(crate) fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.local_addr()).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    stream.set_write_timeout(Some(TIME_LIMIT)).unwrap();
    stream
}

pub(crate) fn udp_peer(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((if server.is_ipv4() { "127.0.0.1" } else { "::1" }, 0)).unwrap();
    socket.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    socket.connect(server).unwrap();
    socket
}

/// Sends `text`, and receives as many bytes as `reply` has.
pub(crate) fn ask(mut stream: &TcpStream, text: &[u8], reply: &[u8]) {
    stream.write_all(text).unwrap();
    let mut received = vec![0; reply.len()];
    stream.read_exact(&mut received).unwrap();
    assert_eq!(received.escape_ascii().to_string(), reply.escape_ascii().to_string());
}

/// Sends `text`, half-closes, and receives to the end.
pub(crate) fn ask_to_the_end(mut stream: &TcpStream, text: &[u8]) -> Vec<u8> {
    stream.write_all(text).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    read_to_end(stream)
}

pub(crate) fn read_to_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    received
}

pub(crate) fn exchange(socket: &UdpSocket, text: &[u8]) -> Vec<u8> {
    socket.send(text).unwrap();
    receive(socket)
}

/// The next datagram.
pub(crate) fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut received = vec![0; 65_536];
    let length = socket.recv(&mut received).unwrap();
    received.truncate(length);
    received
}

/// Waits until something holds that other threads bring about.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + TIME_LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "not within {TIME_LIMIT:?}: {what}");
        std::thread::yield_now();
    }
}

/// Bytes that the peer's system has not taken yet.
#[cfg(unix)]
pub(crate) fn unread(stream: &TcpStream) -> i32 {
    let mut bytes = 0;
    // SAFETY: the request writes one int.
    assert_eq!(unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) }, 0);
    bytes
}

/// Unknown there; what is sent on loopback has arrived when the send returns.
#[cfg(windows)]
pub(crate) fn unread(_stream: &TcpStream) -> i32 {
    0
}

/// The processes whose parent is this one, from /proc.
#[cfg(target_os = "linux")]
pub(crate) fn children() -> Vec<i32> {
    let mut children = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    children
}
