//! Finds the calls that had not returned when the trace ended.

use std::collections::{HashMap, HashSet};

use super::super::Step;
use capsock::trace::{Begin, Call};

/// The outcome of a call that has not returned, which no line of a trace has.
const WAITING: &str = "waiting";

impl Step {
    /// Whether the call had not returned when the trace ended.
    pub(in super::super) fn still_waits(&self) -> bool {
        self.call.outcome == WAITING
    }
}

/// The calls of a process that have begun and not returned. One is over if it has a line of its own, or the thread made
/// another call. A close of the descriptor ends the wait of a virtual thread alone: on Linux close(2) leaves a thread in its
/// call, and where it does end that, the call has a line.
pub(super) fn unfinished(begins: Vec<Begin<'static>>, calls: &[Call<'static>]) -> Vec<Call<'static>> {
    if begins.is_empty() {
        return Vec::new();
    }
    let ended: HashSet<(i32, u64)> = calls.iter().map(|call| (call.fd, call.begin)).collect();
    let mut closed: HashMap<i32, u64> = HashMap::new();
    let mut latest: HashMap<u32, u64> = HashMap::new();
    let later = |of: &mut u64, begin: u64| *of = begin.max(*of);
    for call in calls {
        later(latest.entry(call.tid).or_default(), call.begin);
        if call.call == "close" {
            later(closed.entry(call.fd).or_default(), call.begin);
        }
    }
    let mut waits: HashMap<u32, u64> = HashMap::new();
    for begin in &begins {
        if let Some(tid) = begin.tid {
            later(waits.entry(tid).or_default(), begin.begin);
        }
    }
    let is_over = |begin: &Begin<'static>| {
        ended.contains(&(begin.fd, begin.begin))
            || match begin.tid {
                Some(tid) => {
                    latest.get(&tid).is_some_and(|call| *call >= begin.begin) || waits[&tid] > begin.begin
                }
                None => closed.get(&begin.fd).is_some_and(|closed| *closed >= begin.begin),
            }
    };
    let seq = calls.last().map_or(0, |call| call.seq);
    begins.into_iter().filter(|begin| !is_over(begin)).map(|begin| call(begin, seq)).collect()
}

/// The call, as far as it is known.
fn call(begin: Begin<'static>, seq: u64) -> Call<'static> {
    Call {
        capsock: begin.capsock,
        pid: begin.pid,
        // A virtual thread has a line of its own, by the descriptor.
        tid: begin.tid.unwrap_or_else(|| u32::MAX - begin.fd.unsigned_abs()),
        seq,
        begin: begin.begin,
        end: begin.at,
        blocked: (begin.at - begin.begin).max(1),
        call: begin.call,
        fd: begin.fd,
        variable: begin.variable,
        transport: begin.transport,
        local: begin.local,
        peer: begin.peer,
        room: begin.room,
        waited_in: begin.waited_in,
        waited_out: begin.waited_out,
        outcome: WAITING.into(),
        ..Call::default()
    }
}

/// Extends a call that has not returned to the end of the trace.
pub(super) fn extend(call: &mut Call<'static>, end: u64) {
    if call.outcome == WAITING {
        call.end = end.max(call.end);
        call.blocked = (call.end - call.begin).max(1);
    }
}
