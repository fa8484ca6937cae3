//! The engines with and without each optional system call.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashMap;
use std::io::Write;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use capsock::{Concurrency, Features, Framing, Server, ServerOptions, Transport};
use support::{
    CONCURRENCIES, TIME_LIMIT, ask, connect, eventually, options, read_to_end, receive, udp, udp_peer,
};

/// Every set of the features of sockets to exclude, and that of processes.
fn all_feature_sets() -> impl Iterator<Item = Features> {
    (0..16).map(Features::from_bits).chain([Features::PIDFD])
}

/// Sends `bytes` with one call as datagrams of `segment` bytes (UDP_SEGMENT).
fn send_segments(socket: &UdpSocket, bytes: &[u8], segment: u16) {
    let set = |size: libc::c_int| {
        // SAFETY: the value is an int and its size is given.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                (&raw const size).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        assert_eq!(result, 0);
    };
    set(segment.into());
    assert_eq!(socket.send(bytes).unwrap(), bytes.len());
    set(0);
}

/// Requests of equal sizes in a row, of growing sizes, empty ones and long ones.
fn requests(of: usize) -> Vec<String> {
    let mut all = Vec::new();
    for index in 0..12 {
        all.push(format!("client {of:02}, request {index:02}"));
    }
    all.extend(["straße", "", "a", "ŉŉŉŉ", "aa", "aa", "aa", "", "", "a"].map(str::to_owned));
    all.push("x".repeat(9_000));
    all.push("y".repeat(9_000));
    all
}

#[test]
fn every_set_of_features_gives_every_reply() {
    for without in all_feature_sets() {
        for concurrency in [Concurrency::Events, Concurrency::Iterative, Concurrency::Processes] {
            let server = udp(concurrency).workers(1).without(without).start().unwrap();
            let clients: Vec<_> = (0..4).map(|_| udp_peer(server.local_addr())).collect();
            for _ in 0..3 {
                // All before the first reply is read, so that they wait together.
                for (of, socket) in clients.iter().enumerate() {
                    for request in requests(of) {
                        socket.send(request.as_bytes()).unwrap();
                    }
                }
                for (of, socket) in clients.iter().enumerate() {
                    let mut missing: HashMap<Vec<u8>, i32> = HashMap::new();
                    for request in requests(of) {
                        *missing.entry(capsock::uppercase(request.as_bytes())).or_default() += 1;
                    }
                    for _ in requests(of) {
                        *missing.entry(receive(socket)).or_default() -= 1;
                    }
                    assert!(missing.values().all(|count| *count == 0), "{concurrency:?} without {without}");
                }
            }
            let stats = server.stats();
            let sent = 3 * 4 * requests(0).len() as u64;
            assert_eq!((stats.datagrams_received, stats.requests), (sent, sent), "without {without}");
            eventually("all are counted", || server.stats().datagrams_sent == sent);
            assert!(!Features::from_bits(stats.features).has(without) || without == Features::NONE);
            assert_eq!(server.stop(TIME_LIMIT).unwrap().completed, sent);
        }
    }
}

#[test]
fn coalesced_datagrams_are_answered_one_by_one() {
    for without in all_feature_sets() {
        let server = udp(Concurrency::Events).workers(1).without(without).start().unwrap();
        let socket = udp_peer(server.local_addr());
        // Equal replies; a last one that is shorter; one in the middle whose reply is longer than it.
        for text in
            ["abcdefgh".repeat(40), "abcdefgh".repeat(40) + "abc", "abcdefgh".repeat(3) + "ßbcdefg" + "abcd"]
        {
            send_segments(&socket, text.as_bytes(), 8);
            for request in text.as_bytes().chunks(8) {
                assert_eq!(receive(&socket), capsock::uppercase(request), "without {without}");
            }
        }
        // Long ones, of which the server sends before it has answered all.
        for _ in 0..3 {
            send_segments(&socket, &[b'a'; 50 * 1_000], 1_000);
            (0..50).for_each(|_| assert_eq!(receive(&socket), [b'A'; 1_000], "without {without}"));
        }
    }
}

#[test]
fn an_oversized_datagram_does_not_affect_those_coalesced_with_it() {
    let server = udp(Concurrency::Events).max_request(10).log(|_, _| {}).start().unwrap();
    let socket = udp_peer(server.local_addr());
    send_segments(&socket, &[b'a'; 33], 11);
    send_segments(&socket, &[b'b'; 25], 10);
    // Where datagrams are not coalesced, several workers answer them.
    let mut replies: Vec<_> = (0..3).map(|_| receive(&socket)).collect();
    replies.sort();
    assert_eq!(replies, [5, 10, 10].map(|length| vec![b'B'; length]));
    // Another worker may still be at the first train.
    eventually("all are counted", || server.stats().oversized_requests == 3);
}

#[test]
fn a_stop_interrupts_blocked_receives() {
    for without in [Features::NONE, Features::BLOCKING_RECEIVE, Features::PIDFD] {
        for concurrency in CONCURRENCIES.iter().copied() {
            let options = ServerOptions::new(Transport::Udp, ("localhost", 0)).concurrency(concurrency);
            let server = options.without(without).start().unwrap();
            for address in server.local_addrs() {
                let socket = UdpSocket::bind((address.ip(), 0)).unwrap();
                socket.set_read_timeout(Some(TIME_LIMIT)).unwrap();
                socket.send_to(b"hello", address).unwrap();
                assert_eq!(receive(&socket), b"HELLO");
            }
            // Nothing is on its way: only the stop can end them.
            assert_eq!(
                server.stop(Duration::from_secs(5)).unwrap().completed,
                server.local_addrs().len() as u64
            );
        }
    }
}

#[test]
fn a_busy_server_answers_and_stops() {
    for concurrency in CONCURRENCIES.iter().copied() {
        for transport in [Transport::Tcp, Transport::Udp] {
            let server = options(transport, concurrency).busy_poll(Duration::from_millis(5)).start().unwrap();
            let reply = match transport {
                Transport::Tcp => capsock::TcpClient::connect(server.local_addr()).unwrap().request("hello"),
                Transport::Udp => capsock::UdpClient::connect(server.local_addr()).unwrap().request("hello"),
            };
            assert_eq!(reply.unwrap(), "HELLO");
            server.stop(TIME_LIMIT).unwrap();
        }
    }
    let refused = Server::tcp(("127.0.0.1", 0)).busy_poll(Duration::from_secs(2)).start().unwrap_err();
    assert!(refused.to_string().contains("busy_poll"), "{refused}");
}

#[test]
fn unknown_features_are_refused() {
    assert!("udp-gro,nonsense".parse::<Features>().is_err());
}

#[test]
fn a_stop_closes_tcp_connections_in_blocked_receives() {
    for without in [Features::NONE, Features::BLOCKING_RECEIVE, Features::PIDFD] {
        for concurrency in CONCURRENCIES.iter().copied() {
            let options = ServerOptions::new(Transport::Tcp, ("localhost", 0)).concurrency(concurrency);
            let server = options.framing(Framing::Line).without(without).start().unwrap();
            let client = connect(&server);
            ask(&client, b"hello\n", b"HELLO\n");
            // A line that was begun is no request.
            (&client).write_all(b"begun").unwrap();
            let begin = Instant::now();
            let report = server.stop(TIME_LIMIT).unwrap();
            assert_eq!((report.completed, report.cut), (1, 0), "{concurrency:?} without {without}");
            assert!(begin.elapsed() < TIME_LIMIT / 2, "{concurrency:?} without {without}");
            assert_eq!(read_to_end(&client), b"", "{concurrency:?} without {without}");
        }
    }
}

#[test]
fn urgent_data_does_not_delay_the_rest() {
    for concurrency in CONCURRENCIES.iter().copied() {
        let server = options(Transport::Tcp, concurrency).workers(1).start().unwrap();
        let client = connect(&server);
        ask(&client, b"a\n", b"A\n");
        for _ in 0..50 {
            // A receive stops at the urgent byte, which is not part of the stream (tcp(7)).
            (&client).write_all(b"ab\n").unwrap();
            // SAFETY: the byte lives until the call returns.
            assert_eq!(unsafe { libc::send(client.as_raw_fd(), b"!".as_ptr().cast(), 1, libc::MSG_OOB) }, 1);
            ask(&client, b"cd\n", b"AB\nCD\n");
        }
    }
}
