//! Finds the messages whose other end is a program that is not traced.

use std::collections::{HashMap, HashSet};

use super::super::{Message, MessageKind, Step};
use super::addresses::{AddressKey, address_key, reaches};
use super::sockets::SocketHistory;

/// Marks the messages to and from programs that are not traced.
///
/// The end of a connection is not traced if no recorded socket has its address. Nor is the sender of a datagram; but a
/// datagram that was sent to an unknown address may have met no program at all, so that it is marked only if another
/// one came from that address.
pub(super) fn mark(steps: &[Step], histories: &[SocketHistory], messages: &mut [Message]) {
    let mut recorded: HashMap<(bool, u16), Vec<AddressKey>> = HashMap::new();
    for history in histories {
        if let Some(local) = history.local.map(address_key) {
            recorded.entry((history.udp, local.1)).or_default().push(local);
        }
    }
    let is_recorded = |udp: bool, address: AddressKey| {
        let own = recorded.get(&(udp, address.1)).map_or(&[][..], Vec::as_slice);
        own.iter().any(|own| reaches(*own, address))
    };
    let other_end = |message: &Message| {
        let step = match (message.from, message.to) {
            (Some(step), None) | (None, Some(step)) => &steps[step],
            _ => return None,
        };
        let socket = &histories[step.accepted.unwrap_or(step.socket)];
        let peer = if socket.udp { step.call.peer } else { socket.peer };
        peer.map(address_key).filter(|peer| !is_recorded(socket.udp, *peer))
    };
    let sent = |message: &&Message| message.kind == MessageKind::Datagram && message.from.is_none();
    let senders: HashSet<AddressKey> = messages.iter().filter(sent).filter_map(other_end).collect();
    for message in messages {
        message.untraced = match (message.kind, other_end(message)) {
            (MessageKind::Refused, _) | (_, None) => false,
            (MessageKind::Datagram, Some(address)) => senders.contains(&address),
            (_, Some(_)) => true,
        };
    }
}
