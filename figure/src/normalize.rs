//! Normalises a model: removes what differs between runs of the same programs.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::link::{Order, arrange, base_names, conversations, name, wakes};
use super::{Conversation, Model};

/// The first ephemeral port (ip(7), `ip_local_port_range`).
const FIRST_EPHEMERAL: u16 = 32768;

/// The number that replaces the first ephemeral port.
const FIRST_SHOWN: u16 = 50001;

impl Model {
    /// The model without payloads.
    #[must_use]
    pub fn without_payload(mut self) -> Model {
        for step in &mut self.steps {
            step.call.data = None;
        }
        for message in &mut self.messages {
            message.data = None;
        }
        self
    }
}

/// Replaces times, processes, threads, descriptors and ephemeral ports by ordinals, so that runs with the same
/// behaviour give the same figures.
///
/// Step `n`, from 0, lasts from `n` to `n + 1`. A receive that blocked begins at the end of its thread's previous call,
/// or of the `accept` for which the thread was started. Independent steps are in a fixed order: the servers' first,
/// then the clients' in the order in which the servers received from them. If two steps are more than half a second apart,
/// their order in time is kept.
#[must_use]
pub fn normalize(mut model: Model) -> Model {
    base_names(&mut model);
    arrange(&mut model, Order::Canonical);
    name(&mut model);
    // The times of an event loop, which blocks in no receive, become those of receives that block.
    let holding = |one: &Conversation| one.server.filter(|_| !one.held.is_empty());
    let holders: HashSet<usize> = conversations(&model).iter().filter_map(holding).collect();
    times(&mut model);
    numbers(&mut model);
    ports(&mut model);
    model.conversations = conversations(&model);
    for one in &mut model.conversations {
        if !one.server.is_some_and(|server| holders.contains(&server)) {
            one.held.clear();
        }
    }
    model
}

fn times(model: &mut Model) {
    let mut causes: Vec<Option<usize>> = vec![None; model.steps.len()];
    for message in &model.messages {
        if let (Some(from), Some(to)) = (message.from, message.to) {
            let first = causes[to].get_or_insert(from);
            *first = from.min(*first);
        }
    }
    for (from, poll) in wakes(model) {
        causes[poll] = Some(from);
    }
    let mut before: HashMap<(usize, usize), usize> = HashMap::new();
    let mut accepts: HashMap<usize, usize> = HashMap::new();
    let ordinal = |step: usize| step as u64;
    for (index, step) in model.steps.iter_mut().enumerate() {
        accepts.extend(step.accepted.map(|socket| (socket, index)));
        // A thread that serves one connection started when the connection was accepted.
        let previous = before.insert((step.program, step.thread), index);
        let previous = previous.or_else(|| accepts.get(&step.socket).copied());
        let since = previous.map_or(index, |previous| previous + 1);
        // If the cause comes after the thread's previous call, the call blocked until the cause; without a cause, it
        // blocked until it returned.
        let until = match causes[index] {
            _ if !(step.receives() || step.polls()) || previous.is_none() => None,
            Some(cause) => Some(cause).filter(|cause| *cause >= since),
            // What was there before the wait for several sockets began is not known.
            None if step.polls() && !step.ready.is_empty() => None,
            None => Some(index).filter(|_| step.call.blocked > 0),
        };
        step.call.begin = ordinal(until.map_or(index, |_| since));
        step.call.end = ordinal(index + 1);
        step.call.blocked = until.map_or(0, |until| ordinal(until) - ordinal(since));
    }
}

fn numbers(model: &mut Model) {
    let mut pids: HashMap<(usize, u32), u32> = HashMap::new();
    let mut tids: HashMap<(usize, usize), u32> = HashMap::new();
    let mut next: HashMap<u32, u64> = HashMap::new();
    for step in &mut model.steps {
        let number = |length: usize| u32::try_from(length + 1).unwrap_or(u32::MAX);
        let fresh = number(pids.len());
        step.call.pid = *pids.entry((step.program, step.call.pid)).or_insert(fresh);
        let fresh = number(tids.len());
        step.call.tid = *tids.entry((step.program, step.thread)).or_insert(fresh);
        let seq = next.entry(step.call.pid).or_default();
        step.call.seq = *seq;
        *seq += 1;
        let descriptor = |socket: usize| i32::try_from(socket + 1).unwrap_or(i32::MAX);
        step.call.fd = if step.call.fd < 0 { -1 } else { descriptor(step.socket) };
        step.call.accepted = step.accepted.map(descriptor);
    }
    for (program, of) in model.programs.iter_mut().enumerate() {
        // A process without calls has no number.
        let mut known: Vec<_> =
            of.pids.iter().filter_map(|pid| pids.get(&(program, *pid)).copied()).collect();
        known.sort_unstable();
        known.dedup();
        of.pids = known;
    }
}

fn ports(model: &mut Model) {
    let mut ports: HashMap<u16, u16> = HashMap::new();
    let mut shown = |address: &mut Option<SocketAddr>| {
        if let Some(address) = address.as_mut().filter(|address| address.port() >= FIRST_EPHEMERAL) {
            let next = FIRST_SHOWN.wrapping_add(u16::try_from(ports.len()).unwrap_or(u16::MAX));
            address.set_port(*ports.entry(address.port()).or_insert(next));
        }
    };
    for step in &mut model.steps {
        shown(&mut step.call.asked);
        shown(&mut step.call.asked);
        shown(&mut step.call.local);
        shown(&mut step.call.peer);
    }
}
