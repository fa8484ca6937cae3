//! Chrome's Trace Event Format (JSON) for ui.perfetto.dev: a slice for each call, a flow for each message.

use serde_json::{Map, Value, json};

use super::call_text;
use super::label;
use super::{MessageKind, Model, Step};
use capsock::trace::unescape;

/// Writes the JSON. A call is a slice of its thread; a message is a flow from the sending slice to the receiving one.
/// Times start at the first call.
#[must_use]
pub fn perfetto(model: &Model) -> String {
    let zero = model.steps.iter().map(|step| step.call.begin).min().unwrap_or(0);
    let mut events: Vec<Value> = Vec::with_capacity(model.steps.len() + 2 * model.messages.len());
    for (index, program) in model.programs.iter().enumerate() {
        for pid in &program.pids {
            let name = json!({ "name": program.name });
            events.push(json!({ "ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": name }));
            let order = json!({ "sort_index": index });
            events.push(
                json!({ "ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": order }),
            );
        }
    }
    for step in &model.steps {
        let Step { call, .. } = step;
        let still = if step.still_waits() { " still waits" } else { "" };
        events.push(json!({
            "ph": "X", "cat": "socket", "name": format!("{}{still}", call_text::call(model, step)), "pid": call.pid, "tid": call.tid,
            "ts": micros(call.begin.saturating_sub(zero)), "dur": micros(call.end.saturating_sub(call.begin)),
            "args": arguments(model, step),
        }));
    }
    for (id, message) in model.messages.iter().enumerate() {
        let Some((from, to)) = message.from.zip(message.to) else { continue };
        let (from, to) = (&model.steps[from].call, &model.steps[to].call);
        // The ends of a flow have to be within their slices, and in order of time.
        let (sent, received) = (from.begin, to.end.saturating_sub(1).max(to.begin));
        if sent > received {
            continue;
        }
        let name = name(message.kind);
        let (sent, received) = (micros(sent.saturating_sub(zero)), micros(received.saturating_sub(zero)));
        events.push(json!({
            "ph": "s", "cat": "message", "name": name, "id": id, "pid": from.pid, "tid": from.tid, "ts": sent,
        }));
        events.push(json!({
            "ph": "f", "bp": "e", "cat": "message", "name": name, "id": id, "pid": to.pid, "tid": to.tid, "ts": received,
        }));
    }
    let mut out = String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    for (index, event) in events.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&event.to_string());
    }
    out.push_str("\n]}\n");
    out
}

/// Nanoseconds in the format's microseconds: exact up to 2^53 ns (104 days).
fn micros(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}

fn name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Handshake => "connection setup",
        MessageKind::Stream => "bytes of a stream",
        MessageKind::Datagram => "datagram",
        MessageKind::HalfClose => "end of stream",
        MessageKind::Reset => "reset",
        MessageKind::Refused => "refused",
    }
}

/// The arguments that the viewer shows for a selected slice.
fn arguments(model: &Model, step: &Step) -> Map<String, Value> {
    let call = &step.call;
    let data = call.data.as_deref().and_then(unescape);
    let text = |address: Option<std::net::SocketAddr>| address.map(|address| json!(address.to_string()));
    let facts = [
        ("outcome", Some(json!(if step.still_waits() { "still waits" } else { &*call.outcome }))),
        ("socket", Some(json!(model.sockets[step.socket].name)).filter(|_| !step.polls())),
        ("fd", Some(json!(call.fd)).filter(|_| call.fd >= 0)),
        ("transport", Some(json!(call.transport)).filter(|_| !step.polls())),
        ("ready", Some(json!(label::result(model, step))).filter(|_| step.polls())),
        ("local", text(call.local)),
        ("peer", text(call.peer)),
        ("bytes", call.bytes.map(|bytes| json!(bytes))),
        ("room", call.room.map(|room| json!(room))),
        ("data", data.map(|data| json!(label::payload(&data, call.bytes.unwrap_or(0), i32::MAX)))),
        ("argument", call.argument.map(|argument| json!(argument))),
        ("blocked_ns", Some(json!(call.blocked)).filter(|_| call.blocked > 0)),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
