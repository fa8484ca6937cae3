//! Each limit: what happens to a peer that reaches it, its counter, and that other peers are unaffected.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use capsock::{Concurrency, Framing, Server, uppercase};
use socket2::{Domain, Socket, Type};
use support::*;

const SHORT: Option<Duration> = Some(Duration::from_millis(60));

#[test]
fn a_silent_peer_is_closed_after_the_idle_timeout() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).idle_timeout(SHORT).start().unwrap();
        let silent = connect(&server);
        assert_eq!(read_to_end(&silent), b"", "{concurrency:?}");
        eventually("it is counted", || server.stats().idle_timeouts == 1);
        ask(&connect(&server), b"next", b"NEXT");
    }
}

#[test]
fn a_peer_that_receives_nothing_is_closed_after_the_write_timeout() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).write_timeout(SHORT).start().unwrap();
        let greedy = connect(&server);
        greedy.set_nonblocking(true).unwrap();
        let text = vec![b'a'; 1 << 20];
        // Sends as long as the server takes it and never reads.
        eventually("it is counted", || {
            drop((&greedy).write(&text));
            server.stats().write_timeouts == 1
        });
        ask(&connect(&server), b"next", b"NEXT");
    }
}

#[test]
fn a_line_without_an_end_is_refused_and_those_before_it_are_answered() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).framing(Framing::Line).max_request(1_000).start().unwrap();
        let mut text = b"fine\n".to_vec();
        text.extend(std::iter::repeat_n(b'a', 5_000));
        let client = connect(&server);
        (&client).write_all(&text).unwrap();
        assert_eq!(read_to_end(&client), b"FINE\n", "{concurrency:?}");
        eventually("it is counted", || server.stats().oversized_requests == 1);
        let exactly = [&[b'a'; 999][..], b"\n"].concat();
        ask(&connect(&server), &exactly, &exactly.to_ascii_uppercase());
    }
}

#[test]
fn a_request_cannot_forge_a_log_line() {
    let quoting = |request: &[u8]| -> Vec<u8> { panic!("bad: {}", String::from_utf8_lossy(request)) };
    for &concurrency in CONCURRENCIES.iter().filter(|kind| **kind != Concurrency::Processes) {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let log = move |_, line: &str| kept.lock().unwrap().push(line.to_owned());
        let server = udp(concurrency).handler(quoting).log(log).start().unwrap();
        let forged = "a\r\ncapsock: all is well\u{2028}\u{1b}[2J\u{9b}1m\0é".as_bytes();
        udp_peer(server.local_addr()).send(forged).unwrap();
        eventually("it is logged", || !lines.lock().unwrap().is_empty());
        let line = lines.lock().unwrap().pop().unwrap();
        assert!(line.ends_with(r"bad: a\r\ncapsock: all is well\u{2028}\u{1b}[2J\u{9b}1m\u{0}é"), "{line}");
    }
}

#[test]
fn connections_over_the_limit_are_refused_at_once() {
    for &concurrency in CONCURRENCIES.iter().filter(|kind| **kind != Concurrency::Iterative) {
        let server = tcp(concurrency).max_connections(2).log(|_, _| {}).start().unwrap();
        let inside: Vec<_> = (0..2).map(|_| connect(&server)).collect();
        for client in &inside {
            ask(client, b"in", b"IN");
        }
        let mut outside = connect(&server);
        // An end or a reset, and no wait in silence.
        assert!(!matches!(outside.read(&mut [0; 9]), Ok(1..)), "{concurrency:?}");
        eventually("it is counted", || server.stats().connections_refused == 1);
        drop(inside);
        eventually("there is room again", || server.stats().connections_active == 0);
        ask(&connect(&server), b"in", b"IN");
    }
}

/// A connection from that address of the loopback network.
fn connect_from(host: [u8; 4], server: &Server) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((host, 0)).into()).unwrap();
    socket.connect(&server.local_addr().into()).unwrap();
    socket.into()
}

#[test]
fn one_peer_has_no_more_connections_than_it_may() {
    let engines = [
        (Concurrency::Threads, false),
        (Concurrency::Processes, false),
        (Concurrency::Events, false),
        (Concurrency::Events, true),
    ];
    for (concurrency, handled) in engines.into_iter().filter(|(kind, _)| CONCURRENCIES.contains(kind)) {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let log = move |_, line: &str| kept.lock().unwrap().push(line.to_owned());
        let mut options = tcp(concurrency).framing(Framing::Line).max_connections_per_peer(2).log(log);
        if handled {
            options = options.handler(|request: &[u8]| request.to_ascii_uppercase());
        }
        let server = options.start().unwrap();
        let inside: Vec<_> = (0..2).map(|_| connect_from([127, 0, 0, 1], &server)).collect();
        for client in &inside {
            ask(client, b"in\n", b"IN\n");
        }
        let mut outside = connect_from([127, 0, 0, 1], &server);
        assert!(!matches!(outside.read(&mut [0; 9]), Ok(1..)), "{concurrency:?}");
        eventually("it is counted", || server.stats().connections_refused_per_peer == 1);
        assert_eq!(server.stats().connections_refused, 1);
        eventually("it is logged", || !lines.lock().unwrap().is_empty());
        assert!(lines.lock().unwrap()[0].contains("max_connections_per_peer"), "{lines:?}");
        ask(&connect_from([127, 0, 0, 2], &server), b"other\n", b"OTHER\n");
        drop(inside);
        eventually("there is room again", || server.stats().connections_active == 0);
        ask(&connect_from([127, 0, 0, 1], &server), b"in\n", b"IN\n");
    }
}

#[test]
fn a_handler_is_not_called_while_its_peer_receives_nothing() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let calls = Arc::new(AtomicUsize::new(0));
        let called = Arc::clone(&calls);
        let handler = move |_: &[u8]| {
            called.fetch_add(1, Ordering::Relaxed);
            vec![b'x'; 256 * 1024]
        };
        let options = tcp(concurrency).framing(Framing::Line).write_timeout(SHORT).log(|_, _| {});
        let server = options.handler(handler).start().unwrap();
        let greedy = connect(&server);
        (&greedy).write_all(&[b'\n'; 16 * 1024]).unwrap();
        eventually("it is counted", || server.stats().write_timeouts == 1);
        // What the sockets' buffers hold, of the 4 GiB that were asked for.
        let calls = calls.load(Ordering::Relaxed);
        assert!(calls < 100, "{concurrency:?}: {calls} calls");
    }
}

#[test]
#[cfg_attr(windows, ignore = "wine reports the send of a part as that of all")]
fn queued_requests_are_answered_once_the_peer_receives() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let handler = |line: &[u8]| [&line.to_ascii_uppercase()[..], &[b'x'; 64 * 1024], b"\n"].concat();
        let server = tcp(concurrency).framing(Framing::Line).handler(handler).start().unwrap();
        let client = connect(&server);
        let lines: String = (0..500).map(|number| format!("line {number}\n")).collect();
        (&client).write_all(lines.as_bytes()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let replies = String::from_utf8(read_to_end(&client)).unwrap();
        assert_eq!(replies.len(), lines.len() + 500 * (64 * 1024 + 1), "{concurrency:?}");
        let first_lines = replies.split_inclusive('\n').step_by(2).collect::<String>();
        assert!(first_lines == lines.to_uppercase(), "{concurrency:?}");
    }
}

#[test]
fn clients_that_wait_for_a_slow_handler_are_not_idle() {
    let handler = |line: &[u8]| {
        std::thread::sleep(Duration::from_millis(2));
        line.to_ascii_uppercase()
    };
    let options = tcp(Concurrency::Events).workers(1).framing(Framing::Line).log(|_, _| {});
    let server = options.handler(handler).idle_timeout(Some(Duration::from_millis(200))).start().unwrap();
    // More than an event loop takes from the kernel at once, and more work than the idle timeout is long.
    let crowd: Vec<_> = (0..400)
        .map(|_| {
            let client = connect(&server);
            (&client).write_all(b"me\n").unwrap();
            client
        })
        .collect();
    let answered = crowd.iter().filter(|client| read_to_end(client) == b"ME\n").count();
    assert_eq!(answered, 400);
}

#[test]
fn a_limit_of_no_time_is_refused() {
    for transport in capsock::Transport::ALL {
        let options = || options(*transport, Concurrency::Events);
        for refused in
            [options().idle_timeout(Some(Duration::ZERO)), options().write_timeout(Some(Duration::ZERO))]
        {
            let error = refused.start().unwrap_err();
            assert_eq!(error.kind(), capsock::ErrorKind::InvalidArgument, "{error}");
        }
    }
}

#[test]
fn each_limit_is_logged_at_most_once_a_second() {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = |lines: &Arc<Mutex<Vec<String>>>| {
        let lines = Arc::clone(lines);
        move |level, line: &str| {
            assert_eq!(level, capsock::Level::Warning);
            lines.lock().unwrap().push(line.to_owned());
        }
    };
    let options = tcp(Concurrency::Events).framing(Framing::Line).max_request(10).max_connections(1);
    let server = options.idle_timeout(SHORT).log(log(&lines)).start().unwrap();
    for _ in 0..3 {
        let inside = connect(&server);
        ask(&inside, b"in\n", b"IN\n");
        assert!(!matches!((&connect(&server)).read(&mut [0; 9]), Ok(1..)));
        (&inside).write_all(b"more than ten bytes\n").unwrap();
        read_to_end(&inside);
        eventually("it is gone", || server.stats().connections_active == 0);
    }
    read_to_end(&connect(&server));
    let udp = udp(Concurrency::Events).max_request(10).log(log(&lines)).start().unwrap();
    let client = udp_peer(udp.local_addr());
    client.send(b"more than ten bytes").unwrap();
    assert_eq!(exchange(&client, b"few"), b"FEW");
    eventually("it is counted", || server.stats().idle_timeouts == 1);
    drop((server, udp));
    let lines = lines.lock().unwrap();
    let told = |limit: &str| lines.iter().filter(|line| line.contains(limit)).count();
    for (limit, servers) in [("max_connections", 1), ("idle_timeout", 1), ("max_request", 2)] {
        // Another one at the most where the machine made a second of it.
        assert!((servers..=servers + 1).contains(&told(limit)), "{limit}: {lines:?}");
    }
}

#[test]
fn long_datagrams_are_refused_or_answered_whole() {
    for &concurrency in CONCURRENCIES {
        let server = udp(concurrency).max_request(100).start().unwrap();
        let client = udp_peer(server.local_addr());
        client.send(&[b'a'; 101]).unwrap();
        assert_eq!(exchange(&client, &[b'a'; 100]), [b'A'; 100]);
        eventually("it is counted", || server.stats().oversized_requests == 1);

        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let log = move |_, line: &str| {
            count.fetch_add(usize::from(line.contains("too long for a datagram")), Ordering::SeqCst);
        };
        let server = udp(concurrency).log(log).start().unwrap();
        let client = udp_peer(server.local_addr());
        let longest = vec![b'a'; 65_507];
        assert_eq!(exchange(&client, &longest), longest.to_ascii_uppercase());
        // Upper-cased it is three times as long, which no datagram is.
        client.send("ΐ".repeat(20_000).as_bytes()).unwrap();
        assert_eq!(exchange(&client, b"next"), b"NEXT");
        eventually("it is counted", || server.stats().replies_unsent == 1);
        // What a child meets is counted and not told.
        let lines = usize::from(concurrency != Concurrency::Processes);
        eventually("it is logged", || told.load(Ordering::SeqCst) == lines);
    }
}

#[test]
fn a_reply_that_is_too_long_for_its_request_is_not_sent() {
    let double = |request: &[u8]| [request, request].concat();
    for &concurrency in CONCURRENCIES {
        let server = |times| {
            let lines: Arc<Mutex<Vec<String>>> = Arc::default();
            let log = Arc::clone(&lines);
            let options = udp(concurrency).workers(1).max_amplification(times);
            (options.log(move |_, line| log.lock().unwrap().push(line.to_owned())), lines)
        };
        let (options, lines) = server(2);
        let server_of_two = options.start().unwrap();
        let client = udp_peer(server_of_two.local_addr());
        // Two bytes become six, or three.
        for (request, fits) in [("ΐ", false), ("ΐa", false), ("ŉ", true), ("ΐΐaaaa", true), ("", true)] {
            client.send(request.as_bytes()).unwrap();
            if fits {
                assert_eq!(receive(&client), uppercase(request.as_bytes()), "{concurrency:?}");
            }
        }
        let stats = server_of_two.stats();
        assert_eq!(
            (stats.amplified_replies, stats.requests, stats.replies_unsent),
            (2, 3, 0),
            "{concurrency:?}"
        );
        server_of_two.stop(TIME_LIMIT).unwrap();
        if concurrency != Concurrency::Processes {
            let told = lines.lock().unwrap();
            assert!(
                told.len() == 1 && told[0].contains("2 times") && told[0].contains("max_amplification"),
                "{told:?}"
            );
            // What a handler says is held to the same; no limit is the default.
            for (times, replies) in [(1, 0), (2, 1), (0, 1)] {
                let handled = server(times).0.handler(double).start().unwrap();
                let client = udp_peer(handled.local_addr());
                client.send(b"abc").unwrap();
                assert_eq!(exchange(&client, b"").len(), if replies == 1 { 6 } else { 0 });
                assert_eq!(handled.stats().amplified_replies, 1 - replies);
            }
        }
    }
}

/// Sends as if from the server's own address: from a socket that shares its port.
fn from_the_server_itself(server: SocketAddr) -> UdpSocket {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    // Another loopback address with the server's port, since its own is taken.
    socket.bind(&SocketAddr::from(([127, 0, 0, 2], server.port())).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    socket.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    socket.into()
}

#[test]
fn a_request_with_few_hops_left_gets_no_reply() {
    for &concurrency in CONCURRENCIES {
        let server = udp(concurrency).start().unwrap();
        let twin = from_the_server_itself(server.local_addr());
        // What the reply of a reply of a reply would look like.
        twin.set_ttl(8).unwrap();
        twin.send(b"hello").unwrap();
        twin.set_ttl(64).unwrap();
        assert_eq!(exchange(&twin, b"fresh"), b"FRESH", "a client may have the server's port number");
        eventually("it is counted", || server.stats().datagrams_filtered == 1);
    }
}

#[test]
fn two_servers_exchange_a_few_datagrams_only() {
    for &concurrency in CONCURRENCIES {
        let one = udp(concurrency).start().unwrap();
        let other = udp(concurrency).start().unwrap();
        // A datagram from one to the other that neither asked for: a relay stands for the forged source.
        let relay = UdpSocket::bind("127.0.0.1:0").unwrap();
        relay.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        let mut hops = 64;
        let mut exchanged = 0;
        let mut buffer = [0; 64];
        let relay_socket = socket2::SockRef::from(&relay);
        relay_socket.set_recv_tos_v4(false).unwrap();
        while hops > 8 {
            let to = if exchanged % 2 == 0 { &one } else { &other };
            relay.set_ttl(hops).unwrap();
            relay.send_to(b"HELLO", to.local_addr()).unwrap();
            let (length, _) = relay.recv_from(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"HELLO");
            hops = hops.min(64) - 8;
            exchanged += 1;
        }
        relay.set_ttl(hops).unwrap();
        relay.send_to(b"HELLO", one.local_addr()).unwrap();
        eventually("the last one is not answered", || one.stats().datagrams_filtered == 1);
        assert_eq!(exchanged, 7);
    }
}

#[test]
#[cfg_attr(windows, ignore = "wine sends no control messages")]
fn a_server_bound_to_all_addresses_replies_from_the_destination() {
    for &concurrency in CONCURRENCIES {
        let server = Server::udp(("0.0.0.0", 0)).concurrency(concurrency).start().unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        for asked in ["127.0.0.1", "127.0.0.9"] {
            client.send_to(b"hello", (asked, server.local_addr().port())).unwrap();
            let (_, from) = client.recv_from(&mut [0; 64]).unwrap();
            assert_eq!(from.ip().to_string(), asked, "{concurrency:?}");
        }
    }
}
