//! The calls while a recording runs: what a call is made of, attempts, waits and parts, is told of as one.

use std::io::{IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use super::{BlockingSocket, InUse};
use crate::net::message::Received;
use crate::net::sys::Errno;
use crate::net::traced::{accepted, is_told, known, received, sent};
use crate::net::wait::{WaitError, WaitPolicy};
use crate::trace::{self, Begun, Outcome, Told, Way};

/// The first bytes of a message, gathered.
struct Gathered {
    bytes: [u8; 32],
    filled: usize,
    whole: usize,
}

impl Gathered {
    fn of<'a>(buffers: impl Iterator<Item = &'a [u8]>) -> Gathered {
        let mut gathered = Gathered { bytes: [0; 32], filled: 0, whole: 0 };
        for buffer in buffers {
            let part = buffer.len().min(gathered.bytes.len() - gathered.filled);
            gathered.bytes[gathered.filled..][..part].copy_from_slice(&buffer[..part]);
            gathered.filled += part;
            gathered.whole += buffer.len();
        }
        gathered
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl BlockingSocket {
    /// How a call has ended; `None` if it had no time to wait and may be made again.
    fn ended<T>(&self, result: &Result<T, WaitError>, flags: i32, policy: WaitPolicy) -> Option<Outcome> {
        match result {
            Ok(_) => Some(Outcome::Ok),
            // Waited in the system until SO_RCVTIMEO or SO_SNDTIMEO was over.
            Err(WaitError::Os(errno)) if errno.would_block() => {
                (policy.timeout.is_none() && self.socket.may_wait(flags)).then_some(Outcome::TimedOut)
            }
            Err(error) => Some((*error).into()),
        }
    }

    /// A call begins. Its share of the descriptor sees to it that the line of its end comes before that of the
    /// close. `None` if there is no descriptor.
    fn begin(&self, name: &'static str, way: Way) -> Option<(InUse<'_>, Begun)> {
        let in_use = self.in_use().ok()?;
        let begun = match self.watched[way as usize].swap(0, Ordering::Relaxed) {
            0 => Begun::new(name, in_use.socket().fd(), way),
            since => Begun::since(name, in_use.socket().fd(), way, since),
        };
        Some((in_use, begun))
    }

    /// A poller waits for the socket in the place of its caller: what the caller tries then began with that.
    #[cold]
    #[inline(never)]
    pub(in crate::net) fn watched(&self, way: Way) {
        let (_, now) = trace::here_and_now();
        let _ = self.watched[way as usize].compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn accept_traced(
        &self,
        nonblocking: bool,
        policy: WaitPolicy,
    ) -> Result<(BlockingSocket, SocketAddr), WaitError> {
        let begun = self.begin("accept", Way::In);
        let result = self.bare_accept(nonblocking, policy);
        if let Some((in_use, begun)) = begun {
            let new = result.as_ref().ok().map(|(new, peer)| (&*new.socket, *peer));
            accepted(in_use.socket(), begun, self.ended(&result, 0, policy), new);
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn connect_traced(&self, address: &SocketAddr, policy: WaitPolicy) -> Result<(), WaitError> {
        let begun = self.begin("connect", Way::Out);
        let result = self.bare_connect(address, policy);
        if let Some((in_use, begun)) = begun {
            // Of an attempt that goes on, its beginning has been told.
            if result == Err(WaitError::Os(Errno(libc::EALREADY))) {
                return result.inspect_err(|_| begun.not_yet(None));
            }
            let outcome = result.map_or_else(Outcome::from, |()| Outcome::Ok);
            begun.end(outcome, known(in_use.socket(), Told { peer: Some(*address), ..Told::default() }));
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn receive_traced(
        &self,
        buffer: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        let begun = self.begin("recv", Way::In).filter(|_| is_told(flags));
        let result = self.bare_receive(buffer, flags, policy);
        if let Some((in_use, begun)) = begun {
            let told = Told { room: Some(buffer.len()), data: buffer, ..Told::default() };
            match self.ended(&result, flags, policy) {
                None => begun.not_yet(told.room),
                Some(outcome) => {
                    received(in_use.socket(), begun, outcome, result.unwrap_or(0), flags, told);
                }
            }
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn receive_from_traced(
        &self,
        buffer: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<(usize, Option<SocketAddr>), WaitError> {
        let begun = self.begin("recvfrom", Way::In).filter(|_| is_told(flags));
        let result = self.bare_receive_from(buffer, flags, policy);
        if let Some((in_use, begun)) = begun {
            let (count, peer) = result.unwrap_or((0, None));
            let told = Told { room: Some(buffer.len()), data: buffer, peer, ..Told::default() };
            match self.ended(&result, flags, policy) {
                None => begun.not_yet(told.room),
                Some(outcome) => received(in_use.socket(), begun, outcome, count, flags, told),
            }
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn receive_message_traced(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<Received, WaitError> {
        let begun = self.begin("recvmsg", Way::In).filter(|_| is_told(flags));
        let result = self.bare_receive_message(buffers, control, flags, policy);
        if let Some((in_use, begun)) = begun {
            let (count, peer) = result.map_or((0, None), |received| (received.length, received.source));
            let gathered = Gathered::of(buffers.iter().map(|buffer| &**buffer));
            let told = Told { room: Some(gathered.whole), data: gathered.bytes(), peer, ..Told::default() };
            match self.ended(&result, flags, policy) {
                None => begun.not_yet(told.room),
                Some(outcome) => received(in_use.socket(), begun, outcome, count, flags, told),
            }
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn send_traced(
        &self,
        bytes: &[u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        let begun = self.begin("send", Way::Out).filter(|_| is_told(flags));
        let result = self.bare_send(bytes, flags, policy);
        told_of_sending(begun, &result, (flags, policy), bytes, bytes.len(), None);
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn send_to_traced(
        &self,
        bytes: &[u8],
        address: &SocketAddr,
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        let begun = self.begin("sendto", Way::Out).filter(|_| is_told(flags));
        let result = self.bare_send_to(bytes, address, flags, policy);
        told_of_sending(begun, &result, (flags, policy), bytes, bytes.len(), Some(*address));
        result
    }

    /// One send; of one that failed half-way, what was taken.
    #[cold]
    #[inline(never)]
    pub(super) fn send_all_traced(
        &self,
        bytes: &[u8],
        flags: i32,
        policy: WaitPolicy,
    ) -> Result<(), WaitError> {
        let begun = self.begin("send", Way::Out).filter(|_| is_told(flags));
        let mut count = 0;
        let result = self.bare_send_all(bytes, flags, policy, &mut count);
        let told = if count > 0 { Ok(count) } else { result.map(|()| 0) };
        told_of_sending(begun, &told, (flags, policy), bytes, bytes.len(), None);
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn send_message_traced(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: i32,
        to: Option<&SocketAddr>,
        policy: WaitPolicy,
    ) -> Result<usize, WaitError> {
        let begun = self.begin("sendmsg", Way::Out).filter(|_| is_told(flags));
        let result = self.bare_send_message(buffers, control, flags, to, policy);
        let gathered = Gathered::of(buffers.iter().map(|buffer| &**buffer));
        told_of_sending(begun, &result, (flags, policy), gathered.bytes(), gathered.whole, to.copied());
        result
    }
}

fn told_of_sending(
    begun: Option<(InUse<'_>, Begun)>,
    result: &Result<usize, WaitError>,
    (flags, policy): (i32, WaitPolicy),
    data: &[u8],
    room: usize,
    peer: Option<SocketAddr>,
) {
    let Some((in_use, begun)) = begun else { return };
    match in_use.owner.ended(result, flags, policy) {
        None => begun.not_yet(Some(room)),
        Some(outcome) => sent(in_use.socket(), begun, outcome, result.unwrap_or(0), data, room, peer),
    }
}
