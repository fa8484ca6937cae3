//! Datagrams while a recording runs: each is one receive or one send, however many a system call takes.

use std::ffi::c_int;
use std::net::SocketAddr;

use super::inbox::{ReceiveBatch, SLOT};
use super::outbox::{SendBatch, SentBatch};
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::net::traced::known;
use crate::trace::{Begun, Outcome, Told, Way};

impl Socket {
    #[cold]
    #[inline(never)]
    pub(super) fn arrivals_traced(
        &self,
        inbox: &mut ReceiveBatch,
        flags: c_int,
        receive: impl Fn(&mut ReceiveBatch, c_int) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let begun = Begun::new("recvfrom", self.fd(), Way::In);
        let result = self.timed(flags, |flags| receive(inbox, flags));
        let told = known(self, Told { room: Some(SLOT), ..Told::default() });
        match (self.ended(&result, flags), result) {
            (None, _) => begun.not_yet(told.room),
            (_, Ok(0)) => begun.end(Outcome::Closed, told),
            (_, Ok(count)) => {
                (0..count).for_each(|index| tell_of(&begun, inbox, index, told));
                begun.over();
            }
            (Some(outcome), Err(_)) => begun.end(outcome, told),
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn departures_traced(&self, outbox: &mut SendBatch) -> Result<SentBatch, Errno> {
        let begun = Begun::new("sendto", self.fd(), Way::Out);
        let from = outbox.place();
        let result = self.bare_send_some(outbox);
        let socket = known(self, Told::default());
        let tell = |outcome, label: &super::SendMeta, bytes: &[u8]| {
            let local = socket.local.map(|bound| seen_as(bound, label.from.map(|(ip, _)| ip)));
            let told = Told { local, peer: Some(label.to), room: Some(bytes.len()), ..socket };
            match outcome {
                Outcome::Ok => begun.write(outcome, Told { bytes: Some(bytes.len()), data: bytes, ..told }),
                _ => begun.write(outcome, told),
            }
        };
        match result {
            Ok(_) => {
                let gone = from..outbox.place();
                outbox.replies(gone).for_each(|(label, bytes)| tell(Outcome::Ok, label, bytes));
            }
            Err(errno) if errno.would_block() => return result.inspect_err(|_| begun.not_yet(None)),
            Err(Errno(errno)) => {
                let next = outbox.place();
                outbox
                    .replies(next..next + 1)
                    .for_each(|(label, bytes)| tell(Outcome::Errno(errno), label, bytes));
            }
        }
        begun.over();
        result
    }
}

fn tell_of(begun: &Begun, inbox: &ReceiveBatch, index: usize, told: Told<'_>) {
    let arrival = inbox.arrival(index);
    let destination = arrival.envelope.and_then(|envelope| envelope.destination);
    let local = told.local.map(|bound| seen_as(bound, destination.map(|(ip, _)| ip)));
    let peer = arrival.envelope.map(|envelope| envelope.source);
    for bytes in arrival.datagrams() {
        begun.write(Outcome::Ok, Told { local, peer, bytes: Some(bytes.len()), data: bytes, ..told });
    }
}

/// The address of this end that the peer sees, of a socket for every address.
fn seen_as(bound: SocketAddr, ip: Option<std::net::IpAddr>) -> SocketAddr {
    match ip {
        Some(ip) if bound.ip().is_unspecified() => SocketAddr::new(ip, bound.port()),
        _ => bound,
    }
}
