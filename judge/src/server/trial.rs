//! What a probe of a server works with.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use capsock::{Transport, uppercase};

use crate::options::Options;
use crate::proc;
use crate::recorder::Recorder;
use crate::stop::Stop;
use crate::watch::Watch;
use crate::wire::{Connection, Peer, until_received};

/// The time for which a silent client keeps others waiting at most.
const SILENCE: Duration = Duration::from_secs(2);

/// What a server has been seen to do in earlier probes.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Over TCP, whether it closes the connection after the reply.
    pub(super) closes: Cell<bool>,
    /// Over TCP, whether it answers several requests of a connection.
    pub(super) several: Cell<Option<bool>>,
    /// Over TCP, whether it serves several clients at once.
    pub(super) concurrent: Cell<Option<bool>>,
    /// How long a reply takes on this machine as it is loaded now.
    pub(super) reply_time: Cell<Duration>,
}

/// A probe of a server that runs.
pub(super) struct Trial<'a> {
    pub(super) watch: Watch<'a>,
    pub(super) record: Recorder,
    pub(super) options: &'a Options,
    pub(super) target: SocketAddr,
    pub(super) known: &'a Known,
}

impl Trial<'_> {
    /// Whether the server is one of TCP.
    pub(super) fn tcp(&self) -> bool {
        self.options.transport == Transport::Tcp
    }

    /// Connects.
    pub(super) fn open(&self) -> Result<Connection<'_>, Stop> {
        Connection::open(&self.watch, &self.record, self.target)
    }

    /// A UDP socket.
    pub(super) fn peer(&self) -> Result<Peer<'_>, Stop> {
        Peer::open(&self.watch, &self.record, self.target)
    }

    /// A new client sends a request and gets its reply, which may have more than it should.
    pub(super) fn ask(&self, text: &str) -> Result<(), Stop> {
        let expected = uppercase(text.as_bytes());
        if self.tcp() {
            let mut connection = self.open()?;
            connection.send(&line(text))?;
            connection.reply(&expected)?;
            self.finish(connection)
        } else {
            let peer = self.peer()?;
            peer.send(text.as_bytes(), self.target)?;
            peer.reply(&expected, self.target).map(drop)
        }
    }

    /// The same; the record has only this exchange.
    pub(super) fn ask_anew(&self, text: &str) -> Result<(), Stop> {
        self.record.forget();
        self.ask(text)
    }

    /// Closes a connection whose reply has come.
    pub(super) fn finish(&self, connection: Connection<'_>) -> Result<(), Stop> {
        if connection.finish(self.known.closes.get())? {
            self.known.closes.set(true);
        }
        Ok(())
    }

    /// Sends a line in two pieces, the second of which follows once the first has been received.
    pub(super) fn send_split(
        &self,
        connection: &mut Connection<'_>,
        text: &str,
        at: usize,
    ) -> Result<(), Stop> {
        let line = line(text);
        let (first, second) = line.split_at(at);
        connection.send(first)?;
        self.until_received(Some(connection.local()))?;
        connection.send(second)
    }

    /// Waits until the server has received what it was sent.
    pub(super) fn until_received(&self, from: Option<SocketAddr>) -> Result<(), Stop> {
        until_received(&self.watch, self.options.transport, self.target.port(), from)
    }

    /// Waits until the server has done what it was asked to, and waits itself. One that is always busy is not waited for.
    pub(super) fn until_idle(&self) -> Result<(), Stop> {
        let submission = self.watch.submission;
        self.watch.until(self.moment(), || !proc::busy(&submission.processes())).map(drop)
    }

    /// How long a server is awaited that has nothing more to say: longer on a busy machine.
    pub(super) fn moment(&self) -> Duration {
        Duration::from_millis(300) + 10 * self.known.reply_time.get()
    }

    /// Whether the server answers a second request on a connection.
    pub(super) fn several(&self) -> Result<bool, Stop> {
        if let Some(several) = self.known.several.get() {
            return Ok(several);
        }
        let mut connection = self.open()?;
        connection.send(b"one\n")?;
        connection.reply(b"ONE")?;
        connection.send(b"two\n")?;
        let second = connection.reply(b"TWO");
        self.finish(connection)?;
        let several = match second {
            Ok(()) => true,
            // A server that ends now is no server of one request.
            Err(Stop::Fail(_)) if self.watch.submission.ended().is_none() => false,
            Err(stop) => return Err(stop),
        };
        self.known.several.set(Some(several));
        Ok(several)
    }

    /// How long a client may wait while another one is silent.
    pub(super) fn silence(&self) -> Duration {
        SILENCE.max(20 * self.known.reply_time.get())
    }

    /// Whether a client is served while another one says nothing, which is served as well at the end.
    pub(super) fn serves_beside_a_silent_one(&self) -> Result<bool, Stop> {
        let mut silent = self.open()?;
        let mut other = self.open()?;
        other.send(b"hello\n")?;
        let outcome = other.reply_within(b"HELLO", self.silence());
        let served = match outcome {
            Ok(()) => true,
            Err(Stop::Fail(_)) if self.watch.submission.ended().is_none() => false,
            Err(stop) => return Err(stop),
        };
        silent.send(b"hello\n")?;
        silent.reply(b"HELLO")?;
        self.finish(silent)?;
        if !served {
            other.reply(b"HELLO")?;
        }
        self.finish(other)?;
        // One look may have come while the machine stood still: that it serves is the proof.
        if served || self.known.concurrent.get().is_none() {
            self.known.concurrent.set(Some(served));
        }
        Ok(served)
    }

    /// Whether the server serves several clients at once.
    pub(super) fn concurrent(&self) -> Result<bool, Stop> {
        match self.known.concurrent.get() {
            Some(concurrent) => Ok(concurrent),
            None => self.serves_beside_a_silent_one(),
        }
    }

    /// Measures how long a reply takes.
    pub(super) fn measured(&self, ask: impl FnOnce() -> Result<(), Stop>) -> Result<(), Stop> {
        let begin = Instant::now();
        ask()?;
        self.known.reply_time.set(begin.elapsed());
        Ok(())
    }
}

/// A request over TCP.
pub(super) fn line(text: &str) -> Vec<u8> {
    let mut line = text.as_bytes().to_vec();
    line.push(b'\n');
    line
}
