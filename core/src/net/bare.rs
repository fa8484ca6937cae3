//! The calls by themselves, for those that make a trace point of several: one method is one system call.
//!
//! They are inlined, so that with the trace points around them a call takes no more steps than without.

use std::ffi::c_int;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockAddr, Type};

use super::socket::Socket;
use super::sys::{self, Errno};

impl Socket {
    #[inline(always)]
    pub(super) fn bare(domain: Domain, kind: Type, protocol: Option<Protocol>) -> Result<Socket, Errno> {
        Ok(Socket(socket2::Socket::new(domain, kind, protocol)?))
    }

    /// accept4(2).
    #[inline(always)]
    pub(super) fn bare_accept(&self, nonblocking: bool) -> Result<(Socket, SocketAddr), Errno> {
        let mode = if nonblocking { libc::SOCK_NONBLOCK } else { 0 };
        let (socket, address) = self.0.accept4(mode | libc::SOCK_CLOEXEC)?;
        let address = address.as_socket().ok_or(Errno(libc::EAFNOSUPPORT))?;
        Ok((Socket(socket), address))
    }

    /// connect(2).
    #[inline(always)]
    pub(super) fn bare_connect(&self, address: &SocketAddr) -> Result<(), Errno> {
        Ok(self.0.connect(&SockAddr::from(*address))?)
    }

    /// recv(2).
    #[inline(always)]
    pub(super) fn bare_receive(&self, buffer: &mut [u8], flags: c_int) -> Result<usize, Errno> {
        Ok(self.0.recv_with_flags(sys::uninit(buffer), flags)?)
    }

    /// recvfrom(2). A connected stream names no sender.
    #[inline(always)]
    pub(super) fn bare_receive_from(
        &self,
        buffer: &mut [u8],
        flags: c_int,
    ) -> Result<(usize, Option<SocketAddr>), Errno> {
        let (count, address) = self.0.recv_from_with_flags(sys::uninit(buffer), flags)?;
        Ok((count, address.as_socket()))
    }

    /// send(2), with MSG_NOSIGNAL.
    #[inline(always)]
    pub(super) fn bare_send(&self, bytes: &[u8], flags: c_int) -> Result<usize, Errno> {
        Ok(self.0.send_with_flags(bytes, flags | libc::MSG_NOSIGNAL)?)
    }

    /// sendto(2), with MSG_NOSIGNAL.
    #[inline(always)]
    pub(super) fn bare_send_to(
        &self,
        bytes: &[u8],
        address: &SocketAddr,
        flags: c_int,
    ) -> Result<usize, Errno> {
        Ok(self.0.send_to_with_flags(bytes, &SockAddr::from(*address), flags | libc::MSG_NOSIGNAL)?)
    }
}
