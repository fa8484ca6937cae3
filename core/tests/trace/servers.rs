//! Servers and clients of every kind record their own calls, each once.

use capsock::trace::{self, Call, Event};
use capsock::{Concurrency, Server, TcpClient, Transport, UdpClient};

use super::lines::{calls, file_of_this_process, processes, run, summaries};
use super::support::options;

const ASKED: usize = 3;

fn scenario(transport: Transport, concurrency: Concurrency) {
    let Some(file) = file_of_this_process() else { return };
    trace::start(file, true).unwrap();
    let server = options(transport, concurrency).workers(1).start().unwrap();
    match transport {
        Transport::Tcp => ask_over_tcp(&server),
        Transport::Udp => {
            let client = UdpClient::connect(server.local_addr()).unwrap();
            (0..ASKED).for_each(|_| assert_eq!(client.request("hello").unwrap(), "HELLO"));
            client.close();
        }
    }
    server.stop(super::support::TIME_LIMIT).unwrap();
    drop(server);
    trace::stop();
}

fn ask_over_tcp(server: &Server) {
    let client = TcpClient::connect(server.local_addr()).unwrap();
    (0..ASKED).for_each(|_| assert_eq!(client.request("hello").unwrap(), "HELLO"));
    client.close();
}

/// The calls on either side that moved bytes.
fn moved(calls: &[&Call<'static>], served: &str) -> (Vec<String>, Vec<String>) {
    let moves: Vec<_> =
        calls.iter().copied().filter(|call| call.bytes.is_some_and(|bytes| bytes > 0)).collect();
    let hello = |call: &&&Call<'static>| call.data.as_deref().is_some_and(|data| data.contains(served));
    let upper: Vec<_> = moves.iter().filter(hello).copied().collect();
    let lower: Vec<_> = moves.iter().filter(|call| !hello(call)).copied().collect();
    (summaries(&lower), summaries(&upper))
}

fn check(name: &str, transport: Transport, concurrency: Concurrency) {
    let (events, output) = run(&format!("servers::{name}"), &[]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let calls = calls(&events);
    let count = |name: &str, outcome: &str| {
        calls.iter().filter(|call| call.call == name && call.outcome == outcome).count()
    };
    let (mut lower, upper) = moved(&calls, "HELLO");
    let (request, reply) = match transport {
        Transport::Tcp => ("6 \"hello\\\\n\" ok", "6 \"HELLO\\\\n\" ok"),
        Transport::Udp => ("5 \"hello\" ok", "5 \"HELLO\" ok"),
    };
    let (receive, send) = match transport {
        Transport::Tcp => ("recv", "send"),
        Transport::Udp => ("recvfrom", "sendto"),
    };
    // Each request and each reply is sent once and received once, by the server's calls and the client's.
    let mut expected = vec![format!("send {request}"); ASKED];
    expected.extend(vec![format!("{receive} {request}"); ASKED]);
    lower.sort();
    expected.sort();
    assert_eq!(lower, expected);
    let mut upper = upper;
    let mut expected = vec![format!("{send} {reply}"); ASKED];
    expected.extend(vec![format!("recv {reply}"); ASKED]);
    upper.sort();
    expected.sort();
    assert_eq!(upper, expected);
    assert!(
        calls.iter().all(|call| call.outcome != "EAGAIN" && call.outcome != "EINTR"),
        "{:?}",
        summaries(&calls)
    );
    // A UDP client has the next request's port ready after each.
    let connects = if transport == Transport::Tcp { 1 } else { 1 + ASKED };
    assert_eq!((count("bind", "ok"), count("connect", "ok")), (1, connects));
    let accepted = usize::from(transport == Transport::Tcp);
    assert_eq!((count("listen", "ok"), count("accept", "ok")), (accepted, accepted));
    // A connection that a child serves is closed by either process.
    let children = processes(&events).iter().filter(|process| process.parent.is_some()).count();
    let served_by_child = usize::from(accepted == 1 && concurrency == Concurrency::Processes);
    assert_eq!(children, usize::from(concurrency == Concurrency::Processes));
    assert_eq!(count("close", "ok"), count("socket", "ok") + accepted + served_by_child);
    check_lives(&events);
}

/// The lines of each descriptor are between the call that made it and the close, of the process and of the
/// one that it was forked off.
fn check_lives(events: &[Event<'static>]) {
    let mut open = std::collections::HashSet::new();
    let forked: Vec<_> = processes(events).iter().filter_map(|p| p.parent.map(|_| p.pid)).collect();
    for call in calls(events).into_iter().filter(|call| !forked.contains(&call.pid)) {
        match &*call.call {
            "socket" => assert!(open.insert(call.fd), "{call:?}"),
            "close" => assert!(open.remove(&call.fd), "{call:?}"),
            _ => {
                assert!(open.contains(&call.fd), "{call:?}");
                call.accepted.into_iter().for_each(|fd| assert!(open.insert(fd), "{call:?}"));
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

macro_rules! servers {
    ($($(#[$system:meta])? $name:ident: $transport:ident $concurrency:ident;)*) => {
        $($(#[$system])?
        #[test]
        fn $name() {
            if file_of_this_process().is_some() {
                return scenario(Transport::$transport, Concurrency::$concurrency);
            }
            check(stringify!($name), Transport::$transport, Concurrency::$concurrency);
        })*
    };
}

servers! {
    tcp_iterative: Tcp Iterative;
    tcp_threads: Tcp Threads;
    #[cfg(target_os = "linux")] tcp_processes: Tcp Processes;
    tcp_events: Tcp Events;
    udp_iterative: Udp Iterative;
    udp_threads: Udp Threads;
    #[cfg(target_os = "linux")] udp_processes: Udp Processes;
    udp_events: Udp Events;
}

/// Each datagram of a batch has a line, segments of one message as well.
#[test]
fn many_requests_in_one_call() {
    const MANY: usize = 300;
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let server = options(Transport::Udp, Concurrency::Events).workers(1).start().unwrap();
        let client = UdpClient::connect(server.local_addr()).unwrap();
        let requests: Vec<_> = (0..MANY).map(|index| format!("request {index}")).collect();
        let replies = client.request_many(&requests).unwrap();
        assert_eq!(replies.len(), MANY);
        // Two hundred datagrams from one port, to be answered as segments where the system has them.
        let peer = super::support::udp_peer(server.local_addr());
        for _ in 0..100 {
            peer.send(b"batch").unwrap();
            peer.send(b"batch").unwrap();
            let mut reply = [0; 9];
            assert_eq!(peer.recv(&mut reply).unwrap() + peer.recv(&mut reply).unwrap(), 10);
        }
        // A line follows its call: the last one is there when the server has ended.
        server.stop(super::support::TIME_LIMIT).unwrap();
        return trace::stop();
    }
    let (events, _) = run("servers::many_requests_in_one_call", &[]);
    let calls = calls(&events);
    let count = |name: &str, data: &str| {
        let is = |call: &&&Call<'static>| {
            call.call == name && call.data.as_deref().is_some_and(|payload| payload.starts_with(data))
        };
        calls.iter().filter(is).count()
    };
    // The first one goes by itself. What was sent again, to a busy machine, is one more of each.
    let asked = count("send", "request") + count("sendto", "request");
    assert!((MANY..2 * MANY).contains(&asked), "{asked}");
    assert_eq!(count("recvfrom", "request"), asked);
    let replied = count("sendto", "REQUEST");
    assert!((asked..2 * MANY).contains(&replied), "{replied} replies to {asked} requests");
    assert!((MANY..=asked).contains(&(count("recv", "REQUEST") + count("recvfrom", "REQUEST"))));
    assert_eq!((count("recvfrom", "batch"), count("sendto", "BATCH")), (200, 200));
}
