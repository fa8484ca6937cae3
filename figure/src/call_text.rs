//! The texts of calls, in the words of the program's language: what a reader finds in its listing.

use std::net::SocketAddr;

use super::escape::clipped;
use super::label::{address, bytes, listed, payload};
use super::{Model, Step};

/// The parts of a call that its text has.
struct Parts<'a> {
    step: &'a Step,
    /// The socket's name.
    name: &'a str,
    /// For accept, the name of the new connection.
    accepted: Option<&'a str>,
    local: String,
    peer: String,
    /// The length of the buffer of a receive.
    room: String,
    /// What a send sends.
    sent: String,
    /// The argument of listen.
    number: String,
    family: &'static str,
    datagrams: bool,
    /// Whether the socket listens, at some time.
    listens: bool,
}

/// The call as a listing in the program's language has it: `server.recvfrom(2048)` in Python, `recvfrom(server, 2048)` in C,
/// `server.receive(2048)` in Java.
pub(super) fn call(model: &Model, step: &Step) -> String {
    let call = &step.call;
    if step.polls() {
        return format!("{}({})", clipped(&call.call, 24), waited(model, step));
    }
    let socket = |socket: usize| &*model.sockets[socket].name;
    let given = |address: Option<SocketAddr>| address.map(self::address).unwrap_or_default();
    let makes = call.call == "socket";
    let parts = Parts {
        step,
        name: socket(step.socket),
        accepted: step.accepted.map(socket),
        // What the program's listing has.
        local: given(call.asked.or(call.local)),
        peer: given(call.peer),
        room: call.room.map(|room| room.to_string()).unwrap_or_default(),
        sent: sent(step),
        number: call.argument.map(|number| number.to_string()).unwrap_or_default(),
        family: if makes { family(model, step) } else { "" },
        datagrams: call.transport == "udp",
        listens: makes && listens(model, step),
    };
    match &*model.programs[step.program].language {
        "c" => parts.in_c(),
        "java" => parts.in_java(),
        _ => parts.in_python(),
    }
}

impl Parts<'_> {
    /// The name of the call in the trace, which is that of POSIX.
    fn posix(&self) -> &str {
        &self.step.call.call
    }

    fn kind(&self) -> &'static str {
        if self.datagrams { "SOCK_DGRAM" } else { "SOCK_STREAM" }
    }

    /// The argument of shutdown.
    fn ends(&self) -> &str {
        match self.step.call.argument {
            Some(0) => "SHUT_RD",
            Some(1) => "SHUT_WR",
            Some(2) => "SHUT_RDWR",
            _ => &self.number,
        }
    }

    /// The arguments of calls that have the same ones in Python and in C.
    fn arguments(&self) -> &str {
        match self.posix() {
            "bind" => &self.local,
            "connect" => &self.peer,
            "listen" => &self.number,
            "shutdown" => self.ends(),
            "send" | "sendmsg" => &self.sent,
            "recv" | "recvfrom" | "recvmsg" => &self.room,
            _ => "",
        }
    }

    fn in_python(&self) -> String {
        let Parts { name, .. } = self;
        match (self.posix(), self.accepted) {
            ("socket", _) => format!("{name} = socket({}, {})", self.family, self.kind()),
            ("accept", Some(accepted)) => format!("{accepted} = {name}.accept()"),
            ("sendto", _) => format!("{name}.sendto({}, {})", self.sent, self.peer),
            (posix, _) => format!("{name}.{}({})", clipped(posix, 24), self.arguments()),
        }
    }

    fn in_c(&self) -> String {
        let Parts { name, .. } = self;
        match (self.posix(), self.accepted) {
            ("socket", _) => format!("{name} = socket({}, {})", self.family, self.kind()),
            ("accept", Some(accepted)) => format!("{accepted} = accept({name})"),
            ("sendto", _) => format!("sendto({name}, {}, {})", self.sent, self.peer),
            (posix, _) => match self.arguments() {
                "" => format!("{}({name})", clipped(posix, 24)),
                arguments => format!("{}({name}, {arguments})", clipped(posix, 24)),
            },
        }
    }

    /// By the methods of `java.net`: those of a stream are of its `getInputStream()` and `getOutputStream()`, and bind()
    /// of a ServerSocket is bind(2) and listen(2).
    fn in_java(&self) -> String {
        let Parts { name, datagrams, .. } = self;
        match (self.posix(), self.accepted) {
            ("socket", _) => {
                let class = match (datagrams, self.listens) {
                    (true, _) => "DatagramSocket",
                    (false, true) => "ServerSocket",
                    (false, false) => "Socket",
                };
                format!("{name} = new {class}()")
            }
            ("accept", Some(accepted)) => format!("{accepted} = {name}.accept()"),
            ("listen", _) => format!("{name}.bind(backlog {})", self.number),
            ("shutdown", _) => match self.step.call.argument {
                Some(0) => format!("{name}.shutdownInput()"),
                Some(1) => format!("{name}.shutdownOutput()"),
                _ => format!("{name}.close()"),
            },
            ("send" | "sendto" | "sendmsg", _) if *datagrams => {
                // A connected socket's packets need no address.
                let to = if self.posix() == "sendto" { format!(", {}", self.peer) } else { String::new() };
                format!("{name}.send({}{to})", self.sent)
            }
            ("send" | "sendto" | "sendmsg", _) => format!("{name}.getOutputStream().write({})", self.sent),
            ("recv" | "recvfrom" | "recvmsg", _) if *datagrams => format!("{name}.receive({})", self.room),
            ("recv" | "recvfrom" | "recvmsg", _) => format!("{name}.getInputStream().read({})", self.room),
            (posix, _) => format!("{name}.{}({})", clipped(posix, 24), self.arguments()),
        }
    }
}

/// What a wait for several descriptors waits for.
fn waited(model: &Model, step: &Step) -> String {
    let mut fds: Vec<i32> = step.call.waited_in.iter().chain(&*step.call.waited_out).copied().collect();
    fds.sort_unstable();
    fds.dedup();
    listed(model, &step.waited, fds.len().saturating_sub(step.waited.len()))
}

fn sent(step: &Step) -> String {
    let data = step.call.data.as_deref().and_then(capsock::trace::unescape);
    let bytes = step.call.room.or(step.call.bytes).unwrap_or(0);
    match data {
        Some(data) => payload(&data, bytes, 14),
        None => self::bytes(bytes),
    }
}

/// The address family of a socket, from the first address that a call on it has.
fn family(model: &Model, step: &Step) -> &'static str {
    match own(model, step).filter_map(|other| other.call.local.or(other.call.peer)).next() {
        Some(SocketAddr::V6(_)) => "AF_INET6",
        _ => "AF_INET",
    }
}

/// The calls after a socket's making that are searched for what it is: a trace may be long, and what tells comes soon.
const SEARCHED: usize = 1000;

/// Whether a socket that is made listens later.
fn listens(model: &Model, step: &Step) -> bool {
    own(model, step).any(|other| matches!(&*other.call.call, "listen" | "accept"))
}

/// The first calls on the socket that this one makes.
fn own<'a>(model: &'a Model, step: &'a Step) -> impl Iterator<Item = &'a Step> {
    let first = model.steps.iter().position(|other| std::ptr::eq(other, step)).unwrap_or(0);
    model.steps[first..].iter().take(SEARCHED).filter(|other| other.socket == step.socket)
}
