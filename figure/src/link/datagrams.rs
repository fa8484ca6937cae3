//! Matches received datagrams to sends, by addresses, content and order.

use std::collections::{HashMap, VecDeque};

use super::super::{Message, MessageKind, Step};
use super::addresses::{address_key, reaches};
use super::sockets::SocketHistory;
use super::streams::{longer, message};
use capsock::trace::{Call, unescape};

/// The maximum number of unreceived sends that are compared with a datagram.
const WINDOW: usize = 256;

/// Datagrams between the same two ports.
#[derive(Default)]
struct Flow {
    sends: Vec<Send>,
    receives: Vec<usize>,
    /// All sends before this index have been received.
    first: usize,
    /// The sends by content, as indices into `sends`.
    same: HashMap<(u64, Option<String>), SameContent>,
}

struct Send {
    step: usize,
    received: bool,
}

/// The sends with equal content.
#[derive(Default)]
struct SameContent {
    waiting: VecDeque<usize>,
    /// The number of receives with this content that are not matched yet.
    receives: usize,
    /// The last send that was matched.
    last: Option<usize>,
}

/// The messages of all UDP sockets.
pub(super) fn messages(steps: &[Step], histories: &[SocketHistory]) -> Vec<Message> {
    let mut flows: HashMap<(u16, u16), Flow> = HashMap::new();
    let mut keys = Vec::new();
    for step in in_time(steps) {
        let Step { call, socket, .. } = &steps[step];
        let (Some(local), Some(peer)) = (call.local.or(histories[*socket].local), call.peer) else {
            continue;
        };
        let sends = is_send(call);
        let key = if sends { (local.port(), peer.port()) } else { (peer.port(), local.port()) };
        let flow = flows.entry(key).or_insert_with(|| {
            keys.push(key);
            Flow::default()
        });
        if sends {
            flow.same.entry(content(call)).or_default().waiting.push_back(flow.sends.len());
            flow.sends.push(Send { step, received: false });
        } else {
            flow.same.entry(content(call)).or_default().receives += 1;
            flow.receives.push(step);
        }
    }
    let mut messages = Vec::new();
    for flow in keys.iter().filter_map(|key| flows.remove(key)) {
        flow.messages(steps, histories, &mut messages);
    }
    messages
}

/// The sends by their begin and the receives by their end, in order of time.
fn in_time(steps: &[Step]) -> Vec<usize> {
    let moved = |step: &usize| {
        let call = &steps[*step].call;
        let name = matches!(&*call.call, "send" | "sendto" | "sendmsg" | "recv" | "recvfrom" | "recvmsg");
        call.transport == "udp" && name && call.outcome == "ok" && call.bytes.is_some()
    };
    let mut found: Vec<_> = (0..steps.len()).filter(moved).collect();
    found.sort_by_key(|step| {
        let call = &steps[*step].call;
        if is_send(call) { call.begin } else { call.end }
    });
    found
}

fn is_send(call: &Call<'_>) -> bool {
    call.call.starts_with("send")
}

fn content(call: &Call<'_>) -> (u64, Option<String>) {
    (call.bytes.unwrap_or(0), call.data.as_deref().map(str::to_owned))
}

impl Flow {
    fn messages(mut self, steps: &[Step], histories: &[SocketHistory], messages: &mut Vec<Message>) {
        for receive in std::mem::take(&mut self.receives) {
            let found = self.sent(receive, steps, histories);
            let call = &steps[receive].call;
            let bytes = call.bytes.unwrap_or(0);
            let sent = found.map_or(bytes, |from| steps[from].call.bytes.unwrap_or(0));
            let data = |step: usize| unescape(steps[step].call.data.as_deref()?);
            messages.push(Message {
                bytes: sent,
                data: longer(found.and_then(data), data(receive)),
                cut: sent.saturating_sub(bytes),
                ..message(MessageKind::Datagram, found, Some(receive))
            });
        }
        for Send { step, .. } in self.sends.iter().filter(|send| !send.received) {
            let call = &steps[*step].call;
            messages.push(Message {
                bytes: call.bytes.unwrap_or(0),
                data: call.data.as_deref().and_then(unescape),
                ..message(MessageKind::Datagram, Some(*step), None)
            });
        }
    }

    /// The step that sent the datagram of a receive.
    fn sent(&mut self, receive: usize, steps: &[Step], histories: &[SocketHistory]) -> Option<usize> {
        let key = content(&steps[receive].call);
        let possible = |send: &Send| at_each_other(&steps[send.step], &steps[receive], histories);
        let class = self.same.entry(key).or_default();
        while class.waiting.front().is_some_and(|place| self.sends[*place].received) {
            class.waiting.pop_front();
        }
        let spare = class.waiting.len().saturating_sub(class.receives);
        class.receives = class.receives.saturating_sub(1);
        let free = |send: &Send| !send.received && possible(send);
        let fits = |nth: &usize| free(&self.sends[class.waiting[*nth]]);
        let mut chosen = (0..class.waiting.len()).take(WINDOW).find(fits);
        // If the receive blocked, it got the last datagram sent before it returned, and the earlier ones were lost.
        // Otherwise it got the first one in the buffer.
        if steps[receive].call.blocked > 0 {
            let before = |place: &usize| steps[self.sends[*place].step].call.begin <= steps[receive].call.end;
            let sent = class.waiting.partition_point(before);
            chosen = (0..sent.min(spare + 1)).rev().take(WINDOW).find(fits).or(chosen);
        }
        if let Some(place) = chosen.and_then(|nth| class.waiting.remove(nth)) {
            class.last = Some(place);
            self.sends[place].received = true;
            return Some(self.sends[place].step);
        }
        let again = class.last.filter(|place| possible(&self.sends[*place]));
        while self.sends.get(self.first).is_some_and(|send| send.received) {
            self.first += 1;
        }
        let alike = |send: &&mut Send| {
            !send.received && possible(send) && beginning(&steps[send.step].call, &steps[receive].call)
        };
        if let Some(send) = self.sends[self.first..].iter_mut().take(WINDOW).find(alike) {
            send.received = true;
            return Some(send.step);
        }
        // The network may deliver a datagram twice.
        again.map(|place| self.sends[place].step)
    }
}

/// Whether the source and destination of a send match those of a receive.
fn at_each_other(send: &Step, receive: &Step, histories: &[SocketHistory]) -> bool {
    let local = |step: &Step| step.call.local.or(histories[step.socket].local).map(address_key);
    let peer = |step: &Step| step.call.peer.map(address_key);
    let (Some(from), Some(to), Some(at), Some(of)) = (local(send), peer(send), local(receive), peer(receive))
    else {
        return false;
    };
    reaches(from, of) && reaches(at, to)
}

/// Whether the received bytes may be a prefix of the sent ones, as far as they were recorded.
fn beginning(sent: &Call<'_>, received: &Call<'_>) -> bool {
    let whole = sent.bytes == received.bytes;
    let cut = sent.bytes > received.bytes && received.bytes == received.room;
    let same = match (sent.data.as_deref().and_then(unescape), received.data.as_deref().and_then(unescape)) {
        (Some(sent), Some(received)) => sent.iter().zip(&received).all(|(one, other)| one == other),
        _ => true,
    };
    (whole || cut) && same
}
