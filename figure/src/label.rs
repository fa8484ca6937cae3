//! The texts of the figures: results, payloads, addresses, times. Those of calls are in `call_text`.

use std::net::SocketAddr;

use super::escape::{beginning, clipped};
use super::read::connects_on;
use super::{Message, MessageKind, Model, Step};

/// The most names of a list.
const LISTED: usize = 3;

/// The result of a connect that goes on.
pub(super) const CONNECTS_ON: &str = "in progress";

/// Some names of sockets, and how many there are else.
pub(super) fn listed(model: &Model, sockets: &[usize], others: usize) -> String {
    let mut names: Vec<String> =
        sockets.iter().take(LISTED).map(|socket| model.sockets[*socket].name.clone()).collect();
    match others + sockets.len().saturating_sub(LISTED) {
        0 => {}
        1 => names.push("1 other".to_owned()),
        more => names.push(format!("{more} others")),
    }
    names.join(", ")
}

/// The result of a call: the bytes, the new socket, or the error; `None` if it succeeded without a result.
pub(super) fn result(model: &Model, step: &Step) -> Option<String> {
    let call = &step.call;
    match &*call.outcome {
        "ok" => {}
        "interrupted" => return Some("interrupted by a signal".to_owned()),
        "closed" => return Some("closed by another thread".to_owned()),
        _ if connects_on(call) => return Some(CONNECTS_ON.to_owned()),
        _ if step.still_waits() => return Some("still waits".to_owned()),
        "timeout" if step.polls() => return Some("returns: time is over".to_owned()),
        errno => return Some(format!("fails: {}", clipped(errno, 24))),
    }
    match (&*call.call, call.bytes) {
        _ if step.polls() => {
            let of_others = usize::from(step.ready.is_empty());
            let ready = listed(model, &step.ready, of_others);
            Some(format!("returns: {ready} ready"))
        }
        ("accept", _) => {
            let name = step.accepted.map(|accepted| &model.sockets[accepted].name)?;
            Some(format!("returns {name}"))
        }
        ("recv" | "recvfrom" | "recvmsg", Some(0)) if call.transport == "tcp" => {
            Some("returns 0 bytes: end of stream".to_owned())
        }
        ("recv" | "recvfrom" | "recvmsg", Some(bytes)) => Some(format!("returns {}", self::bytes(bytes))),
        ("bind", _) => call.asked.and(call.local).map(|local| format!("gets {}", address(local))),
        ("send" | "sendto" | "sendmsg", Some(bytes)) if call.room.is_some_and(|room| room > bytes) => {
            Some(format!("takes {}", self::bytes(bytes)))
        }
        _ => None,
    }
}

/// Whether a call failed. A call that a signal or a close ended did not, nor one that has not returned, nor a connect that
/// goes on, nor a wait for several sockets whose time is over.
pub(super) fn failed(step: &Step) -> bool {
    let ends_by_time = step.polls() && step.call.outcome == "timeout";
    let goes_on = step.still_waits() || connects_on(&step.call);
    !matches!(&*step.call.outcome, "ok" | "interrupted" | "closed") && !goes_on && !ends_by_time
}

/// How long a call blocked, and for which program.
pub(super) fn wait(model: &Model, index: usize, ordinals: bool) -> String {
    let from =
        model.messages.iter().find(|message| message.to == Some(index)).and_then(|message| message.from);
    let still = model.steps[index].still_waits();
    let mut text = if still { "still waits" } else { "waits" }.to_owned();
    if !ordinals && !still {
        text.push(' ');
        text.push_str(&duration(model.steps[index].call.blocked));
    }
    if let Some(from) = from {
        let name = &model.programs[model.steps[from].program].name;
        text.push_str(&format!(" for {}", clipped(name, 18)));
    }
    text
}

/// The text on an arrow.
pub(super) fn message(message: &Message, most: i32) -> String {
    match (message.kind, &message.data) {
        (MessageKind::Handshake, _) => "handshake".to_owned(),
        (MessageKind::HalfClose, _) => "end of stream (FIN)".to_owned(),
        (MessageKind::Reset, _) => "reset (RST)".to_owned(),
        (MessageKind::Refused, _) => "connection refused".to_owned(),
        (_, Some(data)) => {
            let text = payload(data, message.bytes, most);
            if text.ends_with('…') { format!("{text} {}", bytes(message.bytes)) } else { text }
        }
        (MessageKind::Datagram | MessageKind::Stream, None) => bytes(message.bytes),
    }
}

/// Whether a link between the programs received the message and did not send it on, on purpose.
pub(super) fn is_lost(model: &Model, message: &Message) -> bool {
    let at_the_end = message.to.and_then(|to| model.steps[to].call.impairment.as_deref());
    matches!(at_the_end, Some("lost" | "overflowed"))
}

/// What a link did to the message on purpose.
pub(super) fn impaired(model: &Model, message: &Message) -> Option<&'static str> {
    let mark = |step: Option<usize>| model.steps[step?].call.impairment.as_deref();
    match (mark(message.to), mark(message.from)) {
        (Some("lost"), _) => Some("lost"),
        (Some("overflowed"), _) => Some("lost: queue full"),
        (_, Some("duplicated")) => Some("duplicate"),
        (_, Some("corrupted")) => Some("corrupted"),
        (_, Some("reordered")) => Some("reordered"),
        _ => None,
    }
}

/// The text below an arrow: what was done to it on purpose, and if it was not received as a whole, the part, or the end
/// that is missing.
pub(super) fn note(model: &Model, message: &Message) -> Option<String> {
    let notes = [impaired(model, message).map(str::to_owned), partial(model, message)];
    let notes: Vec<_> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(", "))
}

fn partial(model: &Model, message: &Message) -> Option<String> {
    let moved = |step: Option<usize>| step.and_then(|step| model.steps[step].call.bytes);
    let partly = message.kind == MessageKind::Stream
        && message.bytes > 0
        && [message.from, message.to].into_iter().filter_map(moved).any(|bytes| bytes != message.bytes);
    match message {
        Message { kind: MessageKind::Refused, .. } | Message { untraced: true, .. } => None,
        Message { kind: MessageKind::Handshake, to: None, .. } => Some("no accept seen".to_owned()),
        Message { to: None, .. } => Some("no receive seen".to_owned()),
        Message { from: None, .. } => Some("no send seen".to_owned()),
        Message { cut, .. } if *cut > 0 => Some(format!("{} cut off", bytes(*cut))),
        _ if partly && message.bytes == 1 => Some(format!("byte {}", message.offset)),
        _ if partly => Some(format!("bytes {}–{}", message.offset, message.offset + message.bytes - 1)),
        _ => None,
    }
}

/// The first bytes of a payload in quotes, invalid UTF-8 as `\xNN`; an ellipsis if more bytes were sent.
pub(super) fn payload(data: &[u8], bytes: u64, most: i32) -> String {
    let mut text = String::new();
    for chunk in data.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' | '\n' | '\r' | '\t' => text.push_str(&character.escape_default().to_string()),
                '\0'..' ' | '\x7f' => text.push_str(&format!("\\x{:02x}", u32::from(character))),
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let (text, whole) = beginning(&text, most);
    let more = if whole && data.len() as u64 >= bytes { "" } else { "…" };
    format!("\"{text}\"{more}")
}

/// An address. The wildcard address is `*`; an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the IPv4 address.
pub(super) fn address(address: SocketAddr) -> String {
    let (host, port) = (address.ip().to_canonical(), address.port());
    if host.is_unspecified() { format!("*:{port}") } else { SocketAddr::new(host, port).to_string() }
}

pub(super) fn bytes(bytes: u64) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{} bytes", grouped(bytes)) }
}

/// Decimal digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration with three digits, in s, ms, µs or ns.
pub(super) fn duration(nanoseconds: u64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| nanoseconds >= *unit) else {
        return if nanoseconds == 0 { "0 s".to_owned() } else { format!("{nanoseconds} ns") };
    };
    let (whole, part) = (nanoseconds / unit, nanoseconds % unit * 1000 / unit);
    match whole {
        0..10 => format!("{whole}.{:02} {name}", part / 10),
        10..100 => format!("{whole}.{} {name}", part / 100),
        _ => format!("{} {name}", grouped(whole)),
    }
}

/// A time in seconds with six decimals.
pub(super) fn moment(nanoseconds: u64) -> String {
    format!("{}.{:06}", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let cases = [
            (0, "0 s"),
            (999, "999 ns"),
            (1_230, "1.23 µs"),
            (45_600, "45.6 µs"),
            (999_999, "999 µs"),
            (1_000_000, "1.00 ms"),
            (123_456_789_000, "123 s"),
            (1_234_567_000_000_000, "1,234,567 s"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(duration(nanoseconds), expected);
        }
    }

    #[test]
    fn addresses_are_short() {
        let cases = [
            ("0.0.0.0:1", "*:1"),
            ("[::]:1", "*:1"),
            ("[::ffff:127.0.0.1]:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
        ];
        for (text, expected) in cases {
            assert_eq!(address(text.parse().expect("an address")), expected);
        }
    }

    #[test]
    fn a_payload_is_quoted_and_says_when_there_is_more() {
        let cases: [(&[u8], u64, &str); 8] = [
            (b"hello", 5, "\"hello\""),
            (b"hello", 900, "\"hello\"…"),
            (b"a\n\\\xff\xc3", 5, "\"a\\n\\\\\\xff\\xc3\""),
            ("Grüße".as_bytes(), 7, "\"Grüße\""),
            (b"a long line of text", 19, "\"a long line \"…"),
            ("a…".as_bytes(), 4, "\"a…\""),
            (b"\x1b", 1, "\"\\x1b\""),
            (b"", 0, "\"\""),
        ];
        for (data, bytes, expected) in cases {
            assert_eq!(payload(data, bytes, 13), expected);
        }
    }
}
