//! The calls that carry data: one method is one system call of that name, behind a wait if it can block.

use std::io::{IoSlice, IoSliceMut};
use std::net::SocketAddr;

use super::socket::{BlockingSocket, Kind};
use crate::net::raw::RawSocket;
use crate::net::sys::{CALLS_BLOCK, Errno, Received};
use crate::net::traced::{self, Traced};
use crate::net::wait::{Deadline, WaitPolicy};
use crate::net::wait_error::WaitError;
use crate::netc;

impl BlockingSocket {
    /// recv(2): the bytes received, at most the buffer's length; 0 is the end of a stream.
    ///
    /// A datagram that is longer than the buffer is truncated; with `MSG_TRUNC` in `flags` its whole length is
    /// returned. `MSG_WAITALL` has an effect only without a timeout.
    ///
    /// # Errors
    /// ECONNRESET, ENOTCONN, ECONNREFUSED (of an earlier datagram).
    pub fn receive(&self, buffer: &mut [u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        if flags & netc::MSG_WAITALL != 0 && self.goes_on(policy, flags) {
            return self.trace_receive("recv", buffer, flags, policy, BlockingSocket::receive_parts);
        }
        self.trace_receive("recv", buffer, flags, policy, |this, buffer, flags, policy| {
            this.receive_by(flags, policy, |socket, flags| socket.receive(buffer, flags))
        })
    }

    #[inline(always)]
    fn receive_by<T>(
        &self,
        flags: i32,
        policy: WaitPolicy,
        mut receive: impl FnMut(&RawSocket, i32) -> Result<T, Errno>,
    ) -> Result<T, WaitError> {
        let policy = self.by_mode(policy, flags, netc::POLLIN)?;
        if policy.timeout.is_none() {
            return self.call_blocking(netc::POLLIN, flags, policy, |socket| receive(socket, flags));
        }
        let policy = policy.with_flags(flags);
        self.call_with_timeout(
            netc::POLLIN,
            policy,
            !policy.is_nonblocking() && self.waits_for_more(),
            |socket| receive(socket, flags | netc::MSG_DONTWAIT),
        )
    }

    /// MSG_WAITALL, where no call of the system's blocks: receives until the buffer is full or the stream has ended.
    fn receive_parts(&self, buffer: &mut [u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        let (deadline, flags) = (Deadline::after(policy.timeout), flags & !netc::MSG_WAITALL);
        let mut received = 0;
        while received < buffer.len() {
            let rest = policy.with_remaining_time(deadline);
            let part = &mut buffer[received..];
            let receive =
                |policy| self.receive_by(flags, policy, |socket, flags| socket.receive(part, flags));
            match rest.and_then(receive) {
                Ok(0) => break,
                Ok(count) => received += count,
                Err(_) if received > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(received)
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
        self.trace_receive("recvfrom", buffer, flags, policy, |this, buffer, flags, policy| {
            this.receive_by(flags, policy, |socket, flags| socket.receive_from(buffer, flags))
        })
    }

    /// recvmsg(2): into several buffers, with control messages, which
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
        self.trace_receive("recvmsg", buffers, flags, policy, |this, buffers, flags, policy| {
            this.receive_by(flags, policy, |socket, flags| socket.receive_message(buffers, control, flags))
        })
    }

    /// send(2): the number of bytes sent. On a blocking stream without a timeout that is all of them, unless a signal, a
    /// close or an error comes after a part was sent. SIGPIPE is never raised.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET, ENOTCONN, EDESTADDRREQ, EMSGSIZE (too long for a datagram), ECONNREFUSED (of
    /// an earlier datagram).
    pub fn send(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        if self.goes_on(policy, flags) {
            let sent = self.trace_send("send", bytes, flags, None, policy, BlockingSocket::send_parts);
            return if sent.0 > 0 { Ok(sent.0) } else { sent.1.map(|()| 0) };
        }
        self.trace_send("send", bytes, flags, None, policy, BlockingSocket::send_part)
    }

    #[inline(always)]
    fn send_part(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        if traced::is_on() && CALLS_BLOCK && policy.timeout.is_none() {
            return self.send_observed(bytes, flags, policy);
        }
        self.send_by(flags, policy, |socket, flags| socket.send(bytes, flags))
    }

    /// A send that may block in the system after a part, which poll(2) does not foresee: that part is sent first, so that
    /// the wait for more space is known to a recording.
    #[cold]
    #[inline(never)]
    fn send_observed(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<usize, WaitError> {
        let send = |rest: &[u8], flags| self.send_by(flags, policy, |socket, flags| socket.send(rest, flags));
        let blocks =
            flags & netc::MSG_DONTWAIT == 0 && self.at_once(|socket| socket.is_nonblocking()) == Ok(false);
        if !blocks || self.kind() != Kind::Stream {
            return send(bytes, flags);
        }
        let mut sent = 0;
        loop {
            let step = match send(&bytes[sent..], flags | netc::MSG_DONTWAIT) {
                Err(WaitError::Os(errno)) if errno.would_block() => send(&bytes[sent..], flags),
                other => other,
            };
            match step {
                Ok(count) => sent += count,
                Err(error) if sent == 0 => return Err(error),
                Err(_) => return Ok(sent),
            }
            // The next call is to report an error of the connection, as after a part that the system sent.
            if sent >= bytes.len() || self.at_once(|socket| socket.has_failed()) != Ok(false) {
                return Ok(sent);
            }
        }
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
        self.trace_send("sendto", bytes, flags, Some(address), policy, move |this, bytes, flags, policy| {
            this.send_by(flags, policy, |socket, flags| socket.send_to(bytes, address, flags))
        })
    }

    #[inline(always)]
    fn send_by(
        &self,
        flags: i32,
        policy: WaitPolicy,
        mut send: impl FnMut(&RawSocket, i32) -> Result<usize, Errno>,
    ) -> Result<usize, WaitError> {
        let policy = self.by_mode(policy, flags, netc::POLLOUT)?;
        if policy.timeout.is_none() {
            return self.call_blocking(netc::POLLOUT, flags, policy, |socket| send(socket, flags));
        }
        self.call_with_timeout(netc::POLLOUT, policy.with_flags(flags), false, |socket| {
            send(socket, flags | netc::MSG_DONTWAIT)
        })
    }

    /// send(2) until all bytes are sent, within one timeout.
    ///
    /// # Errors
    /// As for [`send`](BlockingSocket::send); how many bytes were sent before is not reported.
    pub fn send_all(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> Result<(), WaitError> {
        self.trace_send("send", bytes, flags, None, policy, BlockingSocket::send_parts).1
    }

    /// Returns the bytes sent, all of them if there was no error.
    #[inline(always)]
    fn send_parts(&self, bytes: &[u8], flags: i32, policy: WaitPolicy) -> (usize, Result<(), WaitError>) {
        let deadline = Deadline::after(policy.timeout);
        let mut sent = 0;
        while sent < bytes.len() {
            let rest = policy.with_remaining_time(deadline);
            match rest.and_then(|policy| self.send_part(&bytes[sent..], flags, policy)) {
                Ok(count) => sent += count,
                Err(error) => return (sent, Err(error)),
            }
            if sent < bytes.len() && policy.on_interrupt.is_some_and(|hook| hook()) {
                return (sent, Err(WaitError::Interrupted));
            }
        }
        (sent, Ok(()))
    }

    /// sendmsg(2): from several buffers, with control messages that
    /// [`write_controls`](crate::net::write_controls) wrote.
    ///
    /// # Errors
    /// As for [`send_to`](BlockingSocket::send_to); EINVAL for malformed control messages.
    pub fn send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: i32,
        to: Option<&SocketAddr>,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        self.trace_send("sendmsg", buffers, flags, to, policy, |this, buffers, flags, policy| {
            this.send_by(flags, policy, |socket, flags| socket.send_message(buffers, control, flags, to))
        })
    }
}
