//! Stopping: requests in progress are finished, the rest is cut at the deadline, and nothing is left.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::time::{Duration, Instant};

use capsock::{Concurrency, Framing, Server, Transport};
use support::*;

const SECOND: Duration = Duration::from_secs(1);
/// The time after which a client that could send no more does not begin again.
const SETTLED: Duration = Duration::from_millis(100);

#[test]
fn idle_connections_are_closed_at_once_and_the_second_stop_has_the_same_report() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).framing(Framing::Line).start().unwrap();
        let idle = connect(&server);
        ask(&idle, b"hello\n", b"HELLO\n");
        let begin = Instant::now();
        let report = server.stop(TIME_LIMIT).unwrap();
        assert!(begin.elapsed() < TIME_LIMIT / 2, "{concurrency:?} waited for an idle client");
        assert_eq!((report.completed, report.cut, report.running), (1, 0, 0), "{concurrency:?}");
        assert_eq!(read_to_end(&idle), b"");
        assert_eq!(server.stop(Duration::ZERO).unwrap(), report);
        assert!(server.wait(Some(Duration::ZERO), None).unwrap());
        assert!(TcpStream::connect(server.local_addr()).is_err(), "nothing listens any more");
    }
}

#[test]
fn a_stop_without_time_cuts_no_idle_connection() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        let idle = connect(&server);
        ask(&idle, b"hello", b"HELLO");
        assert_eq!(server.stop(Duration::ZERO).unwrap().cut, 0, "{concurrency:?}");
        assert_eq!(read_to_end(&idle), b"");
    }
}

#[test]
fn what_has_arrived_is_answered_before_the_end() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).framing(Framing::Line).start().unwrap();
        let client = connect(&server);
        ask(&client, b"one\n", b"ONE\n");
        (&client).write_all(b"two\nthree\n").unwrap();
        let report = server.stop(TIME_LIMIT).unwrap();
        assert_eq!(read_to_end(&client), b"TWO\nTHREE\n", "{concurrency:?}");
        assert_eq!((report.completed, report.cut), (3, 0), "{concurrency:?}");
    }
}

/// A client that takes no reply, and that has sent until its server receives no more: that waits to send.
fn greedy_client(server: &Server) -> TcpStream {
    let greedy = connect(server);
    // A server that is only slow to receive is not yet one that waits.
    greedy.set_write_timeout(Some(SETTLED)).unwrap();
    let text = vec![b'a'; 1 << 20];
    eventually("the server waits to send", || {
        while (&greedy).write(&text).is_ok() {}
        server.stats().bytes_sent > 0
    });
    greedy
}

#[test]
fn a_peer_that_receives_nothing_is_cut_at_the_deadline() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        let _greedy = greedy_client(&server);
        let begin = Instant::now();
        let report = server.stop(Duration::from_millis(100)).unwrap();
        let took = begin.elapsed();
        assert_eq!((report.cut, report.running), (1, 0), "{concurrency:?}");
        assert!(took >= Duration::from_millis(90) && took < SECOND, "{concurrency:?} took {took:?}");
    }
}

#[test]
fn a_second_stop_brings_the_deadline_forward_for_all() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        let _greedy = greedy_client(&server);
        let both = Barrier::new(2);
        std::thread::scope(|scope| {
            let patient = scope.spawn(|| {
                both.wait();
                server.stop(TIME_LIMIT).unwrap()
            });
            both.wait();
            let begin = Instant::now();
            assert_eq!(server.stop(Duration::ZERO).unwrap().cut, 1, "{concurrency:?}");
            assert_eq!(patient.join().unwrap().cut, 1, "{concurrency:?}");
            assert!(begin.elapsed() < SECOND, "{concurrency:?} took {:?}", begin.elapsed());
        });
    }
}

#[test]
fn any_thread_may_stop_it() {
    for transport in [Transport::Tcp, Transport::Udp] {
        for &concurrency in CONCURRENCIES {
            let server = options(transport, concurrency).start().unwrap();
            assert!(!server.wait(Some(Duration::ZERO), None).unwrap());
            std::thread::scope(|scope| {
                let waiters: Vec<_> =
                    (0..3).map(|_| scope.spawn(|| server.wait(Some(TIME_LIMIT), None))).collect();
                let stoppers: Vec<_> = (0..3).map(|_| scope.spawn(|| server.stop(TIME_LIMIT))).collect();
                server.request_stop();
                assert!(stoppers.into_iter().all(|stopper| stopper.join().unwrap().is_ok()));
                assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap().unwrap()));
            });
        }
    }
}

#[test]
fn a_handler_may_stop_its_own_server() {
    for transport in [Transport::Tcp, Transport::Udp] {
        for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
            let this: Arc<OnceLock<Server>> = Arc::default();
            let inside = Arc::downgrade(&this);
            let handler = move |_: &[u8]| {
                let this = inside.upgrade().unwrap();
                let server = this.get().unwrap();
                assert!(server.wait(None, None).is_err(), "it would wait for itself");
                server.stop(TIME_LIMIT).unwrap();
                b"stopped\n".to_vec()
            };
            let server =
                options(transport, concurrency).framing(Framing::Line).handler(handler).start().unwrap();
            let server = this.get_or_init(|| server);
            let client = (transport == Transport::Tcp).then(|| connect(server));
            match &client {
                Some(client) => ask(client, b"stop\n", b"stopped\n"),
                None => assert_eq!(exchange(&udp_peer(server.local_addr()), b"stop"), b"stopped\n"),
            }
            assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
        }
    }
}

#[test]
fn a_handler_that_does_not_return_is_left_behind_and_reported() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let (release, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let calls = Arc::new(AtomicUsize::new(0));
        let called = Arc::clone(&calls);
        let handler = move |_: &[u8]| {
            called.fetch_add(1, Ordering::SeqCst);
            let _ = wait.lock().unwrap().recv();
            b"late\n".to_vec()
        };
        let server = tcp(concurrency).framing(Framing::Line).handler(handler).start().unwrap();
        let client = connect(&server);
        (&client).write_all(b"wait\nand another\n").unwrap();
        eventually("the handler runs", || calls.load(Ordering::SeqCst) == 1);
        let begin = Instant::now();
        let report = server.stop(Duration::from_millis(20)).unwrap();
        assert_eq!((report.cut, report.running), (1, 1), "{concurrency:?}");
        assert!(begin.elapsed() < SECOND, "{concurrency:?} took {:?}", begin.elapsed());
        // Neither its client nor anybody new waits for it.
        assert!(!matches!(Read::read(&mut &client, &mut [0; 9]), Ok(1..)), "the reply comes too late");
        assert!(TcpStream::connect(server.local_addr()).is_err(), "{concurrency:?} lets people in");
        drop(release);
        assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
        let report = server.stop(TIME_LIMIT).unwrap();
        assert_eq!((report.cut, report.running), (1, 0), "{concurrency:?}");
        assert_eq!(calls.load(Ordering::SeqCst), 1, "no call begins after the deadline");
    }
}

#[test]
fn a_requested_stop_refuses_connections_while_every_thread_is_busy() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let ((entered, entry), (release, wait)) = (mpsc::channel(), mpsc::channel::<()>());
        let (entered, wait) = (Mutex::new(entered), Mutex::new(wait));
        let handler = move |_: &[u8]| {
            let _ = entered.lock().unwrap().send(());
            let _ = wait.lock().unwrap().recv();
            b"late\n".to_vec()
        };
        let server = tcp(concurrency).framing(Framing::Line).handler(handler).start().unwrap();
        let mut client = connect(&server);
        client.write_all(b"wait\n").unwrap();
        entry.recv_timeout(TIME_LIMIT).unwrap();
        server.request_stop();
        eventually("connections are refused", || TcpStream::connect(server.local_addr()).is_err());
        release.send(()).unwrap();
        assert_eq!(read_to_end(&client), b"late\n", "{concurrency:?}");
        assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
    }
}

#[test]
fn a_handler_that_does_not_return_delays_no_other_connection() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let handler = move |_: &[u8]| {
        let _ = wait.lock().unwrap().recv();
        Vec::new()
    };
    let server = tcp(Concurrency::Events).workers(1).framing(Framing::Line).handler(handler).start().unwrap();
    let (idle, neighbour, stuck) = (connect(&server), connect(&server), connect(&server));
    eventually("they are in", || server.stats().connections_active == 3);
    (&stuck).write_all(b"wait\n").unwrap();
    eventually("the handler has it", || server.stats().bytes_received == 0 && unread(&stuck) == 0);
    (&neighbour).write_all(b"me too\n").unwrap();
    let report = server.stop(Duration::from_millis(20)).unwrap();
    assert_eq!((report.cut, report.running), (2, 1));
    assert!(Read::read(&mut &neighbour, &mut [0; 9]).is_err(), "its request was in hand");
    assert_eq!(read_to_end(&idle), b"");
    drop(release);
    assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
    assert_eq!(server.stop(TIME_LIMIT).unwrap().cut, 2);
}

#[test]
fn a_log_that_does_not_return_is_reported_as_a_handler_is() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let ((tell, told), (release, wait)) = (mpsc::channel(), mpsc::channel::<()>());
        let wait = Mutex::new(wait);
        let log = move |_: capsock::Level, _: &str| {
            tell.send(()).unwrap();
            let _ = wait.lock().unwrap().recv();
        };
        let handler = |_: &[u8]| -> Vec<u8> { panic!("no reply") };
        let server = tcp(concurrency).framing(Framing::Line).handler(handler).log(log).start().unwrap();
        let client = connect(&server);
        (&client).write_all(b"fail\n").unwrap();
        told.recv_timeout(TIME_LIMIT).unwrap();
        assert_eq!(server.stop(Duration::ZERO).unwrap().running, 1, "{concurrency:?}");
        drop(release);
        assert!(server.wait(Some(TIME_LIMIT), None).unwrap());
        assert_eq!(server.stop(TIME_LIMIT).unwrap().running, 0);
    }
}

#[test]
fn an_incomplete_character_is_sent_when_the_server_ends_the_stream() {
    for &concurrency in CONCURRENCIES {
        for idle_timeout in [Some(Duration::from_millis(50)), None] {
            let server = tcp(concurrency).idle_timeout(idle_timeout).start().unwrap();
            let client = connect(&server);
            ask(&client, b"abc\xc3", b"ABC");
            if idle_timeout.is_none() {
                server.stop(TIME_LIMIT).unwrap();
            }
            assert_eq!(read_to_end(&client), b"\xc3", "{concurrency:?}, {idle_timeout:?}");
        }
    }
}

#[test]
fn dropping_a_server_stops_it_with_clients_connected() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        let clients: Vec<_> = (0..3).map(|_| connect(&server)).collect();
        ask(&clients[0], b"hello", b"HELLO");
        drop(server);
        for client in &clients {
            // Those that were served see the end; those in the backlog may see a reset.
            assert!(!matches!(Read::read(&mut &*client, &mut [0; 9]), Ok(1..)));
        }
    }
}
