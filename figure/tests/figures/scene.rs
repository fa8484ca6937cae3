//! Stories by hand.

use capsock::trace::{Call, escape_into};
use capsock_figure::{Conversation, Message, MessageKind, Model, Program, Socket, Step};

pub(crate) type Fill<'a> = &'a dyn Fn(&mut Call<'static>);

/// A model in the making; times are in microseconds.
#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) model: Model,
    udp: Vec<bool>,
}

pub(crate) fn nothing(_: &mut Call<'static>) {}

/// A call's peer.
pub(crate) fn to(peer: &str) -> impl Fn(&mut Call<'static>) + use<> {
    let peer = peer.parse().expect("an address");
    move |call| call.peer = Some(peer)
}

pub(crate) fn local(local: &str) -> impl Fn(&mut Call<'static>) + use<> {
    let local = local.parse().expect("an address");
    move |call| call.local = Some(local)
}

pub(crate) fn sent(data: &[u8]) -> impl Fn(&mut Call<'static>) + use<> {
    received(data, data.len() as u64)
}

/// What a call moved, of as many bytes as it had room for.
pub(crate) fn received(data: &[u8], room: u64) -> impl Fn(&mut Call<'static>) + use<> {
    let mut text = String::new();
    escape_into(&data[..data.len().min(32)], &mut text).expect("a string takes all");
    let bytes = data.len() as u64;
    move |call| {
        (call.bytes, call.room) = (Some(bytes), Some(room));
        call.data = Some(text.clone().into());
    }
}

pub(crate) fn fails(outcome: &'static str) -> impl Fn(&mut Call<'static>) {
    move |call| call.outcome = outcome.into()
}

pub(crate) fn argument(argument: i32) -> impl Fn(&mut Call<'static>) {
    move |call| call.argument = Some(argument)
}

impl Scene {
    pub(crate) fn program(&mut self, name: &str, language: &str, pid: u32, serves: bool) -> usize {
        let (name, language) = (name.to_owned(), language.to_owned());
        self.model.programs.push(Program { name, language, pids: vec![pid], serves });
        self.model.programs.len() - 1
    }

    pub(crate) fn socket(&mut self, program: usize, name: &str, udp: bool) -> usize {
        self.model.sockets.push(Socket { program, name: name.to_owned() });
        self.udp.push(udp);
        self.model.sockets.len() - 1
    }

    /// A call of a program's first thread, without a wait.
    pub(crate) fn at(&mut self, socket: usize, name: &'static str, time: u64, fill: &[Fill<'_>]) -> usize {
        self.step(0, socket, name, (time, time + 8, 0), fill)
    }

    /// A call that waited from its beginning to its end.
    pub(crate) fn waited(
        &mut self,
        socket: usize,
        name: &'static str,
        (begin, end): (u64, u64),
        fill: &[Fill<'_>],
    ) -> usize {
        self.step(0, socket, name, (begin, end, end - begin), fill)
    }

    pub(crate) fn step(
        &mut self,
        thread: usize,
        socket: usize,
        name: &'static str,
        (begin, end, blocked): (u64, u64, u64),
        fill: &[Fill<'_>],
    ) -> usize {
        let program = self.model.sockets[socket].program;
        let start = 5_000_000_000;
        let mut call = Call {
            capsock: 1,
            pid: self.model.programs[program].pids[0],
            tid: self.model.programs[program].pids[0] + u32::try_from(thread).expect("few threads"),
            seq: self.model.steps.len() as u64,
            begin: start + begin * 1000,
            end: start + end * 1000,
            blocked: blocked * 1000,
            call: name.into(),
            fd: 3,
            transport: if self.udp[socket] { "udp" } else { "tcp" }.into(),
            outcome: "ok".into(),
            ..Call::default()
        };
        for fill in fill {
            fill(&mut call);
        }
        self.model.steps.push(Step {
            program,
            thread,
            socket,
            accepted: None,
            waited: Vec::new(),
            ready: Vec::new(),
            call,
        });
        self.model.steps.len() - 1
    }

    pub(crate) fn accepts(&mut self, step: usize, socket: usize) {
        self.model.steps[step].accepted = Some(socket);
    }

    pub(crate) fn arrow(
        &mut self,
        kind: MessageKind,
        from: Option<usize>,
        to: Option<usize>,
        data: &[u8],
    ) -> &mut Message {
        let recorded = matches!(kind, MessageKind::Stream | MessageKind::Datagram);
        let data = recorded.then(|| data.to_vec());
        let bytes = data.as_ref().map_or(0, Vec::len) as u64;
        self.model.messages.push(Message { kind, from, to, bytes, offset: 0, data, cut: 0, untraced: false });
        self.model.messages.last_mut().expect("one was pushed")
    }

    pub(crate) fn row(&mut self, client: usize, server: Option<usize>, times: Times<'_>) {
        let at = |time: u64| 5_000_000_000 + time * 1000;
        self.model.conversations.push(Conversation {
            client: Some(client),
            server,
            connect: times.connect.map(|(begin, end)| (at(begin), at(end))),
            accepted: times.accepted.map(at),
            served: times.served.iter().map(|&(begin, end)| (at(begin), at(end))).collect(),
            end: times.end.map(at),
            ..Conversation::default()
        });
    }
}

/// When a conversation went from one state to the next.
#[derive(Default)]
pub(crate) struct Times<'a> {
    pub(crate) connect: Option<(u64, u64)>,
    pub(crate) accepted: Option<u64>,
    pub(crate) served: &'a [(u64, u64)],
    pub(crate) end: Option<u64>,
}
