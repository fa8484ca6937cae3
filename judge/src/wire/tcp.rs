//! A connection between the judge and the program.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use capsock::Transport::Tcp;
use socket2::{Domain, SockRef, Socket, Type};

use crate::recorder::{Done, Recorder};
use crate::stop::{Stop, fail};
use crate::timer::Timer;
use crate::watch::{STEP, Watch};
use crate::words::{counted, grouped, quoted};

use super::errno;

/// What is received beyond what is expected, at most, in bytes.
const SURPLUS: usize = 64 << 10;
/// How long more of a wrong reply is awaited, to quote it.
const REST: Duration = Duration::from_millis(100);
/// How long the end of a connection is awaited which the program has been seen to close after each reply.
const CLOSE: Duration = Duration::from_secs(2);

/// A connection. Dropping it closes it.
pub(crate) struct Connection<'a> {
    stream: TcpStream,
    watch: &'a Watch<'a>,
    record: Recorder,
    fd: i32,
    local: SocketAddr,
    peer: SocketAddr,
    inbox: Vec<u8>,
    /// Whether the newline of the last reply may still come.
    newline: bool,
    /// Whether the judge has sent the end of the stream.
    shut: bool,
    /// Whether the peer has sent its last byte, or reset the connection.
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

/// What a receive brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    Bytes,
    Nothing,
    End,
}

impl<'a> Connection<'a> {
    /// Connects to the program.
    pub(crate) fn open(watch: &'a Watch<'a>, record: &Recorder, peer: SocketAddr) -> Result<Self, Stop> {
        let fd = record.socket();
        let begin = Instant::now();
        let socket = Socket::new(Domain::for_address(peer), Type::STREAM, None).map_err(own)?;
        record.call("socket", Tcp, fd, begin, &Done::default());
        socket.set_nonblocking(true).map_err(own)?;
        let begin = Instant::now();
        let outcome = connect(watch, &socket, peer)?;
        let stream = TcpStream::from(socket);
        let local = stream.local_addr().ok();
        let error = match &outcome {
            Ok(true) => None,
            Ok(false) => Some("timeout"),
            Err(error) => Some(errno::name(error)),
        };
        let done = Done { local, peer: Some(peer), error, ..Done::default() };
        record.call("connect", Tcp, fd, begin, &done);
        match outcome {
            Ok(true) => Connection::over(watch, record, stream, fd),
            Ok(false) => fail(format!("it accepted no connection {}", watch.within())),
            Err(error) => watch.broken(format!("it refused the connection ({error})")),
        }
    }

    /// A connection that was accepted.
    pub(crate) fn over(
        watch: &'a Watch<'a>,
        record: &Recorder,
        stream: TcpStream,
        fd: i32,
    ) -> Result<Self, Stop> {
        let (local, peer) = (
            stream.local_addr().map_err(own)?,
            stream.peer_addr().or_else(|_| stream.local_addr()).map_err(own)?,
        );
        stream.set_nonblocking(false).map_err(own)?;
        stream.set_nodelay(true).map_err(own)?;
        stream.set_read_timeout(Some(STEP)).map_err(own)?;
        stream.set_write_timeout(Some(STEP)).map_err(own)?;
        let record = record.clone();
        Ok(Connection {
            stream,
            watch,
            record,
            fd,
            local,
            peer,
            inbox: Vec::new(),
            newline: false,
            shut: false,
            end: None,
        })
    }

    /// The judge's address.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// The program's address.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Sends all of it, and receives meanwhile what comes, so that neither end waits for the other. That the program has
    /// closed the connection is no failure: the reply tells.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut timer = Timer::new(self.watch.submission, self.watch.patience);
        let begin = Instant::now();
        let mut sent = 0;
        while sent < bytes.len() && self.end.is_none() {
            match self.stream.write(&bytes[sent..]) {
                Ok(length) => sent += length,
                Err(error) if errno::again(&error) => {
                    self.watch.look()?;
                    if timer.over() {
                        self.sent(begin, &bytes[..sent], Some("timeout"));
                        let (sent, all) = (grouped(sent), counted(bytes.len(), "byte"));
                        return fail(format!("it received {sent} of {all} {}", self.watch.within()));
                    }
                    self.receive(Duration::ZERO)?;
                }
                Err(error) => {
                    self.sent(begin, &bytes[..sent], Some(errno::name(&error)));
                    return Ok(());
                }
            }
        }
        self.sent(begin, &bytes[..sent], None);
        Ok(())
    }

    fn sent(&self, begin: Instant, bytes: &[u8], error: Option<&'static str>) {
        self.record.call("send", Tcp, self.fd, begin, &self.done(Some(bytes), error));
    }

    fn done<'b>(&self, moved: Option<&'b [u8]>, error: Option<&'static str>) -> Done<'b> {
        Done { local: Some(self.local), peer: Some(self.peer), moved, error, ..Done::default() }
    }

    /// Receives once, or nothing within `limit`.
    pub(crate) fn receive(&mut self, limit: Duration) -> Result<Received, Stop> {
        if self.end.is_some() {
            return Ok(Received::End);
        }
        let begin = Instant::now();
        let mut chunk = [0; 16 << 10];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    self.record.call("recv", Tcp, self.fd, begin, &self.done(Some(&[]), None));
                    self.end = Some(End::Closed);
                    return Ok(Received::End);
                }
                Ok(length) => {
                    self.record.call("recv", Tcp, self.fd, begin, &self.done(Some(&chunk[..length]), None));
                    self.inbox.extend_from_slice(&chunk[..length]);
                    return Ok(Received::Bytes);
                }
                Err(error) if errno::again(&error) => {
                    if (self.watch.interrupted)() {
                        return Err(Stop::Interrupted);
                    }
                    if begin.elapsed() >= limit {
                        return Ok(Received::Nothing);
                    }
                }
                Err(error) => {
                    let done = self.done(None, Some(errno::name(&error)));
                    self.record.call("recv", Tcp, self.fd, begin, &done);
                    self.end = Some(End::Reset);
                    return Ok(Received::End);
                }
            }
        }
    }

    /// Receives a reply: `expected`, which has no newline, with or without one.
    pub(crate) fn reply(&mut self, expected: &[u8]) -> Result<(), Stop> {
        self.reply_within(expected, self.watch.patience)
    }

    /// The same within a limit of its own.
    pub(crate) fn reply_within(&mut self, expected: &[u8], limit: Duration) -> Result<(), Stop> {
        let begin = Instant::now();
        let mut timer = Timer::new(self.watch.submission, limit);
        loop {
            if self.newline && !self.inbox.is_empty() {
                self.newline = false;
                if self.inbox[0] == b'\n' && !expected.starts_with(b"\n") {
                    self.inbox.remove(0);
                }
            }
            if !self.inbox.starts_with(&expected[..expected.len().min(self.inbox.len())]) {
                return self.wrong(expected);
            }
            if self.inbox.len() >= expected.len() && !(expected.is_empty() && self.inbox.is_empty()) {
                self.inbox.drain(..expected.len());
                self.newline = true;
                return Ok(());
            }
            match self.receive(STEP)? {
                Received::Bytes => {}
                Received::End => return self.cut(expected),
                Received::Nothing => {
                    if let Err(stop) = self.watch.look() {
                        // It may have replied before it ended.
                        match self.receive(Duration::ZERO)? {
                            Received::Bytes => continue,
                            _ => return Err(stop),
                        }
                    }
                    if timer.over() {
                        self.record.call("recv", Tcp, self.fd, begin, &self.done(None, Some("timeout")));
                        return fail(self.late(expected, limit));
                    }
                }
            }
        }
    }

    fn wrong(&mut self, expected: &[u8]) -> Result<(), Stop> {
        while self.inbox.len() < expected.len() + SURPLUS && self.receive(REST)? == Received::Bytes {}
        fail(format!("it replied {} instead of {}", quoted(&self.inbox), quoted(expected)))
    }

    fn cut(&self, expected: &[u8]) -> Result<(), Stop> {
        let how = match self.end {
            Some(End::Reset) => "it reset the connection",
            _ => "it closed the connection",
        };
        self.watch.broken(match self.inbox.len() {
            0 => format!("{how} without a reply"),
            length if expected.len() <= 60 => {
                format!(
                    "{how} after {}, which is no more than a part of {}",
                    quoted(&self.inbox[..length]),
                    quoted(expected)
                )
            }
            length => {
                format!("{how} after {} of {} of the reply", grouped(length), counted(expected.len(), "byte"))
            }
        })
    }

    fn late(&self, expected: &[u8], limit: Duration) -> String {
        let within = format!("within {}", crate::words::seconds(limit));
        match self.inbox.len() {
            0 => format!("it sent no reply {within}"),
            length => {
                format!(
                    "it sent {} of {} of the reply {within}",
                    grouped(length),
                    counted(expected.len(), "byte")
                )
            }
        }
    }

    /// What has been received beyond the last reply and its newline, up to the end of the connection or `limit` of silence.
    pub(crate) fn surplus(&mut self, limit: Duration) -> Result<Vec<u8>, Stop> {
        while self.inbox.len() < SURPLUS && self.receive(limit)? == Received::Bytes {}
        if std::mem::take(&mut self.newline) && self.inbox.first() == Some(&b'\n') {
            self.inbox.remove(0);
        }
        Ok(std::mem::take(&mut self.inbox))
    }

    /// Receives up to the end of the connection; false if that does not come within `limit`.
    pub(crate) fn at_end(&mut self, limit: Duration) -> Result<bool, Stop> {
        let deadline = Instant::now() + limit;
        loop {
            match self.receive(deadline.saturating_duration_since(Instant::now()))? {
                Received::End => return Ok(true),
                Received::Nothing => return Ok(false),
                Received::Bytes => self.inbox.clear(),
            }
        }
    }

    /// The bytes that were received and are no reply yet.
    pub(crate) fn inbox(&self) -> &[u8] {
        &self.inbox
    }

    /// Sends the end of the stream.
    pub(crate) fn shutdown(&mut self) {
        self.shut = true;
        let begin = Instant::now();
        let error = self.stream.shutdown(Shutdown::Write).err().map(|error| errno::name(&error));
        let done = Done { argument: Some(1), ..self.done(None, error) };
        self.record.call("shutdown", Tcp, self.fd, begin, &done);
    }

    /// Sends the last bytes and the end of the stream, on Linux in one segment, so that the server has not closed before.
    pub(crate) fn send_last(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        // Without it, there are two segments.
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(&self.stream).set_tcp_cork(true);
        self.send(bytes)?;
        self.shutdown();
        Ok(())
    }

    /// Closes the connection; returns whether the program has closed it of its own accord, which is awaited if it `closes`.
    pub(crate) fn finish(mut self, closes: bool) -> Result<bool, Stop> {
        let ended = if closes { self.at_end(CLOSE)? } else { self.has_ended() };
        Ok(ended && !self.shut)
    }

    /// Receives what has arrived, and returns whether the end of the stream is behind it.
    fn has_ended(&mut self) -> bool {
        let at_once = self.stream.set_nonblocking(true).is_ok();
        while at_once && self.end.is_none() {
            match self.stream.read(&mut [0; 1024]) {
                Ok(0) => self.end = Some(End::Closed),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        self.end.is_some()
    }

    /// Resets the connection.
    pub(crate) fn reset(self) {
        // Without it, the close is an orderly one.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}

impl Drop for Connection<'_> {
    /// A server that closes first would keep its port in TIME_WAIT for a minute, in which a program without SO_REUSEADDR
    /// cannot be started again. A reset behind the end of the stream frees the port, and disturbs no program.
    fn drop(&mut self) {
        // With bytes that were not received, the system resets it by itself.
        let at_end = self.stream.set_nonblocking(true).is_ok() && matches!(self.stream.peek(&mut [0]), Ok(0));
        if self.end.is_some() || at_end {
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
        self.record.call("close", Tcp, self.fd, Instant::now(), &self.done(None, None));
    }
}

/// Whether it is connected within the patience, or the error.
fn connect(watch: &Watch<'_>, socket: &Socket, peer: SocketAddr) -> Result<io::Result<bool>, Stop> {
    let mut timer = Timer::new(watch.submission, watch.patience);
    let mut looked = Instant::now();
    let mut outcome = socket.connect(&peer.into());
    loop {
        match outcome {
            Ok(()) => return Ok(Ok(true)),
            Err(error) if error.raw_os_error() == Some(libc::EISCONN) => return Ok(Ok(true)),
            Err(error)
                if errno::again(&error)
                    || matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EALREADY)) => {}
            Err(error) => return Ok(Err(error)),
        }
        watch.look()?;
        if looked.elapsed() > STEP {
            looked = Instant::now();
            if timer.over() {
                return Ok(Ok(false));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
        outcome = match socket.take_error() {
            Ok(Some(error)) | Err(error) => return Ok(Err(error)),
            Ok(None) => socket.connect(&peer.into()),
        };
    }
}

/// A failure of the judge's own: no verdict about the program.
fn own(error: io::Error) -> Stop {
    Stop::Fail(format!("the judge could not use a socket: {error}"))
}
