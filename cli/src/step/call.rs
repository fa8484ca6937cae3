//! A call in the words of a status line: what a program is about to do, and what it waits for.

use capsock::trace::Begin;

/// `sendto 127.0.0.1:12000, 5 bytes`, `bind 0.0.0.0:12000`, `make a socket (UDP)`.
pub(super) fn upcoming(call: &Begin<'_>) -> String {
    let name = &*call.call;
    match name {
        "socket" => format!("make a socket ({})", call.transport.to_uppercase()),
        "bind" => name_with(name, call.local.map(|address| address.to_string())),
        "connect" => name_with(name, call.peer.map(|address| address.to_string())),
        "send" | "sendto" | "sendmsg" => {
            let to = call.peer.filter(|_| call.transport == "udp").map(|address| address.to_string());
            let bytes = call.room.map(|room| format!("{room} {}", if room == 1 { "byte" } else { "bytes" }));
            let parts: Vec<String> = to.into_iter().chain(bytes).collect();
            name_with(name, (!parts.is_empty()).then(|| parts.join(", ")))
        }
        _ => name.to_owned(),
    }
}

fn name_with(name: &str, rest: Option<String>) -> String {
    rest.map_or_else(|| name.to_owned(), |rest| format!("{name} {rest}"))
}

/// `recvfrom for a datagram`: where a call waits, and for what.
pub(super) fn waiting(call: &str, transport: &str) -> String {
    let what = match (call, transport) {
        ("accept", _) => "for a connection",
        ("connect", _) => "for the other end",
        ("recv" | "recvfrom" | "recvmsg", "udp") => "for a datagram",
        ("recv" | "recvfrom" | "recvmsg", _) => "for data or the end",
        ("send" | "sendto" | "sendmsg", _) => "for room in the buffers",
        ("select" | "poll" | "epoll_wait", _) => "for one of its sockets",
        _ => return call.to_owned(),
    };
    format!("{call} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_told_with_what_is_known_of_it() {
        let address = || Some("127.0.0.1:12000".parse().expect("an address"));
        let call = |call: &'static str, transport: &'static str| Begin {
            call: call.into(),
            transport: transport.into(),
            ..Begin::default()
        };
        for (call, expected) in [
            (call("socket", "tcp"), "make a socket (TCP)"),
            (Begin { local: address(), ..call("bind", "udp") }, "bind 127.0.0.1:12000"),
            (Begin { peer: address(), ..call("connect", "tcp") }, "connect 127.0.0.1:12000"),
            (
                Begin { peer: address(), room: Some(5), ..call("sendto", "udp") },
                "sendto 127.0.0.1:12000, 5 bytes",
            ),
            (Begin { peer: address(), room: Some(1), ..call("send", "tcp") }, "send 1 byte"),
            (call("sendmsg", "tcp"), "sendmsg"),
            (Begin { room: Some(2048), ..call("recvfrom", "udp") }, "recvfrom"),
            (call("close", "tcp"), "close"),
        ] {
            assert_eq!(upcoming(&call), expected);
        }
        for (call, transport, expected) in [
            ("accept", "tcp", "accept for a connection"),
            ("recvfrom", "udp", "recvfrom for a datagram"),
            ("recv", "tcp", "recv for data or the end"),
            ("poll", "", "poll for one of its sockets"),
            ("close", "tcp", "close"),
        ] {
            assert_eq!(waiting(call, transport), expected);
        }
    }
}
