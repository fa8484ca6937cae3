//! What several threads do at once: a close against calls that wait, a stop against requests, handlers against
//! everything. They end and answer right; under ThreadSanitizer (`scripts/sanitize thread`) they also race nowhere.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, OnceLock, Weak, mpsc};
use std::thread;
use std::time::Duration;

use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};
use capsock::{
    Concurrency, ErrorKind, Framing, HandlerError, PendingReply, RequestContext, Server, ServerOptions,
    Service, TcpClient, Transport, UdpClient, UdpClientOptions,
};
use support::{TIME_LIMIT, connect, options, udp_peer};

const ROUNDS: usize = 12;
const FOREVER: WaitPolicy = WaitPolicy { timeout: None, on_interrupt: None };
const ENGINES: [Concurrency; 3] = [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events];

/// Runs them all at once, each on a thread of its own.
fn at_once(work: Vec<Box<dyn FnOnce() + Send + '_>>) {
    let start = Barrier::new(work.len());
    thread::scope(|scope| {
        for one in work {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                one();
            });
        }
    });
}

fn listener() -> BlockingSocket {
    let listener = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
    listener.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(8).unwrap();
    listener
}

#[test]
fn a_close_ends_the_calls_of_other_threads_whenever_it_comes() {
    for _ in 0..ROUNDS * 4 {
        let acceptor = listener();
        let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
        client.connect(&acceptor.local_addr().unwrap(), FOREVER).unwrap();
        let (served, _) = acceptor.accept(false, FOREVER).unwrap();
        let datagrams = BlockingSocket::new(Family::V4, Kind::Datagram, false).unwrap();
        datagrams.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        at_once(vec![
            Box::new(|| assert!(acceptor.accept(false, FOREVER).is_err())),
            Box::new(|| assert!(client.receive(&mut [0; 9], 0, FOREVER).is_err())),
            Box::new(|| assert!(client.receive(&mut [0; 9], 0, FOREVER).is_err())),
            Box::new(|| while client.send(&[b'x'; 9_000], 0, FOREVER).is_ok() {}),
            Box::new(|| assert!(datagrams.receive_from(&mut [0; 9], 0, FOREVER).is_err())),
            Box::new(|| [&acceptor, &client, &datagrams].iter().for_each(|socket| socket.close().unwrap())),
            Box::new(|| [&datagrams, &client, &acceptor].iter().for_each(|socket| socket.close().unwrap())),
        ]);
        drop(served);
    }
}

#[test]
fn a_closed_client_ends_its_requests_whenever_it_is_closed() {
    for _ in 0..ROUNDS {
        // Nobody answers.
        let (acceptor, datagrams) = (listener(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let tcp = TcpClient::connect(acceptor.local_addr().unwrap()).unwrap();
        let udp = UdpClient::connect_with(
            datagrams.local_addr().unwrap(),
            UdpClientOptions { timeout: Some(TIME_LIMIT), ..UdpClientOptions::default() },
        )
        .unwrap();
        let closed = |outcome: capsock::Result<String>| {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
        };
        at_once(vec![
            Box::new(|| closed(tcp.request("a"))),
            Box::new(|| closed(tcp.request("b"))),
            Box::new(|| closed(udp.request("a"))),
            Box::new(|| closed(udp.request("b"))),
            Box::new(|| tcp.close()),
            Box::new(|| udp.close()),
            Box::new(|| drop((tcp.local_addr(), udp.local_addr()))),
        ]);
    }
}

/// Asks with lines until the connection ends; how many were answered.
fn ask_until_the_end(stream: TcpStream, right: &AtomicU64) {
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut reply = String::new();
    while (&stream).write_all(b"hello\n").is_ok() {
        reply.clear();
        match replies.read_line(&mut reply) {
            Ok(6) => assert_eq!(reply, "HELLO\n"),
            Ok(0) | Err(_) => return,
            Ok(_) => panic!("a reply that was begun is whole: {reply:?}"),
        }
        right.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_stop_comes_between_requests_and_the_counts_match() {
    for concurrency in ENGINES {
        for round in 0..ROUNDS {
            let server = options(Transport::Tcp, concurrency).framing(Framing::Line).start().unwrap();
            let (right, enough) = (AtomicU64::new(0), round as u64 * 3);
            let streams: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
            let (server, right) = (&server, &right);
            let mut work: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
            for stream in streams {
                work.push(Box::new(move || ask_until_the_end(stream, right)));
            }
            for _ in 0..2 {
                work.push(Box::new(move || {
                    while right.load(Ordering::Relaxed) < enough {
                        let _ = server.stats();
                        thread::yield_now();
                    }
                    let report = server.stop(TIME_LIMIT).unwrap();
                    assert_eq!((report.cut, report.running), (0, 0), "{concurrency:?}");
                }));
            }
            at_once(work);
            assert_eq!(server.stats().requests, right.load(Ordering::Relaxed), "{concurrency:?}");
        }
    }
}

/// Fails in every way, stops its server, and answers.
#[derive(Default)]
struct Unruly {
    calls: AtomicU64,
    server: OnceLock<Weak<Server>>,
}

impl Service for Unruly {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        match self.calls.fetch_add(1, Ordering::Relaxed) % 8 {
            3 => panic!("it was asked to"),
            5 => return Err(HandlerError("it was asked to".to_owned())),
            7 => {
                let server = self.server.get().and_then(Weak::upgrade);
                let _ = server.map(|server| (server.stats(), server.stop(Duration::from_secs(1))));
            }
            _ => {}
        }
        reply.extend(request.to_ascii_uppercase());
        Ok(())
    }
}

fn unruly(options: ServerOptions) -> (Arc<Server>, Arc<Unruly>, Arc<AtomicU64>) {
    let (handler, logged) = (Arc::new(Unruly::default()), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&logged);
    let options = options.framing(Framing::Line).shared_handler(Arc::clone(&handler) as Arc<dyn Service>);
    let server = options.log(move |_, _| _ = counted.fetch_add(1, Ordering::Relaxed)).start().unwrap();
    let server = Arc::new(server);
    assert!(handler.server.set(Arc::downgrade(&server)).is_ok());
    (server, handler, logged)
}

#[test]
fn handlers_fail_and_stop_their_server_while_others_answer() {
    for concurrency in ENGINES {
        for transport in [Transport::Tcp, Transport::Udp] {
            for _ in 0..ROUNDS / 3 {
                let (server, handler, logged) = unruly(options(transport, concurrency).workers(3));
                let address = server.local_addr();
                let mut work: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
                for _ in 0..4 {
                    let server = &server;
                    work.push(Box::new(move || match transport {
                        Transport::Tcp => {
                            while !server.wait(Some(Duration::ZERO), None).unwrap() {
                                let Ok(stream) = TcpStream::connect(address) else { return };
                                stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
                                ask_until_the_end(stream, &AtomicU64::new(0));
                            }
                        }
                        Transport::Udp => {
                            let peer = udp_peer(address);
                            peer.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
                            while !server.wait(Some(Duration::ZERO), None).unwrap() {
                                let _ = peer.send(b"hello");
                                let _ = peer.recv(&mut [0; 9]);
                            }
                        }
                    }));
                }
                at_once(work);
                assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
                let stats = server.stats();
                assert_eq!(stats.requests + stats.handler_errors, handler.calls.load(Ordering::Relaxed));
                assert!(logged.load(Ordering::Relaxed) >= stats.handler_errors);
            }
        }
    }
}

/// Replies are completed, failed and dropped by several threads, twice, while clients come and break off and the server is
/// stopped.
#[test]
fn pending_replies_are_completed_whatever_else_happens() {
    for round in 0..ROUNDS {
        for engine in ENGINES {
            for transport in [Transport::Tcp, Transport::Udp] {
                let (sender, pending) = mpsc::channel::<Arc<PendingReply>>();
                let cancelled = Arc::new(AtomicU64::new(0));
                let told = Arc::clone(&cancelled);
                let handler = move |_: &[u8], _: &RequestContext, reply: PendingReply| {
                    let told = Arc::clone(&told);
                    reply.on_cancel(move || {
                        told.fetch_add(1, Ordering::Relaxed);
                    });
                    let reply = Arc::new(reply);
                    let _ = sender.send(Arc::clone(&reply));
                    let _ = sender.send(reply);
                };
                let options = options(transport, engine).framing(Framing::Line).workers(3).log(|_, _| {});
                let server = options.async_handler(handler).start().unwrap();
                let (server, pending) = (&server, std::sync::Mutex::new(pending));
                let complete = || {
                    for number in 0_u64.. {
                        let Ok(reply) = pending.lock().unwrap().recv_timeout(Duration::from_millis(20))
                        else {
                            if server.wait(Some(Duration::ZERO), None).unwrap() {
                                return;
                            }
                            continue;
                        };
                        match number % 4 {
                            0 => drop(reply.fail(HandlerError("as the test has it".to_owned()))),
                            1 => drop(reply),
                            _ => drop(reply.complete("reply\n")),
                        }
                    }
                };
                let ask = || {
                    while !server.wait(Some(Duration::ZERO), None).unwrap() {
                        if transport == Transport::Udp {
                            let _ = udp_peer(server.local_addr()).send(b"datagram");
                            thread::yield_now();
                        } else if let Ok(mut stream) = TcpStream::connect(server.local_addr()) {
                            let _ = stream.write_all(b"one\ntwo\nthree\n");
                        }
                    }
                };
                at_once(vec![
                    Box::new(complete),
                    Box::new(complete),
                    Box::new(ask),
                    Box::new(ask),
                    Box::new(|| {
                        thread::sleep(Duration::from_millis(5));
                        server.stop(Duration::from_millis(if round % 2 == 0 { 0 } else { 50 })).unwrap();
                    }),
                ]);
            }
        }
    }
}
