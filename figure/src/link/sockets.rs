//! Which calls were made on one socket: a descriptor's number means another socket after `close`.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::super::Step;
use super::addresses::{Plain, agree, plain};
use super::runs::Run;
use capsock::trace::Call;

/// A socket, and what is to be known of it for matching.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) program: usize,
    pub(super) udp: bool,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
    /// The first call on it, and the last one's end: indices of steps.
    pub(super) steps: Vec<usize>,
    /// The successful `connect` and `accept` that it comes from.
    pub(super) connect: Option<usize>,
    pub(super) accept: Option<usize>,
    /// When it was made, or first seen.
    opened: u64,
    /// The processes that have it, less those that closed it.
    pub(super) holders: Vec<usize>,
    pub(super) closed: Option<usize>,
}

/// Which sockets a process has.
#[derive(Default)]
struct Table {
    /// For each descriptor the sockets that it was, the last one last, and when it was closed.
    entries: HashMap<i32, Vec<(usize, Option<u64>)>>,
}

struct Follower<'a> {
    runs: &'a [Run],
    members: &'a [usize],
    tables: Vec<Table>,
    lives: Vec<Life>,
    /// Open connections by program and both addresses: a copy of a descriptor (dup(2), or one that was handed to
    /// another process) is the same socket.
    connections: HashMap<(usize, [Plain; 2]), usize>,
    unseen: usize,
}

/// The steps, process by process, and the sockets.
pub(super) fn follow(
    mut runs: Vec<Run>,
    members: &[usize],
    remarks: &mut Vec<String>,
) -> (Vec<Step>, Vec<Life>) {
    let calls: Vec<Vec<Call<'static>>> = runs.iter_mut().map(|run| std::mem::take(&mut run.calls)).collect();
    let tables = runs.iter().map(|_| Table::default()).collect();
    let mut follower =
        Follower { runs: &runs, members, tables, lives: Vec::new(), connections: HashMap::new(), unseen: 0 };
    let mut steps = Vec::with_capacity(calls.iter().map(Vec::len).sum());
    let mut threads: HashMap<(usize, u32), usize> = HashMap::new();
    let mut in_program: HashMap<usize, usize> = HashMap::new();
    for (run, calls) in calls.into_iter().enumerate() {
        for call in calls {
            let program = members[run];
            let thread = *threads.entry((run, call.tid)).or_insert_with(|| {
                let next = in_program.entry(program).or_default();
                *next += 1;
                *next - 1
            });
            let (socket, accepted) = follower.place(run, &call, steps.len());
            steps.push(Step { program, thread, socket, accepted, call });
        }
    }
    if follower.unseen > 0 {
        remarks.push(format!("sockets whose making was not recorded: {}", follower.unseen));
    }
    (steps, follower.lives)
}

impl Follower<'_> {
    /// The socket of a call, and the one that it accepted.
    fn place(&mut self, run: usize, call: &Call<'static>, step: usize) -> (usize, Option<usize>) {
        let ok = call.outcome == "ok";
        let socket = match &*call.call {
            "socket" => self.open(run, call.fd, call),
            _ => self.find(run, call).unwrap_or_else(|| {
                self.unseen += 1;
                self.open(run, call.fd, call)
            }),
        };
        self.lives[socket].steps.push(step);
        if !self.lives[socket].holders.contains(&run) {
            self.lives[socket].holders.push(run);
        }
        match &*call.call {
            "accept" => {
                let Some(fd) = call.accepted.filter(|_| ok) else { return (socket, None) };
                let accepted = self.open(run, fd, call);
                let life = &mut self.lives[accepted];
                (life.accept, life.local, life.peer) = (Some(step), call.local, call.peer);
                self.connected(accepted);
                return (socket, Some(accepted));
            }
            "close" => self.close(run, call, socket, step),
            name => {
                let life = &mut self.lives[socket];
                if call.local.is_some_and(|local| local.port() != 0) {
                    life.local = call.local;
                }
                if !life.udp && call.peer.is_some() && (name != "connect" || ok) {
                    life.peer = call.peer;
                    life.connect = life.connect.or((name == "connect").then_some(step));
                    self.connected(socket);
                }
            }
        }
        (socket, None)
    }

    fn open(&mut self, run: usize, fd: i32, call: &Call<'static>) -> usize {
        let program = self.members[run];
        let life = Life { program, udp: call.transport == "udp", opened: call.end, ..Life::default() };
        self.lives.push(Life { holders: vec![run], ..life });
        let socket = self.lives.len() - 1;
        self.tables[run].entries.entry(fd).or_default().push((socket, None));
        socket
    }

    fn close(&mut self, run: usize, call: &Call<'static>, socket: usize, step: usize) {
        let life = &mut self.lives[socket];
        life.holders.retain(|holder| *holder != run);
        life.closed = Some(step);
        if let Some((_, closed)) = self.tables[run].entries.get_mut(&call.fd).and_then(|of| of.last_mut()) {
            *closed = Some(call.begin);
        }
    }

    fn connected(&mut self, socket: usize) {
        let life = &self.lives[socket];
        if let (Some(local), Some(peer)) = (life.local, life.peer) {
            self.connections.insert((life.program, [plain(local), plain(peer)]), socket);
        }
    }

    fn find(&mut self, run: usize, call: &Call<'static>) -> Option<usize> {
        let own = self.tables[run].entries.get(&call.fd);
        if let Some(entries) = own {
            // A call that a close ended is numbered after it.
            let open = |(_, closed): &&(usize, Option<u64>)| closed.is_none_or(|closed| call.begin <= closed);
            let found = entries.iter().rev().filter(open).find(|(socket, _)| self.fits(*socket, call));
            if let Some((socket, _)) = found {
                return Some(*socket);
            }
        } else if let Some(socket) = self.inherited(run, call) {
            self.tables[run].entries.entry(call.fd).or_default().push((socket, None));
            return Some(socket);
        }
        let (local, peer) = (call.local.map(plain)?, call.peer.map(plain)?);
        let socket =
            *self.connections.get(&(self.members[run], [local, peer])).filter(|_| call.transport == "tcp")?;
        let same = self.lives[socket].holders.is_empty() || !matches!(&*call.call, "accept" | "connect");
        let alive = !self.lives[socket].holders.is_empty();
        if !(same && alive) {
            return None;
        }
        self.tables[run].entries.entry(call.fd).or_default().push((socket, None));
        Some(socket)
    }

    /// A socket that the process has from the one that forked it: which had it before, and may have closed it since.
    fn inherited(&self, run: usize, call: &Call<'static>) -> Option<usize> {
        let at = self.runs[run].at;
        let mut ancestor = self.runs[run].parent;
        while let Some(run) = ancestor {
            if let Some(entries) = self.tables[run].entries.get(&call.fd) {
                let before = |(socket, _): &&(usize, Option<u64>)| {
                    self.lives[*socket].opened <= at && self.fits(*socket, call)
                };
                if let Some((socket, _)) = entries.iter().rev().find(before) {
                    return Some(*socket);
                }
            }
            ancestor = self.runs[run].parent;
        }
        None
    }

    fn fits(&self, socket: usize, call: &Call<'static>) -> bool {
        let life = &self.lives[socket];
        if life.udp != (call.transport == "udp") {
            return false;
        }
        // What accept says of addresses is about the new connection.
        if life.udp || call.call == "accept" {
            return life.udp != (call.call == "accept");
        }
        agree(life.local, call.local) && (call.call == "connect" || agree(life.peer, call.peer))
    }
}
