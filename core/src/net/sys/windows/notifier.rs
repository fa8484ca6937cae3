//! Waking threads that wait for sockets: a UDP socket on loopback that is connected to itself, since WSAPoll takes sockets
//! alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::windows::io::{AsRawSocket, AsSocket};

use socket2::{Domain, SockAddr, Socket, Type};

use super::calls::reuse_address;
use crate::net::sys::buffer::uninit;
use crate::net::sys::errno::{KeptErrno, Sys};
use crate::net::sys::fd::{AsFd, BorrowedFd, RawFd};

/// A socket that is readable from a notification until it is drained.
#[derive(Debug)]
pub(crate) struct Notifier(Socket);

impl Notifier {
    pub(crate) fn new() -> Sys<Notifier> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        // Nobody else can have its port, and it receives from that alone.
        reuse_address(&socket)?;
        socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
        socket.connect(&socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Notifier(socket))
    }

    /// Leaves the last error unchanged. A full buffer is no error: it is readable.
    pub(crate) fn notify(&self) {
        let _errno = KeptErrno::new();
        let _ = self.0.send(b"!");
    }

    pub(crate) fn drain(&self) {
        let mut buffer = [0u8; 64];
        while self.0.recv(uninit(&mut buffer)).is_ok() {}
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_socket()
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_socket()
    }
}
