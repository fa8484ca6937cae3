//! Finds the conversations: connections, and over UDP the exchanges of a client with a server.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::super::{Conversation, MessageKind, Model, Step};
use super::addresses::{AddressKey, address_key};
use super::names::{Role, roles};

/// The beginning and the end of an interval of time.
type Interval = (u64, u64);

/// A conversation under construction.
#[derive(Default)]
struct Draft {
    first: usize,
    conversation: Conversation,
    /// The server's steps, and whether each is a receive.
    server: Vec<(usize, bool)>,
    /// The client's sends.
    requests: Vec<usize>,
}

/// The conversations, in the order of their first step.
pub(in super::super) fn conversations(model: &Model) -> Vec<Conversation> {
    let mut drafts = connections(model);
    drafts.extend(exchanges(model));
    timeouts(model, &mut drafts);
    held(model, &mut drafts);
    for draft in &mut drafts {
        draft.server.sort_unstable();
        let Conversation { served, unanswered, end, .. } = &mut draft.conversation;
        let mut without_reply;
        (*served, without_reply) = intervals(model, &draft.server, *end);
        // The client's waits are known better than the server's.
        if !unanswered.is_empty() {
            without_reply.clear();
        }
        unanswered.extend(without_reply);
    }
    drafts.sort_by_key(|draft| draft.first);
    drafts.into_iter().map(|draft| draft.conversation).collect()
}

/// The conversations over TCP.
fn connections(model: &Model) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut of_socket: HashMap<usize, usize> = HashMap::new();
    for message in model.messages.iter().filter(|message| message.kind == MessageKind::Handshake) {
        let client = message.from.map(|from| &model.steps[from]);
        let server = message.to.map(|to| &model.steps[to]);
        let conversation = Conversation {
            client: client.map(|step| step.socket),
            server: server.and_then(|step| step.accepted),
            connect: client.map(|step| (step.call.begin, step.call.end)),
            accepted: server.map(|step| step.call.end),
            ..Conversation::default()
        };
        of_socket.extend(
            conversation.client.into_iter().chain(conversation.server).map(|socket| (socket, drafts.len())),
        );
        let first = message.from.or(message.to).unwrap_or(0);
        drafts.push(Draft { first, conversation, ..Draft::default() });
    }
    for (index, step) in model.steps.iter().enumerate() {
        let Some(draft) = of_socket.get(&step.socket).map(|draft| &mut drafts[*draft]) else { continue };
        if draft.conversation.client == Some(step.socket) && step.sends() {
            draft.requests.push(index);
        }
        if draft.conversation.server == Some(step.socket) && moved(step) {
            draft.server.push((index, step.receives()));
        }
        // If the client was not recorded, the server's last call ends the conversation.
        if draft.conversation.client.is_none_or(|client| client == step.socket) {
            draft.conversation.end = draft.conversation.end.max(Some(step.call.end));
        }
    }
    drafts
}

/// The conversations over UDP: of a client's address with a server's socket.
fn exchanges(model: &Model) -> Vec<Draft> {
    type Key = (Option<usize>, Option<usize>, Option<AddressKey>);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut of_key: HashMap<Key, usize> = HashMap::new();
    let clients = clients(model);
    let roles = roles(model);
    for message in model.messages.iter().filter(|message| message.kind == MessageKind::Datagram) {
        for index in message.from.into_iter().chain(message.to) {
            let step = &model.steps[index];
            let serving = model.programs[step.program].serves && roles[step.socket] == Role::Server;
            let peer = step.call.peer.map(address_key);
            let key: Key = if serving {
                let client = peer.and_then(|peer| clients.get(&(step.socket, peer)).copied());
                (client, Some(step.socket), peer.filter(|_| client.is_none()))
            } else {
                let other = if message.from == Some(index) { message.to } else { message.from };
                let server = other.map(|other| model.steps[other].socket);
                let server =
                    server.or_else(|| peer.and_then(|peer| server_at(model, &clients, step.socket, peer)));
                (Some(step.socket), server, peer.filter(|_| server.is_none()))
            };
            let draft = *of_key.entry(key).or_insert_with(|| {
                let conversation = Conversation { client: key.0, server: key.1, ..Conversation::default() };
                drafts.push(Draft { first: index, conversation, ..Draft::default() });
                drafts.len() - 1
            });
            let draft = &mut drafts[draft];
            draft.first = draft.first.min(index);
            if serving {
                draft.server.push((index, step.receives()));
            } else if step.sends() {
                draft.requests.push(index);
            }
            if !serving || key.0.is_none() {
                draft.conversation.end = draft.conversation.end.max(Some(step.call.end));
            }
        }
    }
    drafts
}

/// The client's socket behind each address that a server's socket received from.
fn clients(model: &Model) -> HashMap<(usize, AddressKey), usize> {
    let mut clients = HashMap::new();
    for message in &model.messages {
        let (Some(from), Some(to), MessageKind::Datagram) = (message.from, message.to, message.kind) else {
            continue;
        };
        let (from, to) = (&model.steps[from], &model.steps[to]);
        let known: [(&Step, &Step, Option<SocketAddr>); 2] =
            [(to, from, to.call.peer), (from, to, from.call.peer)];
        for (one, other, peer) in known {
            if let Some(peer) = peer {
                clients.insert((one.socket, address_key(peer)), other.socket);
            }
        }
    }
    clients
}

/// The server's socket at an address that a client sends to, by the datagrams that were received.
fn server_at(
    model: &Model,
    sockets: &HashMap<(usize, AddressKey), usize>,
    client: usize,
    peer: AddressKey,
) -> Option<usize> {
    sockets
        .get(&(client, peer))
        .copied()
        .filter(|server| model.programs[model.sockets[*server].program].serves)
}

/// Adds the waits of the clients for replies that did not come in time, each from the first request after the last reply.
fn timeouts(model: &Model, drafts: &mut [Draft]) {
    let mut of_request: HashMap<usize, usize> = HashMap::new();
    for (draft, of) in drafts.iter().enumerate() {
        of_request.extend(of.requests.iter().map(|request| (*request, draft)));
    }
    // For each client's socket, the request without a reply: its conversation and when it was sent.
    let mut open: HashMap<usize, (usize, u64)> = HashMap::new();
    for (index, step) in model.steps.iter().enumerate() {
        if let Some(draft) = of_request.get(&index) {
            open.insert(step.socket, (*draft, step.call.begin));
        } else if step.receives() && (step.call.outcome == "timeout" || step.still_waits()) {
            let Some((draft, sent)) = open.get(&step.socket) else { continue };
            let Conversation { unanswered, end, .. } = &mut drafts[*draft].conversation;
            match unanswered.last_mut().filter(|(begin, _)| begin == sent) {
                Some((_, end)) => *end = step.call.end,
                None => unanswered.push((*sent, step.call.end)),
            }
            *end = (*end).max(Some(step.call.end));
        } else if step.receives() && step.call.outcome == "ok" {
            open.remove(&step.socket);
        }
    }
}

/// The intervals from each receive of a request to the last send before the next receive; and over UDP those from a
/// receive to the next one or `end`, if no reply was sent.
fn intervals(model: &Model, steps: &[(usize, bool)], end: Option<u64>) -> (Vec<Interval>, Vec<Interval>) {
    // If requests overlap, as many replies as requests answer all of them.
    let receives = steps.iter().filter(|(_, receives)| *receives).count();
    let datagrams = steps.first().is_some_and(|(step, _)| model.steps[*step].call.transport == "udp");
    let unanswered_ones = datagrams && steps.len() < 2 * receives;
    let (mut served, mut unanswered): (Vec<Interval>, Vec<Interval>) = (Vec::new(), Vec::new());
    let mut replied = true;
    for &(step, receives) in steps {
        let call = &model.steps[step].call;
        if receives && !replied && unanswered_ones {
            unanswered.extend(served.pop().map(|(begin, _)| (begin, call.end)));
            replied = true;
        }
        match served.last_mut() {
            _ if receives && replied => {
                served.push((call.end, call.end));
                replied = false;
            }
            Some((_, end)) => {
                *end = call.end.max(*end);
                replied |= !receives;
            }
            None => {}
        }
    }
    if !replied && unanswered_ones {
        unanswered.extend(served.pop().map(|(begin, last)| (begin, end.unwrap_or(last).max(last))));
    }
    (served, unanswered)
}

/// Sets when each connection kept the thread that accepts connections from accepting another one.
fn held(model: &Model, drafts: &mut [Draft]) {
    let mut accepts: HashMap<usize, (usize, usize)> = HashMap::new();
    for step in &model.steps {
        accepts.extend(step.accepted.map(|socket| (socket, (step.program, step.thread))));
    }
    let of_server = |(place, draft): (usize, &Draft)| Some((draft.conversation.server?, place));
    let of_socket: HashMap<usize, usize> = drafts.iter().enumerate().filter_map(of_server).collect();
    for step in &model.steps {
        let acceptor = accepts.get(&step.socket).is_some_and(|by| *by == (step.program, step.thread));
        let waits = acceptor && step.receives() && step.call.blocked > 0;
        if let Some(draft) = of_socket.get(&step.socket).filter(|_| waits) {
            drafts[*draft].conversation.held.push((step.call.begin, step.call.end));
        }
    }
}

fn moved(step: &Step) -> bool {
    (step.sends() || step.receives()) && step.call.bytes.is_some_and(|bytes| bytes > 0)
}
