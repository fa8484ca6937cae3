//! The context of a request: the addresses of both sides and the transport, for each engine that calls a handler.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use capsock::{
    Concurrency, ContextService, Framing, HandlerError, RequestContext, Server, ServerOptions, Transport,
};
use support::*;

const WITH_HANDLER: [Concurrency; 3] = [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events];

fn tell(request: &[u8], context: &RequestContext) -> Vec<u8> {
    let who = format!("{} {} {} ", context.peer(), context.local(), context.transport().name());
    [who.as_bytes(), request].concat()
}

/// What `tell` replies to a client with these addresses.
fn told(client: SocketAddr, server: SocketAddr, transport: Transport, request: &str) -> String {
    format!("{client} {server} {} {request}", transport.name())
}

/// Where a client reaches a server that is bound to `bound`: to all addresses, it is the last one of 127.0.0.0/8 where
/// each of them is this machine.
fn destination(bound: SocketAddr) -> SocketAddr {
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() && cfg!(target_os = "linux") => {
            (Ipv4Addr::new(127, 255, 255, 254), bound.port()).into()
        }
        IpAddr::V4(_) => (Ipv4Addr::LOCALHOST, bound.port()).into(),
        IpAddr::V6(_) => (Ipv6Addr::LOCALHOST, bound.port()).into(),
    }
}

fn stream(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    stream
}

#[test]
fn a_handler_gets_the_addresses_of_both_sides() {
    for host in ["127.0.0.1", "::1", ""] {
        for concurrency in WITH_HANDLER {
            for transport in [Transport::Tcp, Transport::Udp] {
                let options = ServerOptions::new(transport, (host, 0)).concurrency(concurrency);
                let options = options.workers(2).framing(Framing::Line).handler_with_context(tell);
                let server = options.start().unwrap();
                for bound in server.local_addrs() {
                    let to = destination(*bound);
                    // Each of two clients is told its own address, also after the other has asked.
                    if transport == Transport::Tcp {
                        // The iterative engine serves the second client after the first one.
                        let count = if concurrency == Concurrency::Iterative { 1 } else { 2 };
                        for _ in 0..3 - count {
                            let clients: Vec<_> = (0..count).map(|_| stream(to)).collect();
                            for client in clients.iter().chain(&clients) {
                                let from = client.local_addr().unwrap();
                                ask(client, b"one\n", told(from, to, transport, "one\n").as_bytes());
                            }
                        }
                    } else {
                        let clients = [udp_peer(to), udp_peer(to)];
                        for client in clients.iter().chain(&clients) {
                            let reply = String::from_utf8(exchange(client, b"one")).unwrap();
                            let from = client.local_addr().unwrap();
                            assert_eq!(reply, told(from, to, transport, "one"), "{host} {concurrency:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_request_of_every_framing_has_its_context() {
    // A request that ends with the stream has no end of its own.
    let table = [
        (Framing::Line, &b"one\ntwo"[..], 2),
        (Framing::Length, b"\0\0\0\x03one\0\0\0\x03two", 2),
        (Framing::Delimiter, b"one\r\ntwo\r\n", 2),
        (Framing::Once, b"one", 1),
    ];
    for (framing, requests, count) in table {
        for concurrency in WITH_HANDLER {
            let (sender, contexts) = mpsc::channel();
            let sender = Mutex::new(sender);
            let options = tcp(concurrency).framing(framing);
            let options = options.handler_with_context(move |request: &[u8], context: &RequestContext| {
                sender.lock().unwrap().send(context.clone()).unwrap();
                request.to_vec()
            });
            let server = options.start().unwrap();
            let client = connect(&server);
            ask_to_the_end(&client, requests);
            let got: Vec<_> = contexts.try_iter().collect();
            assert_eq!(got.len(), count, "{framing:?}, {concurrency:?}");
            for context in got {
                assert_eq!(context.peer(), client.local_addr().unwrap());
                assert_eq!(context.local(), server.local_addr());
                assert_eq!(context.transport(), Transport::Tcp);
            }
        }
    }
}

/// Without IP_PKTINFO a datagram's destination is the address that the server is bound to, and so it is with one address.
#[test]
fn a_server_on_one_address_knows_it() {
    let server = udp(Concurrency::Threads).handler_with_context(tell).start().unwrap();
    let client = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    client.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    client.connect(server.local_addr()).unwrap();
    let expected = told(client.local_addr().unwrap(), server.local_addr(), Transport::Udp, "x");
    assert_eq!(String::from_utf8(exchange(&client, b"x")).unwrap(), expected);
}

/// A request may be answered after its peer has reset the connection, when the system does not know the peer any more.
#[test]
fn a_peer_that_resets_its_connection_is_known_or_not_served() {
    for concurrency in WITH_HANDLER {
        let (sender, contexts) = mpsc::channel();
        let sender = Mutex::new(sender);
        let options = tcp(concurrency).workers(1).framing(Framing::Line);
        let options = options.handler_with_context(move |request: &[u8], context: &RequestContext| {
            sender.lock().unwrap().send(context.peer()).unwrap();
            request.to_vec()
        });
        let server = options.start().unwrap();
        let mut clients = Vec::new();
        let mut first = Some(connect(&server));
        for round in 0..20 {
            // The iterative engine accepts the connections that it serves none of only now.
            if round == 10 {
                drop(first.take());
            }
            let client = connect(&server);
            clients.push(client.local_addr().unwrap());
            (&client).write_all(b"who am I\n").unwrap();
            socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        }
        let last = connect(&server);
        clients.push(last.local_addr().unwrap());
        ask(&last, b"hello\n", b"hello\n");
        let peers: Vec<_> = contexts.try_iter().collect();
        assert_eq!(peers.last(), clients.last(), "{concurrency:?}");
        assert!(peers.iter().all(|peer| clients.contains(peer)), "{concurrency:?}: {peers:?} of {clients:?}");
    }
}

/// Fails a request as asked, and counts its batches.
#[derive(Default)]
struct Picky {
    batches: AtomicUsize,
}

impl ContextService for Picky {
    fn reply(
        &self,
        request: &[u8],
        context: &RequestContext,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        match request {
            b"fail\n" => Err(HandlerError(format!("{} is refused", context.peer().ip()))),
            b"panic\n" => panic!("as asked"),
            _ => {
                reply.extend_from_slice(request);
                Ok(())
            }
        }
    }

    fn batch(&self, answer: &mut dyn FnMut()) {
        self.batches.fetch_add(1, Ordering::SeqCst);
        answer();
    }
}

#[test]
fn a_service_with_context_fails_and_takes_batches_as_any() {
    for concurrency in WITH_HANDLER {
        let (picky, lines) = (Arc::new(Picky::default()), Arc::new(Mutex::new(String::new())));
        let log = Arc::clone(&lines);
        let server = tcp(concurrency)
            .framing(Framing::Line)
            .log(move |_, line| log.lock().unwrap().push_str(line))
            .shared_handler_with_context(picky.clone())
            .start()
            .unwrap();
        for (requests, replies) in [("a\nb\nc\n", "a\nb\nc\n"), ("fail\nd\n", ""), ("e\npanic\n", "e\n")] {
            let client = connect(&server);
            (&client).write_all(requests.as_bytes()).unwrap();
            ask(&client, b"", replies.as_bytes());
            drop(client);
        }
        eventually("two failures", || server.stats().handler_errors == 2);
        assert!(picky.batches.load(Ordering::SeqCst) >= 2, "{concurrency:?}");
        server.stop(TIME_LIMIT).unwrap();
        let lines = lines.lock().unwrap();
        assert!(lines.contains("127.0.0.1 is refused") && lines.contains("as asked"), "{lines}");
    }
}

#[test]
fn the_handler_that_was_set_last_is_called() {
    let ask = |options: ServerOptions| {
        let server: Server = options.on(Transport::Udp, ("127.0.0.1", 0)).start().unwrap();
        exchange(&udp_peer(server.local_addr()), b"a")
    };
    let with =
        || tcp(Concurrency::Threads).handler_with_context(|_: &[u8], _: &RequestContext| b"with".to_vec());
    let plain = |_: &[u8]| b"plain".to_vec();
    let mut none = with();
    none.set_handler_with_context(None);
    let mut set = none.clone();
    set.set_handler_with_context(Some(Arc::new(tell)));
    assert_eq!(ask(with()), b"with");
    assert_eq!(ask(with().handler(plain)), b"plain");
    assert_eq!(ask(none), b"A");
    assert!(ask(set).ends_with(b" udp a"));
    let mut without = with();
    without.set_handler(None);
    assert_eq!(ask(without), b"A");
}

#[test]
fn processes_and_streams_refuse_it_as_they_refuse_any_handler() {
    for options in [tcp(Concurrency::Threads), tcp(Concurrency::Processes).framing(Framing::Line)] {
        let error = options.handler_with_context(tell).start().unwrap_err();
        assert!(error.to_string().contains("handler") || cfg!(not(target_os = "linux")), "{error}");
    }
}
