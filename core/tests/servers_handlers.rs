//! Slow handlers: which requests they delay, and which they do not. Each blocks at a gate that the test opens.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use capsock::{Concurrency, Framing, HandlerError, Server, ServerOptions, Service};
use support::*;

const SECOND: Duration = Duration::from_secs(1);

/// The length of a reply that no client receives and that fills all buffers.
const FLOOD: usize = 64 << 20;

#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Gate {
    fn pass(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        let open = self.open.lock().unwrap();
        let (open, timeout) = self.opened.wait_timeout_while(open, TIME_LIMIT, |open| !*open).unwrap();
        assert!(!timeout.timed_out());
        drop(open);
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn close(&self) {
        *self.open.lock().unwrap() = false;
    }

    fn wait_for(&self, inside: usize) {
        eventually("handlers run", || self.inside.load(Ordering::SeqCst) == inside);
    }
}

/// Opens the gate when the test ends, also by a panic: the drop of the server waits for its handlers.
struct OpenOnDrop(Arc<Gate>);

impl Drop for OpenOnDrop {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// A server whose handler blocks at the gate for "wait", replies with 64 MiB to "flood", and with upper case at once to
/// anything else.
fn start(options: ServerOptions) -> (Server, OpenOnDrop) {
    let gate = Arc::new(Gate::default());
    let at = Arc::clone(&gate);
    let handler = move |request: &[u8]| {
        match request.trim_ascii_end() {
            b"wait" => at.pass(),
            b"flood" => return vec![b'x'; FLOOD],
            _ => {}
        }
        request.to_ascii_uppercase()
    };
    let server = options.framing(Framing::Line).log(|_, _| {}).handler(handler).start().unwrap();
    (server, OpenOnDrop(gate))
}

fn send_line(mut client: &TcpStream, line: &str) {
    client.write_all(line.as_bytes()).unwrap();
}

fn expect_line(mut client: &TcpStream, line: &str) {
    let mut received = vec![0; line.len()];
    client.read_exact(&mut received).unwrap();
    assert_eq!(String::from_utf8_lossy(&received), line);
}

/// Clients whose requests block at the gate.
fn blocked_clients(server: &Server, gate: &Gate, count: usize) -> Vec<TcpStream> {
    let clients: Vec<_> = (0..count).map(|_| connect(server)).collect();
    clients.iter().for_each(|client| send_line(client, "wait\n"));
    gate.wait_for(count);
    clients
}

#[test]
fn a_slow_handler_does_not_block_other_connections() {
    let (server, gate) = start(tcp(Concurrency::Events).workers(2));
    let slow = blocked_clients(&server, &gate.0, 1);
    for round in 0..50 {
        // New connections and one that was there before, whichever thread they come to.
        let others: Vec<_> = (0..4).map(|_| connect(&server)).collect();
        for other in &others {
            ask(other, format!("round {round}\n").as_bytes(), format!("ROUND {round}\n").as_bytes());
        }
    }
    gate.0.open();
    expect_line(&slow[0], "WAIT\n");
    assert_eq!(server.stats().requests, 201);
}

#[test]
fn requests_that_a_thread_has_taken_together_with_a_slow_one_are_answered_by_another() {
    let (server, gate) = start(tcp(Concurrency::Events).workers(2));
    let clients: Vec<_> = (0..32).map(|_| connect(&server)).collect();
    let ask_all = |clients: &[TcpStream]| {
        clients.iter().for_each(|client| send_line(client, "quick\n"));
        clients.iter().for_each(|client| expect_line(client, "QUICK\n"));
    };
    for slow in &clients[..8] {
        // After quick ones a thread takes several at once.
        (0..8).for_each(|_| ask_all(&clients));
        send_line(slow, "wait\n");
        ask_all(&clients[8..]);
        gate.0.open();
        expect_line(slow, "WAIT\n");
        gate.0.close();
    }
    assert_eq!(server.stats().requests, 8 * (8 * 32 + 24 + 1));
}

#[test]
fn as_many_handlers_run_at_once_as_there_are_workers() {
    for workers in [1, 2, 5] {
        let (server, gate) = start(tcp(Concurrency::Events).workers(workers));
        let first = blocked_clients(&server, &gate.0, workers);
        // Accepted, and their requests left where they are.
        let later: Vec<_> = (0..3).map(|_| connect(&server)).collect();
        later.iter().for_each(|client| send_line(client, "wait\nand on\n"));
        eventually("all are in", || server.stats().connections_active == workers as u64 + 3);
        later.iter().for_each(|client| eventually("it is there", || unread(client) == 0));
        assert_eq!(gate.0.inside.load(Ordering::SeqCst), workers);
        gate.0.open();
        first.iter().for_each(|client| expect_line(client, "WAIT\n"));
        later.iter().for_each(|client| expect_line(client, "WAIT\nAND ON\n"));
        assert_eq!(gate.0.most.load(Ordering::SeqCst), workers);
    }
}

#[test]
#[cfg_attr(windows, ignore = "wine reports the send of a part as that of all")]
fn all_else_goes_on_while_every_handler_is_busy() {
    let idle_timeout = Some(Duration::from_millis(100));
    let options = tcp(Concurrency::Events).workers(2).max_connections(4).idle_timeout(idle_timeout);
    let (server, gate) = start(options);
    let flooded = connect(&server);
    send_line(&flooded, "flood\n");
    eventually("it is on its way", || server.stats().bytes_sent > 0);
    let slow = blocked_clients(&server, &gate.0, 2);
    let patient = connect(&server);
    send_line(&patient, "me too\n");
    assert_eq!(read_to_end(&connect(&server)), b"", "one too many");
    // What a peer was slow to take still goes to it, and then its silence is seen.
    let reply = read_to_end(&flooded);
    assert_eq!((reply.len(), reply.last()), (FLOOD + 1, Some(&b'\n')));
    eventually("it is closed", || server.stats().connections_active == 3);
    assert_eq!((server.stats().idle_timeouts, server.stats().connections_refused), (1, 1));
    gate.0.open();
    slow.iter().for_each(|client| expect_line(client, "WAIT\n"));
    expect_line(&patient, "ME TOO\n");
}

#[test]
fn the_stop_needs_no_handler_to_return() {
    let (server, gate) = start(tcp(Concurrency::Events).workers(2));
    let idle = connect(&server);
    let slow = blocked_clients(&server, &gate.0, 2);
    let behind = connect(&server);
    send_line(&behind, "me too\n");
    eventually("all are in", || server.stats().connections_active == 4);
    let begin = Instant::now();
    server.request_stop();
    assert_eq!(read_to_end(&idle), b"", "it has nothing in hand and is let go at once");
    assert!(TcpStream::connect(server.local_addr()).is_err());
    assert!(begin.elapsed() < SECOND, "it took {:?}", begin.elapsed());
    // The clients are cut by the deadline itself, whoever waits for the stop.
    let report = server.stop(Duration::from_millis(20)).unwrap();
    assert_eq!((report.completed, report.cut, report.running), (0, 3, 2));
    for client in slow.iter().chain([&behind]) {
        let read = Read::read(&mut &*client, &mut [0; 9]);
        // Windows resets a connection when its socket is closed, and tells of its end before.
        assert!(read.is_err() || cfg!(windows) && matches!(read, Ok(0)), "its request was in hand");
    }
    gate.0.open();
    assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
    assert_eq!(server.stop(TIME_LIMIT).unwrap().cut, 3);
}

#[test]
fn a_stop_finishes_requests_in_progress() {
    let (server, gate) = start(tcp(Concurrency::Events).workers(1));
    let slow = blocked_clients(&server, &gate.0, 1);
    let behind = connect(&server);
    send_line(&behind, "me too\nand me\n");
    eventually("it is there", || server.stats().connections_active == 2 && unread(&behind) == 0);
    server.request_stop();
    assert!(!server.wait(Some(Duration::ZERO), None).unwrap());
    gate.0.open();
    assert_eq!(read_to_end(&slow[0]), b"WAIT\n");
    assert_eq!(read_to_end(&behind), b"ME TOO\nAND ME\n");
    let report = server.stop(TIME_LIMIT).unwrap();
    assert_eq!((report.completed, report.cut, report.running), (3, 0, 0));
}

#[test]
fn replies_keep_their_order_while_handlers_overlap() {
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = (Arc::clone(&inside), Arc::clone(&most));
    // Long enough to have to give the others their turn, again and again.
    let handler = move |line: &[u8]| {
        seen.1.fetch_max(seen.0.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(300) {
            std::thread::yield_now();
        }
        seen.0.fetch_sub(1, Ordering::SeqCst);
        line.to_vec()
    };
    let server = tcp(Concurrency::Events).workers(3).framing(Framing::Line).handler(handler).start().unwrap();
    std::thread::scope(|scope| {
        for client in 0..6 {
            let server = &server;
            scope.spawn(move || {
                let stream = connect(server);
                let lines: Vec<String> = (0..60).map(|line| format!("{client}: {line}\n")).collect();
                scope.spawn({
                    let (mut stream, lines) = (stream.try_clone().unwrap(), lines.clone());
                    // Of several sizes, and cut anywhere.
                    move || {
                        for piece in lines.concat().as_bytes().chunks(50 + client) {
                            stream.write_all(piece).unwrap();
                        }
                    }
                });
                lines.iter().for_each(|line| expect_line(&stream, line));
            });
        }
    });
    assert_eq!(server.stats().requests, 360);
    assert!((2..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[test]
fn a_long_batch_yields_to_other_connections() {
    let handler = |line: &[u8]| {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(2) {
            std::thread::yield_now();
        }
        line.to_ascii_uppercase()
    };
    let server = tcp(Concurrency::Events).workers(1).framing(Framing::Line).handler(handler).start().unwrap();
    let (greedy, modest) = (connect(&server), connect(&server));
    send_line(&greedy, &"more\n".repeat(2_000));
    expect_line(&greedy, "MORE\n");
    ask(&modest, b"me\n", b"ME\n");
    assert!(server.stats().requests < 1_000, "it waited for {} requests", server.stats().requests);
    assert_eq!(server.stop(Duration::ZERO).unwrap().cut, 1);
}

#[test]
fn over_udp_a_slow_handler_blocks_one_worker_only() {
    for host in ["127.0.0.1", "localhost"] {
        for concurrency in [Concurrency::Events, Concurrency::Threads] {
            let options = Server::udp((host, 0)).concurrency(concurrency).workers(3);
            let (server, gate) = start(options);
            let peers = |count| -> Vec<UdpSocket> {
                let addresses = server.local_addrs().iter().cycle();
                addresses.take(count).map(|address| udp_peer(*address)).collect()
            };
            let slow = peers(2);
            slow.iter().for_each(|peer| assert_eq!(peer.send(b"wait").unwrap(), 4));
            gate.0.wait_for(2);
            for peer in peers(60) {
                assert_eq!(exchange(&peer, b"hello"), b"HELLO", "{host}, {concurrency:?}");
            }
            // The third one is the last: who comes then waits until one returns.
            let last = peers(3);
            last.iter().for_each(|peer| assert_eq!(peer.send(b"wait").unwrap(), 4));
            gate.0.wait_for(3);
            assert_eq!(server.stats().requests, 60);
            gate.0.open();
            for peer in slow.iter().chain(&last) {
                let mut reply = [0; 9];
                assert_eq!((peer.recv(&mut reply).unwrap(), &reply[..4]), (4, &b"WAIT"[..]));
            }
            assert_eq!(gate.0.most.load(Ordering::SeqCst), 3, "{host}, {concurrency:?}");
        }
    }
}

/// Counts the batches and the requests in each.
#[derive(Default)]
struct Batches {
    requests: AtomicUsize,
    sizes: Mutex<Vec<usize>>,
}

impl Service for Batches {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        reply.extend_from_slice(request);
        if request.starts_with(b"fail") { Err(HandlerError("as asked".to_owned())) } else { Ok(()) }
    }

    fn batch(&self, answer: &mut dyn FnMut()) {
        let before = self.requests.load(Ordering::SeqCst);
        answer();
        self.sizes.lock().unwrap().push(self.requests.load(Ordering::SeqCst) - before);
        assert!(before != 64, "it harms no request");
    }
}

#[test]
fn queued_requests_are_one_batch() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let batches = Arc::new(Batches::default());
        let options = tcp(concurrency).workers(1).framing(Framing::Line).log(|_, _| {});
        let server = options.shared_handler(batches.clone()).start().unwrap();
        let client = connect(&server);
        ask(&client, b"alone\n", b"alone\n");
        let many = "line\n".repeat(63);
        ask(&client, many.as_bytes(), many.as_bytes());
        ask(&client, many.as_bytes(), many.as_bytes());
        (&client).write_all(b"one\nfail\nthree\n").unwrap();
        assert_eq!(read_to_end(&client), b"one\n", "{concurrency:?}");
        // A batch may be cut by the time that it takes.
        let sizes = batches.sizes.lock().unwrap().clone();
        assert_eq!(sizes.iter().sum::<usize>(), 63 + 63 + 2, "{concurrency:?}: {sizes:?}");
        assert!(sizes.len() < 12, "{concurrency:?}: {sizes:?}");
        assert_eq!((server.stats().requests, server.stats().handler_errors), (128, 1));
    }
}
