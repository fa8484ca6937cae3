//! Matches the sends and receives of connections by byte offsets.

use std::collections::HashMap;

use super::super::{Message, MessageKind, Step};
use super::addresses::address_key;
use super::sockets::SocketHistory;
use capsock::trace::unescape;

/// The messages of all TCP sockets.
pub(super) fn messages(steps: &[Step], histories: &[SocketHistory]) -> Vec<Message> {
    let mut messages = Vec::new();
    for (step, Step { call, .. }) in steps.iter().enumerate() {
        if call.call == "connect" && call.transport == "tcp" && call.outcome == "ECONNREFUSED" {
            messages.push(message(MessageKind::Refused, Some(step), None));
        }
    }
    for (client, server) in connections(steps, histories) {
        let history = |end: Option<usize>| end.map(|socket| &histories[socket]);
        let (from, to) = (
            history(client).and_then(|history| history.connect),
            history(server).and_then(|history| history.accept),
        );
        if from.is_some() || to.is_some() {
            messages.push(message(MessageKind::Handshake, from, to));
        }
        let (client, server) = (Endpoint::new(history(client), steps), Endpoint::new(history(server), steps));
        client.direction(&server, steps, &mut messages);
        server.direction(&client, steps, &mut messages);
    }
    messages
}

/// The two sockets of each connection, the client's first; `None` for a socket that was not recorded.
fn connections(steps: &[Step], histories: &[SocketHistory]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut open: HashMap<_, [Vec<usize>; 2]> = HashMap::new();
    let mut keys = Vec::new();
    for (socket, history) in histories.iter().enumerate().filter(|(_, history)| !history.udp) {
        let (Some(local), Some(peer)) = (history.local.map(address_key), history.peer.map(address_key))
        else {
            continue;
        };
        let key = (local.min(peer), local.max(peer));
        let ends = open.entry(key).or_insert_with(|| {
            keys.push(key);
            Default::default()
        });
        ends[usize::from(local > peer)].push(socket);
    }
    let mut pairs = Vec::new();
    for key in keys {
        let mut ends = open.remove(&key).unwrap_or_default();
        for end in &mut ends {
            // Consecutive connections may have the same addresses.
            end.sort_by_key(|socket| histories[*socket].steps.first().map(|step| steps[*step].call.begin));
        }
        let [one, other] = ends;
        for nth in 0..one.len().max(other.len()) {
            let (one, other) = (one.get(nth).copied(), other.get(nth).copied());
            let accepted = |end: Option<usize>| end.is_some_and(|socket| histories[socket].accept.is_some());
            let connected =
                |end: Option<usize>| end.is_some_and(|socket| histories[socket].connect.is_some());
            // If neither connect nor accept was recorded, the lower port is the server's.
            let guess = key.0.1 <= key.1.1 && !accepted(other) && !connected(one);
            let one_serves = accepted(one) || connected(other) || guess;
            pairs.push(if one_serves { (other, one) } else { (one, other) });
        }
    }
    pairs
}

/// The use of both directions of a socket.
struct Endpoint {
    recorded: bool,
    sent: Vec<(usize, u64)>,
    received: Vec<(usize, u64)>,
    /// The receives that returned the end of the stream.
    ended: Vec<usize>,
    /// The call that ended this side's output.
    closed: Option<usize>,
    /// Whether the socket was used after its output had been shut down.
    lives_on: bool,
    reset: Option<usize>,
}

impl Endpoint {
    fn new(history: Option<&SocketHistory>, steps: &[Step]) -> Endpoint {
        let mut end = Endpoint {
            recorded: history.is_some(),
            sent: Vec::new(),
            received: Vec::new(),
            ended: Vec::new(),
            closed: None,
            lives_on: false,
            reset: None,
        };
        let Some(history) = history else { return end };
        let mut shut = None;
        for step in history.steps.iter().copied() {
            let call = &steps[step].call;
            let ok = call.outcome == "ok";
            end.lives_on |= shut.is_some() && !matches!(&*call.call, "shutdown" | "close");
            match (&*call.call, call.bytes) {
                ("send" | "sendto" | "sendmsg", Some(1..)) => end.sent.push((step, call.bytes.unwrap_or(0))),
                ("recv" | "recvfrom" | "recvmsg", Some(1..)) => {
                    end.received.push((step, call.bytes.unwrap_or(0)));
                }
                ("recv" | "recvfrom" | "recvmsg", Some(0)) if ok && call.room != Some(0) => {
                    end.ended.push(step)
                }
                ("shutdown", _) if ok && call.argument != Some(0) => shut = shut.or(Some(step)),
                _ if matches!(&*call.outcome, "ECONNRESET" | "EPIPE") => end.reset = end.reset.or(Some(step)),
                _ => {}
            }
        }
        // Closing a descriptor does not end the output while another process has the socket open.
        end.closed = shut.or(history.closed.filter(|_| history.holders.is_empty()));
        end
    }

    /// The messages from this end to the other.
    fn direction(&self, to: &Endpoint, steps: &[Step], messages: &mut Vec<Message>) {
        self.pieces(to, steps, messages);
        // A shutdown right before the close is not drawn: it is part of the close.
        let shut = self.closed.filter(|step| steps[*step].call.call == "shutdown" && self.lives_on);
        match to.ended.first() {
            Some(end) => messages.push(message(MessageKind::HalfClose, self.closed, Some(*end))),
            None if shut.is_some() => messages.push(message(MessageKind::HalfClose, shut, None)),
            None => {}
        }
        if let Some(step) = to.reset {
            let from = self.closed.filter(|_| self.recorded);
            messages.push(message(MessageKind::Reset, from, Some(step)));
        }
    }

    fn pieces(&self, to: &Endpoint, steps: &[Step], messages: &mut Vec<Message>) {
        let (mut sends, mut receives) = (self.sent.iter().peekable(), to.received.iter().peekable());
        // The bytes of the current send and receive that earlier messages contain.
        let (mut of_send, mut of_receive, mut offset) = (0, 0, 0);
        loop {
            let (send, receive) = (sends.peek().copied().copied(), receives.peek().copied().copied());
            let bytes = match (send, receive) {
                (Some((_, sent)), Some((_, received))) => (sent - of_send).min(received - of_receive),
                (Some((_, sent)), None) => sent - of_send,
                (None, Some((_, received))) => received - of_receive,
                (None, None) => return,
            };
            let part = |end: Option<(usize, u64)>, start: u64| {
                end.and_then(|(step, _)| data(&steps[step], start, bytes))
            };
            let payload = longer(part(send, of_send), part(receive, of_receive));
            messages.push(Message {
                bytes,
                offset,
                data: payload,
                ..message(MessageKind::Stream, send.map(|(step, _)| step), receive.map(|(step, _)| step))
            });
            offset += bytes;
            of_send += bytes;
            of_receive += bytes;
            if send.is_none_or(|(_, sent)| sent == of_send) {
                sends.next();
                of_send = 0;
            }
            if receive.is_none_or(|(_, received)| received == of_receive) {
                receives.next();
                of_receive = 0;
            }
        }
    }
}

/// The recorded part of a range of a call's bytes.
fn data(step: &Step, start: u64, bytes: u64) -> Option<Vec<u8>> {
    let all = unescape(step.call.data.as_deref()?)?;
    let start = usize::try_from(start).ok().filter(|start| *start < all.len())?;
    let rest = &all[start..];
    Some(rest[..rest.len().min(usize::try_from(bytes).unwrap_or(usize::MAX))].to_vec())
}

/// The longer of two records of the same bytes.
pub(super) fn longer(one: Option<Vec<u8>>, other: Option<Vec<u8>>) -> Option<Vec<u8>> {
    if other.as_ref().map_or(0, Vec::len) > one.as_ref().map_or(0, Vec::len) { other } else { one.or(other) }
}

pub(super) fn message(kind: MessageKind, from: Option<usize>, to: Option<usize>) -> Message {
    Message { kind, from, to, bytes: 0, offset: 0, data: None, cut: 0, untraced: false }
}
