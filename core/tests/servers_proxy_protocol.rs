//! The PROXY protocol before requests, for each engine: who is believed, what a handler is told, and what bad headers get.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use capsock::{Concurrency, Framing, PendingReply, RequestContext, Server, ServerOptions, Transport};
use support::*;

const WITH_HANDLER: [Concurrency; 3] = [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events];

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A header of version 2 with this command and family, whose block is `block`.
fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    [SIGNATURE, &[command, family], &(block.len() as u16).to_be_bytes(), block].concat()
}

/// 192.0.2.1:50000 to 198.51.100.2:443.
const V4: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 2, 0xC3, 0x50, 0x01, 0xBB];
const V4_TOLD: &str = "192.0.2.1:50000 198.51.100.2:443";

/// [2001:db8::1]:50000 to [2001:db8::2]:443.
const V6: &[u8] =
    b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xc3\x50\x01\xbb";
const V6_TOLD: &str = "[2001:db8::1]:50000 [2001:db8::2]:443";

/// A TLV of a type that nobody knows, and the checksum that makes the whole header right, as another program computed it.
fn with_checksum(sum: [u8; 4]) -> Vec<u8> {
    v2(0x21, 0x11, &[V4, &[0xE0, 0, 2, b'h', b'i', 3, 0, 4], &sum].concat())
}

/// Headers of version 2 that are right, and what a handler is told.
fn binary() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (v2(0x21, 0x11, V4), V4_TOLD),
        (v2(0x21, 0x12, V4), V4_TOLD),
        (v2(0x21, 0x21, V6), V6_TOLD),
        (v2(0x21, 0x22, V6), V6_TOLD),
        (v2(0x21, 0x11, &[V4, &[4, 0, 3, 0, 0, 0, 5, 0, 0]].concat()), V4_TOLD),
        (v2(0x21, 0x11, &[V4, &[0xE0, 0xFF, 0], &[7; 0xFF00]].concat()), V4_TOLD),
        (with_checksum(CHECKSUM.to_be_bytes()), V4_TOLD),
        (v2(0x21, 0x31, &[b'/'; 216]), "- -"),
        (v2(0x21, 0x00, b""), "- -"),
        (v2(0x21, 0x00, b"not defined"), "- -"),
        (v2(0x20, 0x00, b""), "- -"),
        (v2(0x20, 0x11, V4), "- -"),
        (v2(0x20, 0xFF, b"not defined"), "- -"),
    ]
}

/// The CRC-32C of `with_checksum([0; 4])`.
const CHECKSUM: u32 = 0x799E_B1EC;

fn text() -> Vec<(Vec<u8>, &'static str)> {
    let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(91));
    assert_eq!(longest.len(), 107);
    [
        ("PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n", V4_TOLD),
        ("PROXY TCP6 2001:db8::1 2001:db8::2 50000 443\r\n", V6_TOLD),
        ("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 50000 443\r\n", V4_TOLD),
        ("PROXY UNKNOWN\r\n", "- -"),
        (&longest, "- -"),
    ]
    .map(|(line, told)| (line.as_bytes().to_vec(), told))
    .to_vec()
}

/// What is no header, over TCP.
fn malformed() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "hello\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443 \r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.2 50000 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000 65536\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000 0443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000 +443\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 50000 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\rx",
        "PROXY UDP4 192.0.2.1 198.51.100.2 50000 443\r\n",
        "PROXY  UNKNOWN\r\n",
        "proxy UNKNOWN\r\n",
    ]
    .map(|line| line.as_bytes().to_vec())
    .to_vec();
    all.push(format!("PROXY UNKNOWN {}", "x".repeat(93)).into_bytes());
    all.extend(malformed_binary());
    all
}

fn malformed_binary() -> Vec<Vec<u8>> {
    let with_tlvs = |tlvs: &[u8]| v2(0x21, 0x11, &[V4, tlvs].concat());
    vec![
        b"\r\nhello\n".to_vec(),
        v2(0x11, 0x11, V4),
        v2(0x22, 0x11, V4),
        v2(0x21, 0x13, V4),
        v2(0x21, 0x41, V4),
        v2(0x21, 0x10, V4),
        v2(0x21, 0x11, &V4[1..]),
        v2(0x21, 0x21, &V6[1..]),
        v2(0x21, 0x31, &[0; 215]),
        with_tlvs(&[4]),
        with_tlvs(&[4, 0, 2, 0]),
        with_tlvs(&[4, 0xFF, 0xFF, 0]),
        with_tlvs(&[3, 0, 3, 0, 0, 0]),
        with_checksum((CHECKSUM ^ 1).to_be_bytes()),
        with_tlvs(&[3, 0, 4, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0]),
    ]
}

fn tell(request: &[u8], context: &RequestContext) -> Vec<u8> {
    let shown = |address: Option<SocketAddr>| address.map_or("-".to_owned(), |address| address.to_string());
    let (source, destination) = (context.proxied_source(), context.proxied_destination());
    assert_eq!(context.client(), source.unwrap_or(context.peer()));
    let who = format!("{} {} {} ", context.peer(), shown(source), shown(destination));
    [who.as_bytes(), request].concat()
}

/// Each concurrency with a handler, and whether that is asynchronous.
fn with_handlers() -> impl Iterator<Item = (Concurrency, bool)> {
    WITH_HANDLER.into_iter().flat_map(|concurrency| [(concurrency, false), (concurrency, true)])
}

/// Sets the handler that tells the addresses.
fn telling(options: ServerOptions, asynchronous: bool) -> ServerOptions {
    if !asynchronous {
        return options.handler_with_context(tell);
    }
    options.async_handler(|request: &[u8], context: &RequestContext, reply: PendingReply| {
        let told = tell(request, context);
        thread::spawn(move || reply.complete(told));
    })
}

#[test]
fn a_handler_is_told_the_addresses_of_the_header() {
    for (concurrency, asynchronous) in with_handlers() {
        let options = tcp(concurrency).workers(2).framing(Framing::Line).proxy_protocol("127.0.0.0/8");
        let server = telling(options, asynchronous).start().unwrap();
        for (header, told) in text().into_iter().chain(binary()) {
            // With the first request, before it, a byte at a time.
            for cut in [0, header.len(), 1] {
                if cut == 1 && header.len() > 300 {
                    continue;
                }
                let client = connect(&server);
                client.set_nodelay(true).unwrap();
                let expected = |request| format!("{} {told} {request}\n", client.local_addr().unwrap());
                let chunk = if cut == 0 { header.len() + 4 } else { cut };
                for piece in [&header[..], b"one\n"].concat().chunks(chunk) {
                    (&client).write_all(piece).unwrap();
                }
                ask(&client, b"", expected("one").as_bytes());
                ask(&client, b"two\n", expected("two").as_bytes());
            }
        }
        assert_eq!(server.stats().proxy_headers_rejected, 0);
    }
}

#[test]
fn each_engine_reads_a_header_and_answers_what_is_behind_it() {
    for concurrency in CONCURRENCIES {
        let server = tcp(*concurrency).proxy_protocol("::1, 127.0.0.1").start().unwrap();
        let mut received = 0;
        for (header, _) in text().into_iter().chain(binary()) {
            let client = connect(&server);
            let request = [&header[..], b"hello"].concat();
            assert_eq!(ask_to_the_end(&client, &request), b"HELLO", "{concurrency:?}");
            received += 5;
        }
        eventually("all are counted", || server.stats().connections_active == 0);
        let stats = server.stats();
        assert_eq!(stats.bytes_received, received, "a header is no request");
        assert_eq!(stats.proxy_headers_rejected, 0);
    }
}

/// The connection is closed, or reset since the server did not read what came after.
fn is_closed(mut client: &TcpStream) -> bool {
    match client.read(&mut [0; 64]) {
        Ok(length) => length == 0,
        Err(error) => matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted),
    }
}

#[test]
fn what_is_no_header_closes_its_connection_and_is_counted() {
    for concurrency in CONCURRENCIES {
        let server = tcp(*concurrency).proxy_protocol("127.0.0.1").start().unwrap();
        let mut rejected = 0;
        for bytes in malformed() {
            let client = connect(&server);
            let _ = (&client).write_all(&bytes);
            assert!(is_closed(&client), "{concurrency:?}: {}", bytes.escape_ascii());
            rejected += 1;
        }
        // It ends before it has begun, and in the middle.
        for part in [&b""[..], b"PROXY TCP4", &SIGNATURE[..7], &v2(0x21, 0x11, V4)[..20]] {
            let client = connect(&server);
            (&client).write_all(part).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert!(is_closed(&client), "{concurrency:?}: {}", part.escape_ascii());
            rejected += 1;
        }
        eventually("all are counted", || server.stats().proxy_headers_rejected == rejected);
        let client = connect(&server);
        assert_eq!(ask_to_the_end(&client, b"PROXY UNKNOWN\r\nhello"), b"HELLO");
        let stats = server.stats();
        assert_eq!((stats.proxy_headers_rejected, stats.connections_refused), (rejected, 0));
    }
}

#[test]
fn who_is_no_proxy_is_closed_at_once() {
    for concurrency in CONCURRENCIES {
        let server = tcp(*concurrency).proxy_protocol("192.0.2.0/24,2001:db8::1").start().unwrap();
        for count in 1..4 {
            let client = connect(&server);
            let _ = (&client).write_all(b"PROXY UNKNOWN\r\nhello");
            assert!(is_closed(&client), "{concurrency:?}");
            eventually("it is counted", || server.stats().proxy_headers_rejected == count);
        }
        assert_eq!(server.stats().requests, 0);
    }
}

#[test]
fn a_late_header_closes_its_connection_and_delays_no_other() {
    const LIMIT: Duration = Duration::from_millis(300);
    for concurrency in CONCURRENCIES {
        let options = tcp(*concurrency).proxy_protocol("any").proxy_header_timeout(Some(LIMIT));
        let server = options.start().unwrap();
        let begun = Instant::now();
        let late: Vec<TcpStream> = [&b""[..], b"PROXY TCP4 192.0.2.1", &v2(0x21, 0x11, V4)[..20]]
            .into_iter()
            .map(|part| {
                let client = connect(&server);
                (&client).write_all(part).unwrap();
                client
            })
            .collect();
        if *concurrency != Concurrency::Iterative {
            let client = connect(&server);
            assert_eq!(ask_to_the_end(&client, b"PROXY UNKNOWN\r\nhello"), b"HELLO");
        }
        assert!(late.iter().all(is_closed), "{concurrency:?}");
        assert!(begun.elapsed() >= LIMIT, "{concurrency:?}");
        eventually("they are counted", || server.stats().proxy_headers_rejected == 3);
    }
}

/// A header in time is followed by a request whenever it comes: the time limit is the header's alone.
#[test]
fn a_header_in_time_ends_its_limit() {
    const LIMIT: Duration = Duration::from_millis(200);
    for concurrency in CONCURRENCIES {
        let options = tcp(*concurrency).proxy_protocol("any").proxy_header_timeout(Some(LIMIT));
        let server = options.framing(Framing::Line).start().unwrap();
        let client = connect(&server);
        ask(&client, b"PROXY UNKNOWN\r\none\n", b"ONE\n");
        client.set_read_timeout(Some(2 * LIMIT)).unwrap();
        let silence = (&client).read(&mut [0]).unwrap_err();
        assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
        client.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        ask(&client, b"two\n", b"TWO\n");
        assert_eq!(server.stats().proxy_headers_rejected, 0);
    }
}

#[test]
fn connections_are_counted_for_the_client_of_the_header() {
    for concurrency in [Concurrency::Threads, Concurrency::Events] {
        let options = tcp(concurrency).framing(Framing::Line).proxy_protocol("any");
        let server = options.max_connections_per_peer(1).start().unwrap();
        let open = |source: &str| {
            let client = connect(&server);
            let header = format!("PROXY TCP4 {source} 198.51.100.2 50000 443\r\n");
            (&client).write_all(header.as_bytes()).unwrap();
            client
        };
        let first = open("192.0.2.1");
        ask(&first, b"a\n", b"A\n");
        let second = open("192.0.2.2");
        ask(&second, b"b\n", b"B\n");
        assert!(is_closed(&open("192.0.2.1")), "{concurrency:?}");
        let stats = server.stats();
        assert_eq!((stats.connections_refused_per_peer, stats.connections_refused), (1, 1));
        // The proxy itself is a client as well, with LOCAL and UNKNOWN.
        let own = connect(&server);
        ask(&own, &[&v2(0x20, 0, b"")[..], b"c\n"].concat(), b"C\n");
        let other = connect(&server);
        let _ = (&other).write_all(b"PROXY UNKNOWN\r\n");
        assert!(is_closed(&other), "{concurrency:?}");
        drop(first);
        eventually("there is room again", || server.stats().connections_active == 2);
        ask(&open("192.0.2.1"), b"d\n", b"D\n");
    }
}

#[test]
fn a_stop_waits_for_no_header() {
    for concurrency in CONCURRENCIES {
        let server = tcp(*concurrency).proxy_protocol("any").start().unwrap();
        let silent = connect(&server);
        let partial = connect(&server);
        (&partial).write_all(b"PROXY ").unwrap();
        if *concurrency != Concurrency::Iterative {
            eventually("both are accepted", || server.stats().connections_active == 2);
        }
        let begun = Instant::now();
        let report = server.stop(TIME_LIMIT).unwrap();
        assert!(begun.elapsed() < TIME_LIMIT / 2, "{concurrency:?}");
        assert_eq!((report.completed, report.cut), (0, 0), "{concurrency:?}");
        assert_eq!(server.stats().proxy_headers_rejected, 0, "{concurrency:?}");
        drop((silent, partial));
    }
}

fn proxied_udp(concurrency: Concurrency) -> Server {
    let options = udp(concurrency).workers(1).proxy_protocol("127.0.0.1");
    if concurrency == Concurrency::Processes {
        options.start().unwrap()
    } else {
        options.handler_with_context(tell).start().unwrap()
    }
}

#[test]
fn a_datagram_begins_with_its_own_header() {
    for concurrency in CONCURRENCIES {
        let server = proxied_udp(*concurrency);
        let client = udp_peer(server.local_addr());
        for (header, told) in binary() {
            if header.len() > 60_000 {
                continue;
            }
            for request in ["hello", ""] {
                let reply = exchange(&client, &[&header, request.as_bytes()].concat());
                let expected = match concurrency {
                    Concurrency::Processes => request.to_uppercase(),
                    _ => format!("{} {told} {request}", client.local_addr().unwrap()),
                };
                assert_eq!(String::from_utf8(reply).unwrap(), expected, "{concurrency:?}");
            }
        }
        assert_eq!(server.stats().proxy_headers_rejected, 0);
        let requests = server.stats().requests;
        assert_eq!(server.stats().bytes_received, requests / 2 * 5, "a header is no request");
    }
}

#[test]
fn an_asynchronous_handler_is_told_the_addresses_of_a_datagram() {
    for concurrency in WITH_HANDLER {
        let options = udp(concurrency).workers(2).proxy_protocol("127.0.0.1");
        let server = telling(options, true).start().unwrap();
        let client = udp_peer(server.local_addr());
        for (header, told) in binary().into_iter().filter(|(header, _)| header.len() < 60_000) {
            let reply = exchange(&client, &[&header, &b"hello"[..]].concat());
            let expected = format!("{} {told} hello", client.local_addr().unwrap());
            assert_eq!(String::from_utf8(reply).unwrap(), expected, "{concurrency:?}");
        }
        client.send(b"no header").unwrap();
        eventually("it is discarded", || server.stats().proxy_headers_rejected == 1);
        // A datagram is in the totals once the receive that it came with has been looked at.
        let stats = || server.stats();
        eventually("a header is no request", || stats().bytes_received == stats().requests * 5 + 9);
    }
}

#[test]
fn a_datagram_without_a_header_is_discarded_and_counted() {
    for concurrency in CONCURRENCIES {
        let server = proxied_udp(*concurrency);
        let client = udp_peer(server.local_addr());
        let mut rejected = 0;
        let versions_1 = text().into_iter().map(|(header, _)| header);
        let parts = [Vec::new(), v2(0x21, 0x11, V4)[..27].to_vec()];
        for bytes in malformed_binary().into_iter().chain(versions_1).chain(parts) {
            client.send(&bytes).unwrap();
            rejected += 1;
        }
        let last = [&v2(0x20, 0, b"")[..], b"ok"].concat();
        assert!(exchange(&client, &last).to_ascii_lowercase().ends_with(b"ok"), "{concurrency:?}");
        eventually("all are counted", || server.stats().proxy_headers_rejected == rejected);
        assert_eq!(server.stats().requests, 1);
        assert_eq!(server.stats().datagrams_received, rejected + 1);
    }
}

/// Datagrams that the kernel joins (UDP_GRO) and those of one recvmmsg(2) are apart.
#[test]
fn each_of_many_datagrams_has_its_header() {
    let server = udp(Concurrency::Events).workers(1).proxy_protocol("any").start().unwrap();
    let client = udp_peer(server.local_addr());
    for round in 0..50 {
        let good = [&v2(0x21, 0x11, V4)[..], format!("{round:03}").as_bytes()].concat();
        let bad = vec![b'x'; good.len()];
        for datagram in [&good, &bad, &good, &good, &bad] {
            client.send(datagram).unwrap();
        }
        for _ in 0..3 {
            assert_eq!(receive(&client), format!("{round:03}").into_bytes());
        }
    }
    eventually("the bad ones are counted", || server.stats().proxy_headers_rejected == 100);
    assert_eq!(server.stats().requests, 150);
}

#[test]
fn a_datagram_from_elsewhere_is_discarded() {
    for concurrency in CONCURRENCIES {
        let server = udp(*concurrency).workers(1).proxy_protocol("::1,192.0.2.0/24").start().unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(&[&v2(0x20, 0, b"")[..], b"x"].concat(), server.local_addr()).unwrap();
        eventually("it is counted", || server.stats().proxy_headers_rejected == 1);
        assert_eq!(server.stats().requests, 0);
    }
}

#[test]
fn options_that_cannot_be_are_refused() {
    let peers = |concurrency| tcp(concurrency).proxy_protocol("any").max_connections_per_peer(1);
    let table = [
        (tcp(Concurrency::Events).proxy_protocol("10.0.0.0/33"), "0 to 32 bits"),
        (udp(Concurrency::Events).proxy_protocol("balancer"), "networks such as 10.0.0.0/8"),
        (tcp(Concurrency::Events).proxy_header_timeout(Some(Duration::ZERO)), "proxy_header_timeout is 0"),
    ];
    for (options, advice) in table {
        let error = options.start().unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
    let error = peers(Concurrency::Processes).start().unwrap_err().to_string();
    assert!(error.contains("max_connections_per_peer counts") || cfg!(not(target_os = "linux")), "{error}");
    let udp = peers(Concurrency::Processes).on(Transport::Udp, ("127.0.0.1", 0)).start();
    assert!(udp.is_ok() || cfg!(not(target_os = "linux")));
}

#[test]
fn a_rejection_is_logged_with_the_address() {
    let lines = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let log = std::sync::Arc::clone(&lines);
    let options = tcp(Concurrency::Threads).proxy_protocol("any");
    let server = options.log(move |_, line| log.lock().unwrap().push_str(line)).start().unwrap();
    let client = connect(&server);
    let _ = (&client).write_all(b"GET / HTTP/1.0\r\n\r\n");
    assert!(is_closed(&client));
    eventually("it is logged", || lines.lock().unwrap().contains("what 127.0.0.1 sent was rejected"));
    assert!(lines.lock().unwrap().contains("signature of neither version"), "{lines:?}");
}
