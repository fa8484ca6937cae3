//! The record of the judge's socket calls, in the format of a trace.
//!
//! The recorder of the core is one per process and writes to a file; a probe has a record of its own, and keeps the last
//! calls only.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use capsock::Transport;
use capsock::trace::{Call, Event, Process, VERSION, escape_into};

/// The calls that are kept.
const KEPT: usize = 60;
/// The bytes of a payload that are kept, as in a trace.
const PAYLOAD: usize = 32;

/// The record of a probe. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    begin: Instant,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Debug, Default)]
struct Calls {
    kept: VecDeque<Call<'static>>,
    count: u64,
    sockets: i32,
}

/// What a call did; the rest of the line is the recorder's.
#[derive(Debug, Default)]
pub(crate) struct Done<'a> {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) moved: Option<&'a [u8]>,
    pub(crate) accepted: Option<i32>,
    pub(crate) argument: Option<i32>,
    /// An errno's name, or `timeout`; `None` for success.
    pub(crate) error: Option<&'static str>,
}

impl Recorder {
    pub(crate) fn new() -> Recorder {
        Recorder { begin: Instant::now(), calls: Arc::default() }
    }

    /// A number for a new socket, in the place of a descriptor, which the system would use again.
    pub(crate) fn socket(&self) -> i32 {
        let mut calls = self.calls();
        calls.sockets += 1;
        calls.sockets + 2
    }

    /// Records a call that began at `begin` and has just ended.
    pub(crate) fn call(
        &self,
        name: &'static str,
        transport: Transport,
        fd: i32,
        begin: Instant,
        done: &Done<'_>,
    ) {
        let mut calls = self.calls();
        let data = done.moved.map(|bytes| {
            let mut text = String::new();
            // A string takes all that is written.
            let _ = escape_into(&bytes[..bytes.len().min(PAYLOAD)], &mut text);
            Cow::Owned(text)
        });
        let bytes = done.moved.map(|bytes| bytes.len() as u64);
        let (begin, end) = (self.at(begin), self.at(Instant::now()));
        let seq = calls.count;
        calls.count += 1;
        calls.kept.push_back(Call {
            capsock: VERSION,
            pid: 1,
            tid: 1,
            seq,
            begin,
            end,
            blocked: if name.starts_with("recv") || name == "accept" { end - begin } else { 0 },
            call: name.into(),
            fd,
            accepted: done.accepted,
            transport: transport.name().into(),
            local: done.local,
            peer: done.peer,
            bytes,
            room: bytes,
            data,
            argument: done.argument,
            outcome: done.error.unwrap_or("ok").into(),
            ..Call::default()
        });
        if calls.kept.len() > KEPT {
            calls.kept.pop_front();
        }
    }

    /// Forgets the calls: what follows is another exchange.
    pub(crate) fn forget(&self) {
        self.calls().kept.clear();
    }

    /// Takes the calls of another record in the place of its own.
    pub(crate) fn take(&self, other: &Recorder) {
        let kept = std::mem::take(&mut other.calls().kept);
        self.calls().kept = kept;
    }

    /// The lines of the trace; `None` if no call was recorded.
    pub(crate) fn lines(&self) -> Option<String> {
        let calls = self.calls();
        if calls.kept.is_empty() {
            return None;
        }
        let process = Process {
            capsock: VERSION,
            pid: 1,
            parent: None,
            program: "judge".into(),
            language: "rust".into(),
            at: 0,
            wall: 0,
        };
        let calls = calls.kept.iter().map(|call| Event::Call(call.clone()));
        let mut lines = String::new();
        for event in std::iter::once(Event::Process(process)).chain(calls) {
            lines.push_str(&serde_json::to_string(&event).ok()?);
            lines.push('\n');
        }
        Some(lines)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, time: Instant) -> u64 {
        time.saturating_duration_since(self.begin).as_nanos() as u64
    }
}
