//! Pausing: no new work is taken, what is there is served, and what arrives waits. Draining: that, until the last
//! connection has ended.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use capsock::{Concurrency, ErrorKind as Kind, Features, Framing, Server, ServerOptions, Transport};
use support::*;

/// Longer than a server that accepts or receives takes for it, on a machine that is not too busy.
const MOMENT: Duration = Duration::from_millis(50);

/// Both ways of waiting for work: in the call itself, and in poll(2).
const WAYS: [Features; 2] = [Features::NONE, Features::BLOCKING_RECEIVE];

fn lines(concurrency: Concurrency) -> ServerOptions {
    tcp(concurrency).framing(Framing::Line).workers(2)
}

#[test]
fn a_paused_server_accepts_nothing_and_serves_its_connections() {
    for (&concurrency, without) in CONCURRENCIES.iter().flat_map(|one| WAYS.map(|way| (one, way))) {
        let server = lines(concurrency).without(without).start().unwrap();
        let open = connect(&server);
        ask(&open, b"one\n", b"ONE\n");
        server.pause().unwrap();
        assert!(server.is_paused());
        let waiting = connect(&server);
        (&waiting).write_all(b"two\n").unwrap();
        ask(&open, b"three\n", b"THREE\n");
        waiting.set_read_timeout(Some(MOMENT)).unwrap();
        let error = (&waiting).read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{concurrency:?}");
        assert_eq!(server.stats().connections_accepted, 1, "{concurrency:?}");
        if concurrency == Concurrency::Iterative {
            drop(open);
        }
        server.resume().unwrap();
        assert!(!server.is_paused());
        waiting.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        ask(&waiting, b"four\n", b"TWO\n");
        assert_eq!(server.stop(TIME_LIMIT).unwrap().cut, 0, "{concurrency:?}");
    }
}

#[test]
fn a_paused_server_receives_no_datagram() {
    for (&concurrency, without) in CONCURRENCIES.iter().flat_map(|one| WAYS.map(|way| (one, way))) {
        let server = udp(concurrency).workers(2).without(without).start().unwrap();
        let peer = udp_peer(server.local_addr());
        assert_eq!(exchange(&peer, b"one"), b"ONE");
        for round in 0..3 {
            server.pause().unwrap();
            server.pause().unwrap();
            peer.send(b"two").unwrap();
            peer.set_read_timeout(Some(MOMENT)).unwrap();
            assert!(peer.recv(&mut [0; 9]).is_err(), "{concurrency:?}, round {round}");
            server.resume().unwrap();
            peer.set_read_timeout(Some(TIME_LIMIT)).unwrap();
            assert_eq!(receive(&peer), b"TWO", "{concurrency:?}, round {round}");
        }
    }
}

#[test]
fn a_server_may_start_paused() {
    for transport in [Transport::Tcp, Transport::Udp] {
        for &concurrency in CONCURRENCIES {
            let server = options(transport, concurrency).paused(true).start().unwrap();
            assert!(server.is_paused());
            let early = early(transport, &server);
            assert_eq!(server.stats().requests, 0);
            server.resume().unwrap();
            early();
        }
    }
}

/// Asks, and returns what waits for the reply.
fn early(transport: Transport, server: &Server) -> Box<dyn FnOnce()> {
    match transport {
        Transport::Tcp => {
            let client = connect(server);
            (&client).write_all(b"early").unwrap();
            Box::new(move || {
                let mut reply = [0; 5];
                (&client).read_exact(&mut reply).unwrap();
                assert_eq!(&reply, b"EARLY");
            })
        }
        Transport::Udp => {
            let peer = udp_peer(server.local_addr());
            peer.send(b"early").unwrap();
            Box::new(move || assert_eq!(receive(&peer), b"EARLY"))
        }
    }
}

#[test]
fn a_drain_waits_for_the_connections_and_no_longer() {
    for &concurrency in CONCURRENCIES {
        let server = lines(concurrency).start().unwrap();
        let client = connect(&server);
        ask(&client, b"one\n", b"ONE\n");
        thread::scope(|scope| {
            let drain = scope.spawn(|| server.drain(Duration::MAX).unwrap());
            eventually("it is paused", || server.is_paused());
            for _ in 0..20 {
                ask(&client, b"more\n", b"MORE\n");
            }
            assert!(!server.wait(Some(Duration::ZERO), None).unwrap(), "{concurrency:?} has stopped early");
            drop(client);
            let report = drain.join().unwrap();
            assert_eq!((report.completed, report.cut), (21, 0), "{concurrency:?}");
        });
        assert_eq!(connect_error(&server), Some(ErrorKind::ConnectionRefused), "{concurrency:?}");
    }
}

fn connect_error(server: &Server) -> Option<ErrorKind> {
    TcpStream::connect(server.local_addr()).err().map(|error| error.kind())
}

#[test]
fn a_drain_ends_at_its_limit_as_a_stop_does() {
    for &concurrency in CONCURRENCIES {
        let server = lines(concurrency).start().unwrap();
        let idle = connect(&server);
        ask(&idle, b"one\n", b"ONE\n");
        let begin = Instant::now();
        let report = server.drain(MOMENT).unwrap();
        assert!(begin.elapsed() >= MOMENT, "{concurrency:?}");
        assert_eq!((report.completed, report.cut), (1, 0), "{concurrency:?}");
        assert_eq!(read_to_end(&idle), b"", "{concurrency:?}");
        assert_eq!(server.drain(TIME_LIMIT).unwrap(), report, "once more");
    }
}

#[test]
fn a_drain_over_udp_answers_what_it_has_received() {
    for &concurrency in CONCURRENCIES {
        let server = udp(concurrency).start().unwrap();
        let peer = udp_peer(server.local_addr());
        assert_eq!(exchange(&peer, b"one"), b"ONE");
        assert_eq!(server.drain(TIME_LIMIT).unwrap().completed, 1, "{concurrency:?}");
    }
}

#[test]
fn a_handler_may_pause_its_server_and_not_drain_it() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        for transport in [Transport::Tcp, Transport::Udp] {
            let this: Arc<std::sync::OnceLock<Server>> = Arc::default();
            let inside = Arc::downgrade(&this);
            let handler = move |_: &[u8]| {
                let this = inside.upgrade().unwrap();
                let server = this.get().unwrap();
                assert_eq!(server.drain(TIME_LIMIT).unwrap_err().kind(), Kind::InvalidArgument);
                server.pause().unwrap();
                b"paused\n".to_vec()
            };
            let server =
                options(transport, concurrency).framing(Framing::Line).handler(handler).start().unwrap();
            let server = this.get_or_init(|| server);
            match transport {
                Transport::Tcp => ask(&connect(server), b"pause\n", b"paused\n"),
                Transport::Udp => assert_eq!(exchange(&udp_peer(server.local_addr()), b"pause"), b"paused\n"),
            }
            assert!(server.is_paused());
        }
    }
}

/// A server and its successor on the same sockets, again and again, while clients connect and ask: each request has its
/// reply, and nobody is refused.
#[test]
fn no_request_is_lost_between_servers_that_follow_each_other_on_the_same_sockets() {
    for transport in [Transport::Tcp, Transport::Udp] {
        for &concurrency in CONCURRENCIES {
            for handled in [false, true] {
                if !handled || concurrency != Concurrency::Processes {
                    follow_each_other(transport, concurrency, handled);
                }
            }
        }
    }
}

fn follow_each_other(transport: Transport, concurrency: Concurrency, handled: bool) {
    let new = || {
        let new = options(transport, concurrency).framing(Framing::Line).workers(2);
        if handled { new.handler(|request: &[u8]| request.to_ascii_uppercase()) } else { new }
    };
    let mut server = new().start().unwrap();
    let address = server.local_addr();
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    let (ended, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut completed, mut replies) = (0, 0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (ended, asked) = (&ended, &asked);
                scope.spawn(move || {
                    let mut replies = 0;
                    let peer = udp_peer(address);
                    while !ended.load(Ordering::Relaxed) {
                        if transport == Transport::Udp {
                            assert_eq!(exchange(&peer, b"hello\n"), b"HELLO\n", "client {client}");
                            replies += 1;
                        } else {
                            let stream = TcpStream::connect(address).unwrap();
                            stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
                            for _ in 0..3 {
                                ask(&stream, b"hello\n", b"HELLO\n");
                                replies += 1;
                            }
                        }
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                    replies
                })
            })
            .collect();
        for _ in 0..4 {
            let before = asked.load(Ordering::Relaxed);
            eventually("clients are served", || asked.load(Ordering::Relaxed) > before + 20);
            let successor = new().sockets(server.sockets().unwrap()).paused(true).start().unwrap();
            successor.resume().unwrap();
            completed += server.drain(TIME_LIMIT).unwrap().completed;
            server = successor;
        }
        let before = asked.load(Ordering::Relaxed);
        eventually("the last one serves", || asked.load(Ordering::Relaxed) > before + 20);
        ended.store(true, Ordering::Relaxed);
        replies = clients.into_iter().map(|client| client.join().unwrap()).sum();
    });
    completed += server.stop(TIME_LIMIT).unwrap().completed;
    assert_eq!(completed, replies, "{transport:?}, {concurrency:?}");
}
