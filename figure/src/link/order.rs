//! Sorts the steps into a causal order: no effect precedes its cause.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::super::{MessageKind, Model, Program, Step};
use super::polls::wakes;
use super::renumber::renumber;

/// The order of independent steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Order {
    /// By time.
    Clock,
    /// By program, for steps that are less than [`PAUSE`] apart: equal for runs with the same behaviour.
    Canonical,
}

/// The distance of steps, in nanoseconds, from which on the canonical order keeps their order in time: a pause of this
/// length is intended.
const PAUSE: u64 = 500_000_000;

/// Sorts the steps and updates all indices; returns `false` if the dependencies have a cycle.
pub(in super::super) fn arrange(model: &mut Model, order: Order) -> bool {
    let edges = edges(model);
    let (sequence, consistent) = match order {
        Order::Clock => sorted(model, &edges, |step| (moment(&model.steps[step]), 0, step), |_| 0),
        Order::Canonical => {
            let (programs, threads) = (ranks(model), thread_ranks(model));
            let mut unanswered: Vec<_> = model
                .steps
                .iter()
                .map(|step| step.still_waits() || (step.receives() && step.call.blocked > 0))
                .collect();
            model.messages.iter().filter_map(|message| message.to).for_each(|to| unanswered[to] = false);
            let key = |step: usize| {
                let of = &model.steps[step];
                // A receive that blocked without a message comes last.
                (unanswered[step], programs[of.program], threads[&(of.program, of.thread)], step)
            };
            sorted(model, &edges, key, |step| model.steps[step].call.begin.saturating_sub(PAUSE))
        }
    };
    renumber(model, &sequence);
    consistent
}

/// The time of a step in the order: the end of a receive or of a wait for several sockets, the begin of other calls.
pub(in super::super) fn moment(step: &Step) -> u64 {
    if step.receives() || step.polls() { step.call.end } else { step.call.begin }
}

impl Step {
    /// Whether the call receives from another program.
    pub(in super::super) fn receives(&self) -> bool {
        self.call.call == "accept" || self.call.call.starts_with("recv")
    }

    pub(in super::super) fn sends(&self) -> bool {
        self.call.call.starts_with("send")
    }
}

/// Sorts the steps topologically. A step comes after those that it depends on, and after all that ended before
/// `since(step)`; among the candidates, the one with the least key is next.
fn sorted<K: Ord>(
    model: &Model,
    edges: &[(usize, usize)],
    key: impl Fn(usize) -> K,
    since: impl Fn(usize) -> u64,
) -> (Vec<usize>, bool) {
    let length = model.steps.len();
    let mut effects = vec![Vec::new(); length];
    let mut causes = vec![0_usize; length];
    for &(cause, effect) in edges.iter().filter(|(cause, effect)| cause != effect) {
        effects[cause].push(effect);
        causes[effect] += 1;
    }
    let mut by_end: Vec<_> = (0..length).collect();
    by_end.sort_by_key(|step| model.steps[*step].call.end);
    let mut by_key: Vec<_> = (0..length).collect();
    by_key.sort_by_key(|step| key(*step));
    let (mut oldest, mut stuck) = (0, 0);
    let mut done = vec![false; length];
    // The steps whose causes are done: by key, or, if they may not come yet, by time.
    let mut ready = BinaryHeap::new();
    let mut early = BinaryHeap::new();
    let mut free: Vec<_> = (0..length).filter(|step| causes[*step] == 0).collect();
    let mut sequence = Vec::with_capacity(length);
    let mut consistent = true;
    while sequence.len() < length {
        for step in free.drain(..) {
            early.push(Reverse((since(step), step)));
        }
        while by_end.get(oldest).is_some_and(|step| done[*step]) {
            oldest += 1;
        }
        let ended = by_end.get(oldest).map_or(u64::MAX, |step| model.steps[*step].call.end);
        while let Some(Reverse((_, step))) =
            early.peek().copied().filter(|Reverse((since, _))| *since <= ended)
        {
            early.pop();
            ready.push(Reverse((key(step), step)));
        }
        let next = ready.pop().map(|Reverse((_, step))| step);
        let step = next.or_else(|| early.pop().map(|Reverse((_, step))| step)).unwrap_or_else(|| {
            // A cycle: clocks disagree, or the trace is damaged.
            consistent = false;
            while done[by_key[stuck]] {
                stuck += 1;
            }
            by_key[stuck]
        });
        if std::mem::replace(&mut done[step], true) {
            continue;
        }
        sequence.push(step);
        for effect in std::mem::take(&mut effects[step]) {
            causes[effect] = causes[effect].saturating_sub(1);
            if causes[effect] == 0 && !done[effect] {
                free.push(effect);
            }
        }
    }
    (sequence, consistent)
}

/// The dependencies between steps, independent of clocks.
fn edges(model: &Model) -> Vec<(usize, usize)> {
    let mut edges = Vec::with_capacity(3 * model.steps.len());
    let mut threads: HashMap<(usize, usize), usize> = HashMap::new();
    let mut makers: Vec<Option<usize>> = vec![None; model.sockets.len()];
    let mut uses: HashMap<(usize, u32, u8), usize> = HashMap::new();
    let mut binds: HashMap<u16, Vec<usize>> = HashMap::new();
    let mut listens: HashMap<u16, Vec<usize>> = HashMap::new();
    for (index, step) in model.steps.iter().enumerate() {
        edges.extend(threads.insert((step.program, step.thread), index).map(|before| (before, index)));
        edges.extend(makers[step.socket].map(|maker| (maker, index)));
        let made = step.accepted.or((step.call.call == "socket").then_some(step.socket));
        if let Some(socket) = made {
            makers[socket] = makers[socket].or(Some(index));
        }
        // Calls in one direction of a socket are sequential; a close comes after the calls before it.
        let key = |direction| (step.socket, step.call.pid, direction);
        let (own, others): (u8, &[u8]) = match &*step.call.call {
            _ if step.receives() => (0, &[0, 2]),
            _ if step.sends() => (1, &[1, 2]),
            _ if step.polls() => continue,
            "shutdown" | "close" => (2, &[0, 1, 2]),
            _ => (2, &[2]),
        };
        edges.extend(
            others.iter().filter_map(|direction| uses.get(&key(*direction))).map(|before| (*before, index)),
        );
        uses.insert(key(own), index);
        if let (Some(local), "ok") = (step.call.local, &*step.call.outcome) {
            match &*step.call.call {
                "bind" => binds.entry(local.port()).or_default().push(index),
                "listen" => listens.entry(local.port()).or_default().push(index),
                _ => {}
            }
        }
    }
    edges.extend(wakes(model));
    for message in &model.messages {
        edges.extend(message.from.zip(message.to));
        let Some(from) = message.from else { continue };
        let openers = match message.kind {
            MessageKind::Handshake | MessageKind::Refused => &listens,
            MessageKind::Datagram => &binds,
            _ => continue,
        };
        let port = model.steps[from].call.peer.map(|peer| peer.port());
        let openers = port.and_then(|port| openers.get(&port)).map_or(&[][..], Vec::as_slice);
        let at = message.to.map(|to| model.steps[to].socket);
        edges.extend(openers.iter().filter_map(|opener| before_or_after(model, from, *opener, at)));
    }
    edges
}

/// The order of a message and the call that opened its destination.
fn before_or_after(model: &Model, from: usize, opener: usize, at: Option<usize>) -> Option<(usize, usize)> {
    let (send, open) = (&model.steps[from].call, &model.steps[opener]);
    if at.is_some_and(|socket| socket == open.socket) {
        Some((opener, from))
    } else if at.is_none() && send.end <= open.call.begin {
        Some((from, opener))
    } else if at.is_none() && open.call.end <= send.begin {
        Some((opener, from))
    } else {
        None
    }
}

/// The programs' ranks in the canonical order: servers, first those that a link stands before, then clients in the order in
/// which servers received from them.
fn ranks(model: &Model) -> Vec<usize> {
    let mut met = vec![usize::MAX; model.programs.len()];
    let mut linked = vec![false; model.programs.len()];
    for step in model.steps.iter().filter(|step| step.call.asked.is_some()) {
        linked[step.program] = true;
    }
    for message in &model.messages {
        let Some((from, to)) = message.from.zip(message.to) else { continue };
        if model.programs[model.steps[to].program].serves {
            let program = model.steps[from].program;
            met[program] = met[program].min(to);
        }
    }
    let mut programs: Vec<_> = (0..model.programs.len()).collect();
    let key = |program: usize| {
        let Program { name, serves, .. } = &model.programs[program];
        (!serves, !linked[program], if *serves { 0 } else { met[program] }, name.clone(), program)
    };
    programs.sort_by_cached_key(|program| key(*program));
    let mut ranks = vec![0; programs.len()];
    for (rank, program) in programs.into_iter().enumerate() {
        ranks[program] = rank;
    }
    ranks
}

/// The threads' ranks, by the socket of their first call.
fn thread_ranks(model: &Model) -> HashMap<(usize, usize), (usize, usize)> {
    let mut made: Vec<Option<usize>> = vec![None; model.sockets.len()];
    let mut ranks = HashMap::new();
    for (index, step) in model.steps.iter().enumerate() {
        made[step.socket].get_or_insert(index);
        if let Some(accepted) = step.accepted {
            made[accepted].get_or_insert(index);
        }
        let rank = (made[step.socket].unwrap_or(index), step.thread);
        ranks.entry((step.program, step.thread)).or_insert(rank);
    }
    ranks
}
