//! Asynchronous handlers: replies that are completed later, from any thread, in each engine that calls a handler.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use capsock::{
    AsyncService, Concurrency, ErrorKind, Features, Framing, HandlerError, PendingReply, RequestContext,
    Server, ServerOptions, Transport,
};
use support::*;

/// Longer than a server takes for what it does at once, on a machine that is not too busy.
const MOMENT: Duration = Duration::from_millis(50);

const WITH_HANDLER: [Concurrency; 3] = [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events];

/// A request that was passed to the handler.
type Asked = (Vec<u8>, PendingReply);

/// Passes each request on, to be completed by the test.
fn hand_over(options: ServerOptions) -> (Server, mpsc::Receiver<Asked>) {
    let (sender, receiver) = mpsc::channel();
    let server = options
        .framing(Framing::Line)
        .async_handler(move |request: &[u8], _: &RequestContext, reply: PendingReply| {
            let _ = sender.send((request.to_vec(), reply));
        })
        .start()
        .unwrap();
    (server, receiver)
}

fn asked(requests: &mpsc::Receiver<Asked>) -> Asked {
    requests.recv_timeout(TIME_LIMIT).unwrap()
}

/// Completes each request with its upper case, on a thread of its own.
fn complete_all(requests: mpsc::Receiver<Asked>) {
    thread::spawn(move || {
        for (request, reply) in requests {
            reply.complete(request.to_ascii_uppercase());
        }
    });
}

fn read_line(mut stream: &TcpStream) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') && stream.read(&mut byte).unwrap() == 1 {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

#[test]
fn a_reply_is_completed_by_another_thread() {
    for concurrency in WITH_HANDLER {
        for transport in [Transport::Tcp, Transport::Udp] {
            let (server, requests) = hand_over(options(transport, concurrency).workers(2));
            complete_all(requests);
            if transport == Transport::Tcp {
                for _ in 0..3 {
                    let stream = connect(&server);
                    ask(&stream, b"one\ntwo\n", b"ONE\nTWO\n");
                    ask(&stream, b"three", b"");
                    assert_eq!(ask_to_the_end(&stream, b" four"), b"THREE FOUR");
                }
            } else {
                let peer = udp_peer(server.local_addr());
                for _ in 0..3 {
                    assert_eq!(exchange(&peer, b"one"), b"ONE");
                }
            }
            let report = server.stop(TIME_LIMIT).unwrap();
            let requests = if transport == Transport::Tcp { 9 } else { 3 };
            assert_eq!((report.completed, report.cut, report.running), (requests, 0, 0), "{concurrency:?}");
        }
    }
}

#[test]
fn a_reply_may_be_completed_during_the_call() {
    for concurrency in WITH_HANDLER {
        for framing in [Framing::Line, Framing::Once] {
            let upper = |request: &[u8], _: &RequestContext, reply: PendingReply| {
                assert!(reply.is_wanted() && reply.complete(request.to_ascii_uppercase()));
                assert!(
                    !reply.is_wanted()
                        && !reply.complete("again")
                        && !reply.fail(HandlerError("no".to_owned()))
                );
            };
            let server = tcp(concurrency).framing(framing).async_handler(upper).start().unwrap();
            let stream = connect(&server);
            if framing == Framing::Line {
                let (many, replies) = ("a\n".repeat(2_000), "A\n".repeat(2_000));
                let mut writer = stream.try_clone().unwrap();
                let writing = thread::spawn(move || writer.write_all(many.as_bytes()).unwrap());
                ask(&stream, b"", replies.as_bytes());
                writing.join().unwrap();
            } else {
                (&stream).write_all(b"once").unwrap();
                assert_eq!(read_to_end(&stream), b"ONCE");
            }
            assert_eq!(server.stats().handler_errors, 0);
        }
    }
}

#[test]
fn many_requests_are_pending_without_a_thread_for_each() {
    const CLIENTS: usize = 500;
    for transport in [Transport::Tcp, Transport::Udp] {
        let (server, requests) = hand_over(options(transport, Concurrency::Events).idle_timeout(None));
        let streams: Vec<TcpStream> = match transport {
            Transport::Tcp => (0..CLIENTS).map(|_| connect(&server)).collect(),
            Transport::Udp => Vec::new(),
        };
        let peer = udp_peer(server.local_addr());
        let mut pending = Vec::new();
        for client in 0..CLIENTS {
            match streams.get(client) {
                Some(mut stream) => stream.write_all(format!("{client}\n").as_bytes()).unwrap(),
                None => drop(peer.send(format!("{client}\n").as_bytes()).unwrap()),
            }
            if client % 10 == 9 || transport == Transport::Udp {
                // A socket's receive buffer holds some.
                while pending.len() <= client {
                    pending.push(asked(&requests));
                }
            }
        }
        #[cfg(target_os = "linux")]
        {
            let threads = std::fs::read_dir("/proc/self/task").unwrap().count();
            let processors = thread::available_parallelism().unwrap().get();
            assert!(threads < 50 + 8 * processors, "{threads} threads");
        }
        // The last request is completed first.
        for (request, reply) in pending.iter().rev() {
            assert!(reply.is_wanted() && reply.complete(request.as_slice()));
            if transport == Transport::Udp {
                assert_eq!(receive(&peer), *request);
            }
        }
        for (client, stream) in streams.iter().enumerate() {
            assert_eq!(read_line(stream), format!("{client}\n"));
        }
        assert_eq!(server.stop(TIME_LIMIT).unwrap().completed, CLIENTS as u64);
    }
}

#[test]
fn the_requests_of_a_connection_are_passed_on_one_after_another() {
    for concurrency in WITH_HANDLER {
        let (server, requests) = hand_over(tcp(concurrency));
        let stream = connect(&server);
        (&stream).write_all(b"1\n2\n3\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        for number in 1..=3 {
            let (request, reply) = asked(&requests);
            assert_eq!(request, format!("{number}\n").as_bytes());
            assert!(requests.try_recv().is_err(), "the next one was passed on before the reply");
            assert!(reply.complete(request));
        }
        assert_eq!(read_to_end(&stream), b"1\n2\n3\n");
    }
}

#[test]
fn as_many_requests_are_pending_as_there_are_workers() {
    const LIMIT: usize = 3;
    for transport in [Transport::Tcp, Transport::Udp] {
        for host in ["127.0.0.1", "localhost"] {
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
            let handler = move |request: &[u8], _: &RequestContext, reply: PendingReply| {
                highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let (request, counted) = (request.to_vec(), Arc::clone(&counted));
                thread::spawn(move || {
                    thread::yield_now();
                    counted.fetch_sub(1, Ordering::SeqCst);
                    assert!(reply.complete(request));
                });
            };
            let options = ServerOptions::new(transport, (host, 0)).workers(LIMIT).framing(Framing::Line);
            let server = options.async_handler(handler).start().unwrap();
            if transport == Transport::Tcp {
                let streams: Vec<_> = (0..40).map(|_| connect(&server)).collect();
                for round in 0..5 {
                    let text = format!("{round}\n");
                    streams.iter().for_each(|mut stream| stream.write_all(text.as_bytes()).unwrap());
                    streams.iter().for_each(|stream| assert_eq!(read_line(stream), text));
                }
            } else {
                for address in server.local_addrs() {
                    let peer = udp_peer(*address);
                    for _ in 0..5 {
                        for _ in 0..20 {
                            peer.send(b"datagram").unwrap();
                        }
                        (0..20).for_each(|_| assert_eq!(receive(&peer), b"datagram"));
                    }
                }
            }
            let most = most.load(Ordering::SeqCst);
            assert!((1..=LIMIT).contains(&most), "{transport:?}: {most} at once");
            assert_eq!(now.load(Ordering::SeqCst), 0);
        }
    }
}

#[test]
fn more_pending_requests_than_a_server_may_have_are_refused() {
    let none = |_: &[u8], _: &RequestContext, _: PendingReply| {};
    let options = |workers| udp(Concurrency::Events).workers(workers).async_handler(none);
    assert_eq!(options(65_537).start().unwrap_err().kind(), ErrorKind::InvalidArgument);
    options(65_536).start().unwrap();
}

#[test]
fn a_failure_costs_its_request_alone() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let handler = |request: &[u8], _: &RequestContext, reply: PendingReply| match request.trim_ascii_end() {
        b"fail" => drop(reply.fail(HandlerError("as it was told".to_owned()))),
        b"later" => drop(thread::spawn(move || reply.fail(HandlerError("as it was told".to_owned())))),
        b"drop" => drop(reply),
        b"panic" => panic!("a test's panic"),
        b"thread" => drop(thread::spawn(move || {
            let _reply = reply;
            panic!("a test's panic");
        })),
        other => drop(reply.complete(other)),
    };
    for concurrency in WITH_HANDLER {
        for transport in [Transport::Tcp, Transport::Udp] {
            log.lock().unwrap().clear();
            let lines = Arc::clone(&log);
            let options = options(transport, concurrency).framing(Framing::Line);
            let options = options.log(move |_, line: &str| lines.lock().unwrap().push(line.to_owned()));
            let server = options.async_handler(handler).start().unwrap();
            let failures = [
                ("fail", "as it was told"),
                ("later", "as it was told"),
                ("drop", "its reply was dropped without being completed"),
                ("panic", "it panicked: a test's panic"),
                ("thread", "its reply was dropped without being completed"),
            ];
            for (index, (request, why)) in failures.into_iter().enumerate() {
                if transport == Transport::Tcp {
                    let stream = connect(&server);
                    (&stream).write_all(format!("{request}\nnot answered\n").as_bytes()).unwrap();
                    assert_eq!(read_to_end(&stream), b"");
                } else {
                    udp_peer(server.local_addr()).send(request.as_bytes()).unwrap();
                }
                eventually("the failure is logged", || log.lock().unwrap().len() > index);
                let line = format!("the handler failed, the request gets no reply: {why}");
                assert!(log.lock().unwrap()[index].starts_with(&line), "{:?}", log.lock().unwrap());
            }
            if transport == Transport::Tcp {
                ask(&connect(&server), b"next\n", b"next\n");
            } else {
                assert_eq!(exchange(&udp_peer(server.local_addr()), b"next"), b"next");
            }
            let stats = server.stats();
            assert_eq!((stats.handler_errors, stats.requests), (failures.len() as u64, 1), "{concurrency:?}");
        }
    }
}

#[test]
fn a_stop_waits_for_pending_replies() {
    for concurrency in WITH_HANDLER {
        for transport in [Transport::Tcp, Transport::Udp] {
            let (server, requests) = hand_over(options(transport, concurrency));
            let (peer, stream) = (udp_peer(server.local_addr()), Mutex::new(None));
            match transport {
                Transport::Tcp => {
                    let connected = connect(&server);
                    (&connected).write_all(b"in hand\n").unwrap();
                    *stream.lock().unwrap() = Some(connected);
                }
                Transport::Udp => drop(peer.send(b"in hand\n").unwrap()),
            }
            let (_, reply) = asked(&requests);
            let report = thread::scope(|scope| {
                let stopping = scope.spawn(|| server.stop(TIME_LIMIT).unwrap());
                assert!(!server.wait(Some(Duration::from_millis(30)), None).unwrap());
                assert!(reply.is_wanted() && reply.complete("done\n"));
                stopping.join().unwrap()
            });
            assert_eq!((report.completed, report.cut, report.running), (1, 0, 0), "{concurrency:?}");
            match stream.lock().unwrap().as_ref() {
                Some(stream) => assert_eq!(read_to_end(stream), b"done\n"),
                None => assert_eq!(receive(&peer), b"done\n"),
            }
        }
    }
}

/// Both ways of waiting for work: in the call itself, and in poll(2).
const WAYS: [Features; 2] = [Features::NONE, Features::BLOCKING_RECEIVE];

#[test]
fn a_paused_server_takes_no_datagram_and_sends_the_replies_that_are_pending() {
    for (concurrency, without) in WITH_HANDLER.into_iter().flat_map(|one| WAYS.map(|way| (one, way))) {
        let (server, requests) = hand_over(udp(concurrency).workers(2).without(without));
        let peer = udp_peer(server.local_addr());
        for round in 0..3 {
            peer.send(b"one").unwrap();
            let (_, one) = asked(&requests);
            server.pause().unwrap();
            peer.send(b"two").unwrap();
            assert!(requests.recv_timeout(MOMENT).is_err(), "{concurrency:?}, round {round}");
            assert!(server.has_waiting_work());
            one.complete("ONE");
            assert_eq!(receive(&peer), b"ONE");
            server.resume().unwrap();
            asked(&requests).1.complete("TWO");
            assert_eq!(receive(&peer), b"TWO");
        }
    }
}

#[test]
fn a_paused_server_accepts_nothing_and_serves_its_connections() {
    for concurrency in WITH_HANDLER {
        let (server, requests) = hand_over(tcp(concurrency).workers(2));
        let open = connect(&server);
        (&open).write_all(b"one\n").unwrap();
        let (_, one) = asked(&requests);
        server.pause().unwrap();
        let waiting = connect(&server);
        (&waiting).write_all(b"two\n").unwrap();
        assert!(requests.recv_timeout(MOMENT).is_err(), "{concurrency:?}");
        one.complete("ONE\n");
        assert_eq!(read_line(&open), "ONE\n");
        (&open).write_all(b"three\n").unwrap();
        assert_eq!(asked(&requests).0, b"three\n");
        drop(open);
        server.resume().unwrap();
        asked(&requests).1.complete("TWO\n");
        assert_eq!(read_line(&waiting), "TWO\n");
    }
}

#[test]
fn a_drain_waits_for_pending_replies() {
    for concurrency in WITH_HANDLER {
        for transport in [Transport::Tcp, Transport::Udp] {
            let (server, requests) = hand_over(options(transport, concurrency));
            let peer = udp_peer(server.local_addr());
            let stream = (transport == Transport::Tcp).then(|| connect(&server));
            if let Some(mut stream) = stream.as_ref() {
                stream.write_all(b"in hand\n").unwrap();
            } else {
                peer.send(b"in hand\n").unwrap();
            }
            let (_, reply) = asked(&requests);
            server.pause().unwrap();
            // It waits in the queue until the stop.
            peer.send(b"later\n").unwrap();
            thread::scope(|scope| {
                let drain = scope.spawn(|| server.drain(TIME_LIMIT).unwrap());
                assert!(!server.wait(Some(MOMENT), None).unwrap());
                let stopping = transport == Transport::Udp && !server.has_waiting_work();
                assert!(!stopping, "{concurrency:?} is being stopped");
                reply.complete("done\n");
                match stream {
                    Some(stream) => assert_eq!(read_line(&stream), "done\n"),
                    None => assert_eq!(receive(&peer), b"done\n"),
                }
                let report = drain.join().unwrap();
                assert_eq!((report.completed, report.cut), (1, 0), "{concurrency:?}");
            });
        }
    }
}

#[test]
fn at_the_deadline_of_a_stop_pending_replies_are_cancelled() {
    for concurrency in WITH_HANDLER {
        for transport in [Transport::Tcp, Transport::Udp] {
            let (server, requests) = hand_over(options(transport, concurrency));
            let (peer, mut stream) = (udp_peer(server.local_addr()), None);
            match transport {
                Transport::Tcp => {
                    (&*stream.insert(connect(&server))).write_all(b"never\n").unwrap();
                }
                Transport::Udp => drop(peer.send(b"never\n").unwrap()),
            }
            let (_, reply) = asked(&requests);
            let reply = Arc::new(reply);
            let (cancelled, called) = (Arc::new(AtomicUsize::new(0)), AtomicBool::new(false));
            let (count, late) = (Arc::clone(&cancelled), Arc::downgrade(&reply));
            reply.on_cancel(move || {
                // Neither has an effect.
                if let Some(reply) = late.upgrade() {
                    assert!(!reply.is_wanted() && !reply.complete("late\n"));
                }
                count.fetch_add(1, Ordering::SeqCst);
            });
            let begun = Instant::now();
            let report = server.stop(Duration::from_millis(50)).unwrap();
            assert!(begun.elapsed() < Duration::from_secs(5));
            let cut = u64::from(transport == Transport::Tcp);
            assert_eq!((report.completed, report.cut), (0, cut), "{concurrency:?} {transport:?}");
            assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
            assert_eq!(cancelled.load(Ordering::SeqCst), 1);
            assert!(!reply.is_wanted() && !reply.complete("late\n"));
            reply.on_cancel(move || called.store(true, Ordering::SeqCst));
            drop(server);
            assert!(!reply.complete("later\n"));
            let told = Arc::new(AtomicBool::new(false));
            let tell = Arc::clone(&told);
            reply.on_cancel(move || tell.store(true, Ordering::SeqCst));
            assert!(told.load(Ordering::SeqCst), "the reply is not wanted, which is told at once");
            if let Some(mut stream) = stream {
                assert!(stream.read(&mut [0]).is_err(), "the connection is reset");
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_reply_that_its_peer_does_not_wait_for_is_cancelled() {
    if cfg!(capsock_portable) {
        return;
    }
    let (server, requests) = hand_over(tcp(Concurrency::Events));
    let stream = connect(&server);
    (&stream).write_all(b"reset\n").unwrap();
    let (_, reply) = asked(&requests);
    let cancelled = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&cancelled);
    reply.on_cancel(move || tell.store(true, Ordering::SeqCst));
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    eventually("the reply is cancelled", || cancelled.load(Ordering::SeqCst));
    assert!(!reply.complete("nobody gets it"));
    eventually("the connection is closed", || server.stats().connections_active == 0);
}

#[test]
fn the_handler_is_told_of_the_end_once() {
    struct Told(mpsc::Sender<Asked>, Arc<AtomicUsize>);

    impl AsyncService for Told {
        fn call(&self, request: &[u8], _: &RequestContext, reply: PendingReply) {
            self.0.send((request.to_vec(), reply)).unwrap();
        }

        fn stopped(&self) {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }

    for concurrency in WITH_HANDLER {
        for transport in [Transport::Tcp, Transport::Udp] {
            let (sender, requests) = mpsc::channel();
            let stopped = Arc::new(AtomicUsize::new(0));
            let options = options(transport, concurrency).framing(Framing::Line);
            let server = options.async_handler(Told(sender, Arc::clone(&stopped))).start().unwrap();
            let stream = (transport == Transport::Tcp).then(|| connect(&server));
            if let Some(stream) = &stream {
                // A request that is stuck on the way to it is no matter.
                (&*stream).write_all(b"one\n").unwrap();
                let (request, reply) = asked(&requests);
                reply.complete(request);
                assert_eq!(read_line(stream), "one\n");
            }
            assert_eq!(stopped.load(Ordering::SeqCst), 0);
            server.stop(TIME_LIMIT).unwrap();
            server.stop(TIME_LIMIT).unwrap();
            assert_eq!(stopped.load(Ordering::SeqCst), 1, "{concurrency:?} {transport:?}");
        }
    }
}

#[test]
fn a_slow_handler_is_timed_to_its_completion() {
    let (server, requests) = hand_over(tcp(Concurrency::Events).handler_latency(true));
    let stream = connect(&server);
    (&stream).write_all(b"slow\n").unwrap();
    let (request, reply) = asked(&requests);
    thread::sleep(Duration::from_millis(6));
    reply.complete(request);
    assert_eq!(read_line(&stream), "slow\n");
    let text = server.open_metrics();
    let buckets: Vec<_> = text.lines().filter(|line| line.contains("le=\"0.005\"")).collect();
    assert!(buckets.len() == 1 && buckets[0].ends_with(" 0"), "{buckets:?}");
}
