//! Assigns calls to sockets: after `close`, a descriptor's number is reused for another socket.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::super::Step;
use super::super::read::{connects_on, is_multi_wait};
use super::addresses::{AddressKey, address_key, agree};
use super::processes::RecordedProcess;
use capsock::trace::Call;

/// A socket, with what matching needs.
#[derive(Debug, Default)]
pub(super) struct SocketHistory {
    pub(super) program: usize,
    pub(super) udp: bool,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
    /// The calls on it: indices of steps.
    pub(super) steps: Vec<usize>,
    /// The successful `connect` or `accept` of its connection.
    pub(super) connect: Option<usize>,
    /// The `connect` that did not wait, and whose end is not known yet.
    connecting: Option<usize>,
    pub(super) accept: Option<usize>,
    /// When it was created, or first used.
    opened: u64,
    /// The processes that have it open.
    pub(super) holders: Vec<usize>,
    pub(super) closed: Option<usize>,
}

/// The descriptors of a process.
#[derive(Default)]
struct Descriptors {
    /// For each descriptor the sockets that it referred to, in order, and when each was closed.
    entries: HashMap<i32, Vec<(usize, Option<u64>)>>,
}

struct Tracker<'a> {
    processes: &'a [RecordedProcess],
    members: &'a [usize],
    tables: Vec<Descriptors>,
    histories: Vec<SocketHistory>,
    /// Open connections by program and both addresses: a duplicate of a descriptor (dup(2), or one passed to another
    /// process) refers to the same socket.
    connections: HashMap<(usize, [AddressKey; 2]), usize>,
    unseen: usize,
}

/// The steps, process by process, and the sockets.
pub(super) fn track(
    mut processes: Vec<RecordedProcess>,
    members: &[usize],
    remarks: &mut Vec<String>,
) -> (Vec<Step>, Vec<SocketHistory>) {
    let calls: Vec<Vec<Call<'static>>> =
        processes.iter_mut().map(|process| std::mem::take(&mut process.calls)).collect();
    let tables = processes.iter().map(|_| Descriptors::default()).collect();
    let mut tracker = Tracker {
        processes: &processes,
        members,
        tables,
        histories: Vec::new(),
        connections: HashMap::new(),
        unseen: 0,
    };
    let mut steps = Vec::with_capacity(calls.iter().map(Vec::len).sum());
    let mut threads: HashMap<(usize, u32), usize> = HashMap::new();
    let mut in_program: HashMap<usize, usize> = HashMap::new();
    for (process, calls) in calls.into_iter().enumerate() {
        for call in calls {
            let program = members[process];
            let thread = *threads.entry((process, call.tid)).or_insert_with(|| {
                let next = in_program.entry(program).or_default();
                *next += 1;
                *next - 1
            });
            if is_multi_wait(&call.call) {
                let waited = tracker.open_sockets(process, [&call.waited_in, &call.waited_out], call.begin);
                let ready = tracker.open_sockets(process, [&call.ready_in, &call.ready_out], call.begin);
                // One that waits for none of the recorded sockets has no part in the figure.
                if let Some(socket) = waited.first().copied() {
                    steps.push(Step { program, thread, socket, accepted: None, waited, ready, call });
                }
                continue;
            }
            let (socket, accepted) = tracker.place(process, &call, steps.len());
            let (waited, ready) = (Vec::new(), Vec::new());
            steps.push(Step { program, thread, socket, accepted, waited, ready, call });
        }
    }
    if tracker.unseen > 0 {
        remarks.push(format!("sockets whose making was not recorded: {}", tracker.unseen));
    }
    (steps, tracker.histories)
}

impl Tracker<'_> {
    /// The socket of a call, and the socket that it accepted.
    fn place(&mut self, process: usize, call: &Call<'static>, step: usize) -> (usize, Option<usize>) {
        let ok = call.outcome == "ok";
        let socket = match &*call.call {
            "socket" => self.open(process, call.fd, call),
            _ => self.find(process, call).unwrap_or_else(|| {
                self.unseen += 1;
                self.open(process, call.fd, call)
            }),
        };
        self.histories[socket].steps.push(step);
        if !self.histories[socket].holders.contains(&process) {
            self.histories[socket].holders.push(process);
        }
        match &*call.call {
            "accept" => {
                let Some(fd) = call.accepted.filter(|_| ok) else { return (socket, None) };
                let accepted = self.open(process, fd, call);
                let history = &mut self.histories[accepted];
                (history.accept, history.local, history.peer) = (Some(step), call.local, call.peer);
                self.connected(accepted);
                return (socket, Some(accepted));
            }
            "close" => self.close(process, call, socket, step),
            name => {
                let history = &mut self.histories[socket];
                if connects_on(call) {
                    history.connecting = Some(step);
                }
                if call.local.is_some_and(|local| local.port() != 0) {
                    history.local = call.local;
                }
                if !history.udp && call.peer.is_some() && (name != "connect" || ok) {
                    history.peer = call.peer;
                    let connect = if name == "connect" { Some(step) } else { history.connecting };
                    history.connect = history.connect.or(connect);
                    self.connected(socket);
                }
            }
        }
        (socket, None)
    }

    fn open(&mut self, process: usize, fd: i32, call: &Call<'static>) -> usize {
        let program = self.members[process];
        let history = SocketHistory {
            program,
            udp: call.transport == "udp",
            opened: call.end,
            ..SocketHistory::default()
        };
        self.histories.push(SocketHistory { holders: vec![process], ..history });
        let socket = self.histories.len() - 1;
        self.tables[process].entries.entry(fd).or_default().push((socket, None));
        socket
    }

    fn close(&mut self, process: usize, call: &Call<'static>, socket: usize, step: usize) {
        let history = &mut self.histories[socket];
        history.holders.retain(|holder| *holder != process);
        history.closed = Some(step);
        if let Some((_, closed)) = self.tables[process].entries.get_mut(&call.fd).and_then(|of| of.last_mut())
        {
            *closed = Some(call.begin);
        }
    }

    fn connected(&mut self, socket: usize) {
        let history = &self.histories[socket];
        if let (Some(local), Some(peer)) = (history.local, history.peer) {
            self.connections.insert((history.program, [address_key(local), address_key(peer)]), socket);
        }
    }

    /// The sockets that these descriptors of the process refer to at this time, each once.
    fn open_sockets(&self, process: usize, lists: [&[i32]; 2], at: u64) -> Vec<usize> {
        let mut found = Vec::new();
        for fd in lists.into_iter().flatten() {
            let mut holder = Some(process);
            while let Some(process) = holder {
                let entries = self.tables[process].entries.get(fd);
                let open = |(_, closed): &&(usize, Option<u64>)| closed.is_none_or(|closed| at <= closed);
                let open = || entries.into_iter().flatten().rev().filter(open);
                // The line may come after another thread has used the descriptor again.
                let was_open = |(socket, _): &&(usize, Option<u64>)| self.histories[*socket].opened <= at;
                if let Some((socket, _)) = open().find(was_open).or_else(|| open().next()) {
                    if !found.contains(socket) {
                        found.push(*socket);
                    }
                    break;
                }
                holder = self.processes[process].parent;
            }
        }
        found
    }

    fn find(&mut self, process: usize, call: &Call<'static>) -> Option<usize> {
        let own = self.tables[process].entries.get(&call.fd);
        if let Some(entries) = own {
            // A call that a close unblocked has a higher number than the close.
            let open = |(_, closed): &&(usize, Option<u64>)| closed.is_none_or(|closed| call.begin <= closed);
            let found = entries.iter().rev().filter(open).find(|(socket, _)| self.fits(*socket, call));
            if let Some((socket, _)) = found {
                return Some(*socket);
            }
        } else if let Some(socket) = self.inherited(process, call) {
            self.tables[process].entries.entry(call.fd).or_default().push((socket, None));
            return Some(socket);
        }
        let (local, peer) = (call.local.map(address_key)?, call.peer.map(address_key)?);
        let socket = *self
            .connections
            .get(&(self.members[process], [local, peer]))
            .filter(|_| call.transport == "tcp")?;
        let same = self.histories[socket].holders.is_empty() || !matches!(&*call.call, "accept" | "connect");
        let alive = !self.histories[socket].holders.is_empty();
        if !(same && alive) {
            return None;
        }
        self.tables[process].entries.entry(call.fd).or_default().push((socket, None));
        Some(socket)
    }

    /// A socket inherited by fork: a parent opened it before, and may have closed it since.
    fn inherited(&self, process: usize, call: &Call<'static>) -> Option<usize> {
        let at = self.processes[process].at;
        let mut ancestor = self.processes[process].parent;
        while let Some(process) = ancestor {
            if let Some(entries) = self.tables[process].entries.get(&call.fd) {
                let before = |(socket, _): &&(usize, Option<u64>)| {
                    self.histories[*socket].opened <= at && self.fits(*socket, call)
                };
                if let Some((socket, _)) = entries.iter().rev().find(before) {
                    return Some(*socket);
                }
            }
            ancestor = self.processes[process].parent;
        }
        None
    }

    fn fits(&self, socket: usize, call: &Call<'static>) -> bool {
        let history = &self.histories[socket];
        if history.udp != (call.transport == "udp") {
            return false;
        }
        // The addresses of an accept are those of the new connection.
        if history.udp || call.call == "accept" {
            return history.udp != (call.call == "accept");
        }
        agree(history.local, call.local) && (call.call == "connect" || agree(history.peer, call.peer))
    }
}
