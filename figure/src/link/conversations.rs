//! Finds the conversations: connections, and over UDP the exchanges of a client with a server.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::super::{Conversation, MessageKind, Model, Step};
use super::addresses::{AddressKey, address_key};

/// A conversation under construction.
#[derive(Default)]
struct Draft {
    first: usize,
    conversation: Conversation,
    /// The server's steps, and whether each is a receive.
    server: Vec<(usize, bool)>,
}

/// The conversations, in the order of their first step.
pub(in super::super) fn conversations(model: &Model) -> Vec<Conversation> {
    let mut drafts = connections(model);
    drafts.extend(exchanges(model));
    for draft in &mut drafts {
        draft.server.sort_unstable();
        draft.conversation.served = served(model, &draft.server);
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
            served: Vec::new(),
            end: None,
        };
        of_socket.extend(
            conversation.client.into_iter().chain(conversation.server).map(|socket| (socket, drafts.len())),
        );
        let first = message.from.or(message.to).unwrap_or(0);
        drafts.push(Draft { first, conversation, ..Draft::default() });
    }
    for (index, step) in model.steps.iter().enumerate() {
        let Some(draft) = of_socket.get(&step.socket).map(|draft| &mut drafts[*draft]) else { continue };
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
    for message in model.messages.iter().filter(|message| message.kind == MessageKind::Datagram) {
        for index in message.from.into_iter().chain(message.to) {
            let step = &model.steps[index];
            let serving =
                model.programs[step.program].serves && model.sockets[step.socket].name.starts_with("server");
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
                let conversation = Conversation {
                    client: key.0,
                    server: key.1,
                    connect: None,
                    accepted: None,
                    served: Vec::new(),
                    end: None,
                };
                drafts.push(Draft { first: index, conversation, ..Draft::default() });
                drafts.len() - 1
            });
            let draft = &mut drafts[draft];
            draft.first = draft.first.min(index);
            if serving {
                draft.server.push((index, step.receives()));
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

/// The intervals from each receive of a request to the last send before the next receive.
fn served(model: &Model, steps: &[(usize, bool)]) -> Vec<(u64, u64)> {
    let mut served: Vec<(u64, u64)> = Vec::new();
    let mut replied = true;
    for &(step, receives) in steps {
        let call = &model.steps[step].call;
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
    served
}

fn moved(step: &Step) -> bool {
    (step.sends() || step.receives()) && step.call.bytes.is_some_and(|bytes| bytes > 0)
}
