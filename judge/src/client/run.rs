//! A run of a client, and the sockets at which the judge plays its server.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use capsock::Transport;

use crate::recorder::{Done, Recorder};
use crate::stop::{Stop, fail};
use crate::submission::{Input, Submission};
use crate::timer::Timer;
use crate::watch::{STEP, Watch};
use crate::wire::{Connection, Peer};
use crate::words::{counted, grouped, quoted, seconds};

use super::trial::Trial;

/// What a run of the client may take beyond the patience, as a multiple of a run that had an answer at once.
const RUNS: u32 = 5;
/// What a start of the client may take at least, as a multiple of the patience: a JVM compiles its source first.
const START: u32 = 3;

/// A free port.
pub(super) fn free_port(transport: Transport) -> Result<u16, String> {
    let port = match transport {
        Transport::Tcp => TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()),
        Transport::Udp => UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()),
    };
    port.map(|address| address.port()).map_err(|error| format!("there is no free port: {error}"))
}

/// Refuses a port that is another program's.
pub(super) fn free(transport: Transport, port: u16) -> Result<(), String> {
    let bound = match transport {
        Transport::Tcp => TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop),
        Transport::Udp => UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).map(drop),
    };
    bound.map_err(|error| {
        let name = transport.name();
        format!("could not play the server on {name} port {port}: {error}; end the program that has it, or tell the client another one by --port or {{port}}")
    })
}

/// The addresses of the loopback: a client may ask for `localhost` over either.
fn addresses(port: u16) -> [SocketAddr; 2] {
    [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
}

impl Trial<'_> {
    /// Starts the client, which is typed this line, and then the end of input.
    pub(super) fn start(&self, typed: &str) -> Result<Submission, Stop> {
        let command = self.options.words(Some(self.port));
        let input = Input::Bytes(format!("{typed}\n").into_bytes());
        Submission::start(&command, &self.options.bounds, self.home, input).map_err(Stop::Fail)
    }

    /// What waits for the client look out for.
    pub(super) fn watch<'a>(&self, submission: &'a Submission) -> Watch<'a> {
        let patience = self.options.patience;
        let end = Instant::now() + patience * 30 + RUNS * self.run_time;
        Watch { submission, patience, end, interrupted: self.options.interrupted }
    }

    /// How long a run of the client may take.
    pub(super) fn limit(&self) -> Duration {
        self.options.patience + RUNS * self.run_time
    }

    /// The sockets of the server over UDP.
    pub(super) fn udp_sockets(&self) -> Result<Vec<UdpSocket>, Stop> {
        let sockets: Vec<UdpSocket> =
            addresses(self.port).into_iter().filter_map(|address| UdpSocket::bind(address).ok()).collect();
        if sockets.is_empty() {
            fail(format!("the judge could not bind port {}", self.port))
        } else {
            Ok(sockets)
        }
    }

    /// The listeners of the server over TCP.
    pub(super) fn listeners(&self) -> Result<Vec<TcpListener>, Stop> {
        let bound = addresses(self.port).into_iter().filter_map(|address| TcpListener::bind(address).ok());
        let listeners: Vec<TcpListener> =
            bound.filter(|listener| listener.set_nonblocking(true).is_ok()).collect();
        if listeners.is_empty() {
            fail(format!("the judge could not bind port {}", self.port))
        } else {
            Ok(listeners)
        }
    }

    /// Accepts the client's connection.
    pub(super) fn accept<'a>(
        &self,
        watch: &'a Watch<'a>,
        listeners: &[TcpListener],
    ) -> Result<Connection<'a>, Stop> {
        let record = &self.record;
        let (listening, fd) = (record.socket(), record.socket());
        let begin = Instant::now();
        let local = listeners.first().and_then(|listener| listener.local_addr().ok());
        let done = Done { local, ..Done::default() };
        record.call("socket", Transport::Tcp, listening, begin, &Done::default());
        record.call("bind", Transport::Tcp, listening, begin, &done);
        record.call("listen", Transport::Tcp, listening, begin, &Done { argument: Some(128), ..done });
        let mut accepted;
        let mut timer = Timer::new(watch.submission, self.options.patience * START);
        let come = loop {
            accepted = listeners.iter().find_map(|listener| listener.accept().ok());
            if accepted.is_some() || timer.over() {
                break Ok(());
            }
            if let Err(stop) = watch.look() {
                break Err(stop);
            }
            std::thread::sleep(STEP / 4);
        };
        match (come, accepted) {
            (Ok(()), Some((stream, peer))) => {
                let local = stream.local_addr().ok();
                let done = Done { local, peer: Some(peer), accepted: Some(fd), ..Done::default() };
                record.call("accept", Transport::Tcp, listening, begin, &done);
                Connection::over(watch, record, stream, fd)
            }
            (Err(stop), _) => Err(without_request(stop)),
            (Ok(()), None) => fail(self.nobody("connected to")),
        }
    }

    /// Receives a datagram of the client's at one of the server's sockets.
    pub(super) fn first_datagram<'a>(
        &self,
        watch: &'a Watch<'a>,
        sockets: Vec<UdpSocket>,
    ) -> Result<(Peer<'a>, Vec<u8>, SocketAddr), Stop> {
        let begin = Instant::now();
        let mut peers = Vec::new();
        for socket in sockets {
            // One of them is the server in the picture; the other has no call.
            peers.push(Peer::over(watch, &Recorder::new(), socket, 0)?);
        }
        let mut timer = Timer::new(watch.submission, self.options.patience * START);
        loop {
            for place in 0..peers.len() {
                if let Some((bytes, from)) = peers[place].receive(STEP / 2)? {
                    let peer = peers.swap_remove(place).recorded_by(&self.record, begin, &bytes, from);
                    return Ok((peer, bytes, from));
                }
            }
            watch.look().map_err(without_request)?;
            if timer.over() {
                return fail(self.nobody("asked"));
            }
        }
    }

    fn nobody(&self, did: &str) -> String {
        let (name, port) = (self.options.transport.name(), self.port);
        let limit = seconds(self.options.patience * START);
        format!("nobody {did} {name} port {port} within {limit}: does the program ask another port? (--port)")
    }

    /// Waits for the end of the client, and returns whether its exit status is 0.
    pub(super) fn ended(&self, submission: &Submission, limit: Duration) -> Result<bool, Stop> {
        let mut timer = Timer::new(submission, limit);
        loop {
            if let Some(success) = submission.succeeded() {
                return Ok(success);
            }
            if (self.options.interrupted)() {
                return Err(Stop::Interrupted);
            }
            if timer.over() {
                return fail(format!("it did not end within {}", seconds(limit)));
            }
            std::thread::sleep(STEP / 4);
        }
    }

    /// Fails unless the client ends with exit status 0, and has printed the reply.
    pub(super) fn printed(&self, submission: &Submission, reply: &str) -> Result<(), Stop> {
        if !self.ended(submission, self.limit())? {
            return fail(submission.ended().unwrap_or_default());
        }
        // The end of the output is read as well.
        let _ = submission.ended();
        let printed = submission.printed();
        if printed.windows(reply.len()).any(|part| part == reply.as_bytes()) {
            return Ok(());
        }
        if reply.len() > 200 {
            let (got, all) = (grouped(longest_part(&printed, reply)), counted(reply.len(), "byte"));
            return fail(format!("of a reply of {all} it printed {got}"));
        }
        fail(format!("it printed {} and not the reply {}", quoted(&printed), quoted(reply.as_bytes())))
    }
}

/// How much of the beginning of a text was printed.
fn longest_part(printed: &[u8], text: &str) -> usize {
    let head = &text.as_bytes()[..text.len().min(16)];
    let Some(place) = printed.windows(head.len()).position(|part| part == head) else { return 0 };
    printed[place..].iter().zip(text.as_bytes()).take_while(|(one, other)| one == other).count()
}

fn without_request(stop: Stop) -> Stop {
    match stop {
        Stop::Fail(seen) => Stop::Fail(format!("it sent no request: {seen}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_reply_is_measured() {
        let reply = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (printed, length) in [("", 0), ("> ABCDEFGHIJKLMNOPQRS\n", 19), (reply, 26), ("ABC", 0)] {
            assert_eq!(longest_part(printed.as_bytes(), reply), length, "{printed}");
        }
    }
}
