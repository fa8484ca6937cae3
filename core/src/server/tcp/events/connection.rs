//! One connection of an event loop: a state machine that never waits.

use std::time::Instant;

use crate::net::{Errno, Socket};
use crate::server::connections::Admitted;
use crate::server::limits::Met;
use crate::server::shared::Shared;
use crate::server::tcp::connection::{LINGER, Parting, cut_if_owed, parting_step};
use crate::server::tcp::exchange::{Exchange, Then};
use crate::server::tcp::last_call::LastCall;

/// How much of what nobody wants any more is received at once, in bytes.
const THROWN_AWAY: usize = 16 * 1024;

pub(super) struct Connection {
    admitted: Admitted,
    exchange: Exchange,
    phase: Phase,
    /// What has been received and waits for the replies before it to be taken.
    input: Vec<u8>,
    /// Replies that the peer has not taken yet, from `taken` on.
    owed: Vec<u8>,
    taken: usize,
    /// Its peer has left no room for the replies to what waits to be taken.
    stuck: bool,
    /// The last time that bytes moved.
    moved: Instant,
    /// The kernel has told, which it does once, of something that a short receive does not take: the end of the
    /// peer's output, an error, or urgent data, at which a receive stops.
    unfinished: bool,
    /// There may be more to receive than the last receive took.
    more: bool,
    last_call: LastCall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The peer has ended its input: close once all replies are taken.
    Ended,
    /// The server ends the connection: part once all replies are taken.
    Finished,
    /// The output is ended; input is thrown away until all replies have arrived.
    Parting {
        until: Instant,
        talkative: bool,
    },
}

/// What becomes of a connection after it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits for input, or to be taken leave of by the peer.
    Read,
    /// It waits for the peer to take its replies.
    Write,
    /// It goes on without being told that it can, once the others have had their turn.
    Again,
    /// It is looked at again in a moment, whether something comes or not.
    Soon,
    Close,
}

/// What a worker lends to the connection that it looks at.
pub(super) struct Tools<'a> {
    pub(super) shared: &'a Shared,
    pub(super) chunk: &'a mut Vec<u8>,
    pub(super) output: &'a mut Vec<u8>,
    pub(super) now: Instant,
    /// A stop was asked for: a connection with nothing in hand is closed.
    pub(super) draining: bool,
}

impl Connection {
    pub(super) fn new(admitted: Admitted, exchange: Exchange, now: Instant) -> Connection {
        Connection {
            admitted,
            exchange,
            phase: Phase::Open,
            input: Vec::new(),
            owed: Vec::new(),
            taken: 0,
            stuck: false,
            moved: now,
            unfinished: false,
            more: false,
            last_call: LastCall::default(),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.admitted.open.socket
    }

    /// Goes as far as it can: sends what is owed, then receives once.
    pub(super) fn advance(&mut self, tools: &mut Tools<'_>) -> Fate {
        match self.step(tools) {
            Fate::Read if self.more => Fate::Again,
            fate => fate,
        }
    }

    /// A receive may stop short of what there is.
    pub(super) fn expect_more(&mut self) {
        self.unfinished = true;
    }

    fn step(&mut self, tools: &mut Tools<'_>) -> Fate {
        if !self.owed.is_empty() {
            match self.send(Pending::Owed, tools) {
                Sent::All => {}
                Sent::Part => return Fate::Write,
                Sent::Gone => return Fate::Close,
            }
        }
        match self.phase {
            Phase::Open if self.input.is_empty() => self.receive(tools),
            Phase::Open => {
                let input = std::mem::take(&mut self.input);
                self.answer(&input, tools)
            }
            Phase::Ended => self.end(),
            Phase::Finished => self.part(tools),
            Phase::Parting { .. } => self.parting(tools),
        }
    }

    /// Sends what is owed, and answers nothing: for whoever does not call the handler.
    pub(super) fn flush(&mut self, tools: &mut Tools<'_>) -> Fate {
        match (self.send(Pending::Owed, tools), self.phase) {
            (Sent::Part, _) => Fate::Write,
            (Sent::Gone, _) => Fate::Close,
            (Sent::All, Phase::Open) => self.again(),
            (Sent::All, Phase::Ended) => self.end(),
            (Sent::All, Phase::Finished) => self.part(tools),
            (Sent::All, Phase::Parting { .. }) => self.parting(tools),
        }
    }

    /// [`advance`](Connection::advance) of one of which nobody has said that it can go on.
    pub(super) fn advance_if_reading(&mut self, tools: &mut Tools<'_>) -> Fate {
        if self.waits_for_room() { Fate::Write } else { self.advance(tools) }
    }

    fn waits_for_room(&self) -> bool {
        self.stuck || !self.owed.is_empty()
    }

    /// A handler has taken its time; now it is the others' turn, and the rest waits.
    #[cold]
    fn give_way(&mut self, rest: &[u8]) -> Fate {
        self.input = rest.to_vec();
        self.again()
    }

    /// Goes on after the others, unless there is no room for what would come of it.
    fn again(&mut self) -> Fate {
        self.stuck = !self.input.is_empty() && !self.socket().has_room();
        // What the kernel tells of until then is not received at once.
        self.more = true;
        if self.stuck { Fate::Write } else { Fate::Again }
    }

    fn receive(&mut self, tools: &mut Tools<'_>) -> Fate {
        // Lent out for the call, since what is received and what else a worker lends are used together.
        let mut chunk = std::mem::take(tools.chunk);
        let room = match tools.draining {
            true => self.last_call.room(&self.admitted.open.socket, &self.exchange, &mut chunk),
            false => chunk.len(),
        };
        let received =
            if room == 0 { Err(Errno(libc::EAGAIN)) } else { self.socket().receive(&mut chunk[..room]) };
        let fate = match received {
            Ok(0) => {
                self.moved = tools.now;
                self.phase = Phase::Ended;
                tools.output.clear();
                self.exchange.end(tools.shared, tools.output);
                self.reply(tools).unwrap_or_else(|| self.end())
            }
            Ok(_) if tools.shared.time_is_up() => self.cut(tools),
            Ok(received) => {
                self.moved = tools.now;
                // Less than there was room for was all there was: the kernel tells of what comes from now on.
                self.more = received == room || self.unfinished;
                self.last_call.took(received);
                self.answer(&chunk[..received], tools)
            }
            Err(errno) if errno.would_block() && tools.draining => self.part(tools),
            Err(errno) if errno.would_block() => {
                (self.more, self.unfinished) = (false, false);
                Fate::Read
            }
            Err(_) => Fate::Close,
        };
        *tools.chunk = chunk;
        fate
    }

    /// Answers what was received; what the peer leaves no room to answer waits with the connection.
    fn answer(&mut self, input: &[u8], tools: &mut Tools<'_>) -> Fate {
        let mut rest = input;
        while self.phase == Phase::Open && !rest.is_empty() {
            tools.output.clear();
            self.admitted.open.set_busy(true);
            let (taken, then) = self.exchange.take(rest, tools.shared, tools.output);
            self.admitted.open.set_busy(false);
            rest = &rest[taken..];
            if then == Then::Close {
                self.phase = Phase::Finished;
            }
            if let Some(fate) = self.reply(tools) {
                self.input = if self.phase == Phase::Open { rest.to_vec() } else { Vec::new() };
                return fate;
            }
            if !rest.is_empty() && self.phase == Phase::Open && tools.shared.has_handler() {
                return self.give_way(rest);
            }
        }
        match self.phase {
            // No new work: what has not come by now comes too late.
            Phase::Open
                if tools.draining
                    && (self.last_call.is_over(&self.exchange) || self.socket().peek(&mut [0]).is_err()) =>
            {
                self.part(tools)
            }
            Phase::Open if tools.draining => Fate::Again,
            Phase::Open => Fate::Read,
            Phase::Finished => self.part(tools),
            Phase::Ended | Phase::Parting { .. } => self.end(),
        }
    }

    /// Sends the fresh replies; the connection's fate, unless all went.
    fn reply(&mut self, tools: &mut Tools<'_>) -> Option<Fate> {
        if tools.shared.has_handler() {
            // The time that a handler takes is not its peer's silence.
            self.moved = Instant::now();
        }
        // A handler may have come back long after the server was stopped, or not have been called any more.
        let refused = tools.shared.has_handler() && self.phase == Phase::Finished;
        if (refused || !tools.output.is_empty()) && tools.shared.time_is_up() {
            return Some(self.cut(tools));
        }
        match self.send(Pending::Fresh, tools) {
            Sent::All => None,
            Sent::Part => Some(Fate::Write),
            Sent::Gone => Some(Fate::Close),
        }
    }

    /// Sends fresh replies or those that are owed; what the peer does not take at once is owed.
    fn send(&mut self, pending: Pending, tools: &mut Tools<'_>) -> Sent {
        loop {
            let bytes = match pending {
                Pending::Owed => &self.owed[self.taken..],
                Pending::Fresh => &tools.output[self.taken..],
            };
            if bytes.is_empty() {
                // The memory goes back: an idle connection holds none.
                (self.owed, self.taken) = (Vec::new(), 0);
                return Sent::All;
            }
            let then = if self.phase == Phase::Open { Then::Continue } else { Then::Close };
            match self.socket().send_with(bytes, then.send_flags()) {
                Ok(sent) => {
                    tools.shared.counters().bytes_sent.add(sent as u64);
                    self.taken += sent;
                    self.moved = self.moved.max(tools.now);
                }
                Err(errno) if errno.would_block() => {
                    if let Pending::Fresh = pending {
                        self.owed = bytes.to_vec();
                        self.taken = 0;
                    }
                    return Sent::Part;
                }
                Err(_) => return Sent::Gone,
            }
        }
    }

    /// Both sides have said their last. The peer is told even if a process that the host forked off
    /// has the socket as well.
    fn end(&self) -> Fate {
        let _ = self.socket().shutdown_write();
        Fate::Close
    }

    /// Ends the output, so that the peer gets all that was sent; see `part` of the blocking engines.
    fn part(&mut self, tools: &mut Tools<'_>) -> Fate {
        tools.output.clear();
        self.exchange.abandon(tools.output);
        if let Ok(sent) = self.socket().send_with(tools.output, Then::Close.send_flags()) {
            tools.shared.counters().bytes_sent.add(sent as u64);
        }
        if self.socket().shutdown_write().is_err() {
            return Fate::Close;
        }
        self.phase = Phase::Parting { until: tools.now + LINGER, talkative: false };
        self.parting(tools)
    }

    fn parting(&mut self, tools: &mut Tools<'_>) -> Fate {
        let Phase::Parting { until, mut talkative } = self.phase else { return Fate::Close };
        let step = parting_step(self.socket(), &mut [0; THROWN_AWAY], &mut talkative);
        self.phase = Phase::Parting { until, talkative };
        if step == Parting::Done || tools.now >= until { Fate::Close } else { Fate::Soon }
    }

    /// What time alone brings about: the limits, and the stop's deadline.
    pub(super) fn check_time(&mut self, cut: bool, tools: &mut Tools<'_>) -> Fate {
        if let Phase::Parting { .. } = self.phase {
            let fate = self.parting(tools);
            if cut && fate != Fate::Close {
                cut_if_owed(&self.admitted.open, tools.shared);
                return Fate::Close;
            }
            return fate;
        }
        let still = tools.now.saturating_duration_since(self.moved);
        let over = |limit: Option<std::time::Duration>| limit.is_some_and(|limit| still >= limit);
        if cut && self.waits_for_room() {
            return self.cut(tools);
        }
        if self.waits_for_room() {
            if !over(tools.shared.limits.write_timeout) {
                return Fate::Write;
            }
            tools.shared.met(Met::Unread);
        } else if tools.draining && tools.shared.has_handler() {
            return self.drain(cut, tools);
        } else if tools.draining {
            return self.advance(tools);
        } else if over(tools.shared.limits.idle_timeout) && self.has_more() {
            // It has come, and nobody has had the time to look at it.
            return if tools.shared.has_handler() { Fate::Again } else { self.advance(tools) };
        } else if over(tools.shared.limits.idle_timeout) {
            tools.shared.met(Met::Idle);
            return self.part(tools);
        } else {
            return Fate::Read;
        }
        self.admitted.open.reset();
        Fate::Close
    }

    /// What a stop does to a connection whose requests others have to answer.
    fn drain(&mut self, cut: bool, tools: &mut Tools<'_>) -> Fate {
        if !self.has_more() {
            self.part(tools)
        } else if !cut {
            Fate::Again
        } else if self.input.is_empty() && self.socket().peek(&mut [0]) == Ok(0) {
            self.end()
        } else {
            self.cut(tools)
        }
    }

    /// Whether there is something to take up, be it the end of the peer's output.
    fn has_more(&self) -> bool {
        !self.input.is_empty() || self.socket().peek(&mut [0]).is_ok()
    }

    /// Breaks off a connection that the stop's deadline finds with something in hand.
    fn cut(&self, tools: &Tools<'_>) -> Fate {
        self.admitted.open.cut(tools.shared);
        Fate::Close
    }
}

/// Which replies are sent.
#[derive(Debug, Clone, Copy)]
enum Pending {
    Owed,
    Fresh,
}

enum Sent {
    All,
    Part,
    Gone,
}
