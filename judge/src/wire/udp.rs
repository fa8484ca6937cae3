//! A UDP socket of the judge's.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use capsock::Transport::Udp;

use crate::recorder::{Done, Recorder};
use crate::stop::{Stop, fail};
use crate::timer::Timer;
use crate::watch::{STEP, Watch};
use crate::words::{counted, grouped, quoted};

use super::errno;

/// A socket, which is not connected: it receives from any port.
pub(crate) struct Peer<'a> {
    socket: UdpSocket,
    watch: &'a Watch<'a>,
    record: Recorder,
    fd: i32,
    local: Option<SocketAddr>,
}

impl<'a> Peer<'a> {
    /// A socket of the family of `peer`, on a free port.
    pub(crate) fn open(watch: &'a Watch<'a>, record: &Recorder, peer: SocketAddr) -> Result<Self, Stop> {
        let host = if peer.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let fd = record.socket();
        let begin = Instant::now();
        let socket = UdpSocket::bind(host).map_err(own)?;
        record.call("socket", Udp, fd, begin, &Done::default());
        Peer::over(watch, record, socket, fd)
    }

    /// A socket that is bound already.
    pub(crate) fn over(
        watch: &'a Watch<'a>,
        record: &Recorder,
        socket: UdpSocket,
        fd: i32,
    ) -> Result<Self, Stop> {
        socket.set_read_timeout(Some(STEP)).map_err(own)?;
        let local = socket.local_addr().ok();
        Ok(Peer { socket, watch, record: record.clone(), fd, local })
    }

    /// The same socket in a record that begins with the first datagram it received.
    pub(crate) fn recorded_by(
        mut self,
        record: &Recorder,
        begin: Instant,
        bytes: &[u8],
        from: SocketAddr,
    ) -> Self {
        self.record = record.clone();
        self.fd = record.socket();
        record.call("socket", Udp, self.fd, begin, &Done::default());
        record.call("bind", Udp, self.fd, begin, &self.done());
        let done = Done { peer: Some(from), moved: Some(bytes), ..self.done() };
        record.call("recvfrom", Udp, self.fd, begin, &done);
        self
    }

    /// Sends a datagram.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr) -> Result<(), Stop> {
        let begin = Instant::now();
        let outcome = loop {
            match self.socket.send_to(bytes, to) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        let error = outcome.as_ref().err().map(errno::name);
        let done = Done { peer: Some(to), moved: Some(bytes), error, ..self.done() };
        self.record.call("sendto", Udp, self.fd, begin, &done);
        outcome.map(drop).map_err(own)
    }

    /// Receives a datagram; `None` if none comes within `limit`.
    pub(crate) fn receive(&self, limit: Duration) -> Result<Option<(Vec<u8>, SocketAddr)>, Stop> {
        let begin = Instant::now();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    buffer.truncate(length);
                    let done = Done { peer: Some(from), moved: Some(&buffer), ..self.done() };
                    self.record.call("recvfrom", Udp, self.fd, begin, &done);
                    return Ok(Some((buffer, from)));
                }
                Err(error) if errno::again(&error) => {
                    if (self.watch.interrupted)() {
                        return Err(Stop::Interrupted);
                    }
                    if begin.elapsed() >= limit {
                        return Ok(None);
                    }
                }
                // An ICMP error of an earlier datagram.
                Err(_) => {}
            }
        }
    }

    /// Receives the reply of `peer`, which has to begin with `expected`; returns what it has beyond that.
    pub(crate) fn reply(&self, expected: &[u8], peer: SocketAddr) -> Result<Vec<u8>, Stop> {
        let begin = Instant::now();
        let mut timer = Timer::new(self.watch.submission, self.watch.patience);
        let (mut reply, from) = loop {
            if let Some(received) = self.receive(STEP)? {
                break received;
            }
            if let Err(stop) = self.watch.look() {
                // It may have replied before it ended.
                break self.receive(Duration::ZERO)?.ok_or(stop)?;
            }
            if timer.over() {
                let done = Done { error: Some("timeout"), ..self.done() };
                self.record.call("recvfrom", Udp, self.fd, begin, &done);
                return fail(format!("it sent no reply {}", self.watch.within()));
            }
        };
        if from != peer {
            return fail(format!(
                "the reply {} came from {from} and not from {peer}, which was asked",
                quoted(&reply)
            ));
        }
        if reply.starts_with(expected) {
            return Ok(reply.split_off(expected.len()));
        }
        if expected.starts_with(&reply) {
            let (length, all) = (grouped(reply.len()), counted(expected.len(), "byte"));
            return fail(format!("the reply has {length} of {all}"));
        }
        fail(format!("it replied {} instead of {}", quoted(&reply), quoted(expected)))
    }

    fn done<'b>(&self) -> Done<'b> {
        Done { local: self.local, ..Done::default() }
    }
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        self.record.call("close", Udp, self.fd, Instant::now(), &self.done());
    }
}

/// A failure of the judge's own: no verdict about the program.
fn own(error: io::Error) -> Stop {
    Stop::Fail(format!("the judge could not use a socket: {error}"))
}
