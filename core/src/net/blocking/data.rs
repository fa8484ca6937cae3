//! The calls that carry data: one method is one system call of that name, behind a wait where it can wait.

use std::io::{IoSlice, IoSliceMut};
use std::net::SocketAddr;

use super::BlockingSocket;
use crate::net::message::Received;
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::net::wait::{Deadline, WaitError, WaitPolicy};
use crate::trace;

impl BlockingSocket {
    /// recv(2): what has arrived, up to the buffer's length; 0 is the end of a stream.
    ///
    /// Of a datagram that is longer than the buffer the rest is lost; with `MSG_TRUNC` in `flags` its
    /// whole length is returned. `MSG_WAITALL` waits for all if there is no timeout.
    ///
    /// # Errors
    /// ECONNRESET, ENOTCONN, ECONNREFUSED (of an earlier datagram).
    pub fn receive(&self, buffer: &mut [u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        if trace::on() {
            return self.receive_traced(buffer, flags, policy);
        }
        self.bare_receive(buffer, flags, policy)
    }

    #[inline(always)]
    pub(super) fn bare_receive(
        &self,
        buffer: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        self.receive_by(flags, policy, |socket, flags| socket.bare_receive(buffer, flags))
    }

    #[inline(always)]
    fn receive_by<T>(
        &self,
        flags: i32,
        policy: WaitPolicy,
        mut receive: impl FnMut(&Socket, i32) -> Result<T, Errno>,
    ) -> Result<T, WaitError> {
        if policy.timeout.is_none() {
            return self.as_it_is(libc::POLLIN, policy, |socket| receive(socket, flags));
        }
        let policy = policy.with_flags(flags);
        self.within(libc::POLLIN, policy, !policy.is_nonblocking() && self.waits_for_more(), |socket| {
            receive(socket, flags | libc::MSG_DONTWAIT)
        })
    }

    /// recvfrom(2), as [`receive`](BlockingSocket::receive), with the sender; a connected stream names none.
    ///
    /// # Errors
    /// As for [`receive`](BlockingSocket::receive).
    pub fn receive_from(
        &self,
        buffer: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<(usize, Option<SocketAddr>), WaitError> {
        if trace::on() {
            return self.receive_from_traced(buffer, flags, policy);
        }
        self.bare_receive_from(buffer, flags, policy)
    }

    #[inline(always)]
    pub(super) fn bare_receive_from(
        &self,
        buffer: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<(usize, Option<SocketAddr>), WaitError> {
        self.receive_by(flags, policy, |socket, flags| socket.bare_receive_from(buffer, flags))
    }

    /// recvmsg(2): into several buffers, with control data, which
    /// [`read_controls`](crate::net::read_controls) reads.
    ///
    /// # Errors
    /// As for [`receive`](BlockingSocket::receive).
    pub fn receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<Received, WaitError> {
        if trace::on() {
            return self.receive_message_traced(buffers, control, flags, policy);
        }
        self.bare_receive_message(buffers, control, flags, policy)
    }

    #[inline(always)]
    pub(super) fn bare_receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<Received, WaitError> {
        self.receive_by(flags, policy, |socket, flags| socket.bare_receive_message(buffers, control, flags))
    }

    /// send(2): how much of it the system took. On a stream that blocks and has no timeout that is all, unless a
    /// signal, a close or an error comes when a part has been taken. SIGPIPE is never raised.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET, ENOTCONN, EDESTADDRREQ, EMSGSIZE (too long for a datagram), ECONNREFUSED (of
    /// an earlier datagram).
    pub fn send(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        if trace::on() {
            return self.send_traced(bytes, flags, policy);
        }
        self.bare_send(bytes, flags, policy)
    }

    #[inline(always)]
    pub(super) fn bare_send(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        self.send_by(flags, policy, |socket, flags| socket.bare_send(bytes, flags))
    }

    /// sendto(2), as [`send`](BlockingSocket::send).
    ///
    /// # Errors
    /// As for [`send`](BlockingSocket::send), and EISCONN, ENETUNREACH, EAFNOSUPPORT, EINVAL (port 0).
    pub fn send_to(
        &self,
        bytes: &[u8],
        address: &SocketAddr,
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        if trace::on() {
            return self.send_to_traced(bytes, address, flags, policy);
        }
        self.bare_send_to(bytes, address, flags, policy)
    }

    #[inline(always)]
    pub(super) fn bare_send_to(
        &self,
        bytes: &[u8],
        address: &SocketAddr,
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        self.send_by(flags, policy, |socket, flags| socket.bare_send_to(bytes, address, flags))
    }

    #[inline(always)]
    fn send_by(
        &self,
        flags: i32,
        policy: WaitPolicy,
        mut send: impl FnMut(&Socket, i32) -> Result<usize, Errno>,
    ) -> Result<usize, WaitError> {
        if policy.timeout.is_none() {
            return self.as_it_is(libc::POLLOUT, policy, |socket| send(socket, flags));
        }
        self.within(libc::POLLOUT, policy.with_flags(flags), false, |socket| {
            send(socket, flags | libc::MSG_DONTWAIT)
        })
    }

    /// send(2) until all of it is taken, within one timeout.
    ///
    /// # Errors
    /// As for [`send`](BlockingSocket::send); how much was taken before is not known.
    pub fn send_all(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<(), WaitError> {
        if trace::on() {
            return self.send_all_traced(bytes, flags, policy);
        }
        self.bare_send_all(bytes, flags, policy, &mut 0)
    }

    /// `sent` becomes how much was taken.
    #[inline(always)]
    pub(super) fn bare_send_all(
        &self,
        bytes: &[u8],
        flags: i32,
        policy: WaitPolicy,
        sent: &mut usize,
    ) -> Result<(), WaitError> {
        let deadline = Deadline::after(policy.timeout);
        while *sent < bytes.len() {
            *sent += self.bare_send(&bytes[*sent..], flags, policy.rest(deadline)?)?;
            if *sent < bytes.len() && policy.on_interrupt.is_some_and(|hook| hook()) {
                return Err(WaitError::Interrupted);
            }
        }
        Ok(())
    }

    /// sendmsg(2): out of several buffers, with control data that
    /// [`write_controls`](crate::net::write_controls) wrote.
    ///
    /// # Errors
    /// As for [`send_to`](BlockingSocket::send_to); EINVAL for control data that is none.
    pub fn send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: i32,
        to: Option<&SocketAddr>,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        if trace::on() {
            return self.send_message_traced(buffers, control, flags, to, policy);
        }
        self.bare_send_message(buffers, control, flags, to, policy)
    }

    #[inline(always)]
    pub(super) fn bare_send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: i32,
        to: Option<&SocketAddr>,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        self.send_by(flags, policy, |socket, flags| socket.bare_send_message(buffers, control, flags, to))
    }
}
