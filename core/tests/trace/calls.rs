//! The calls of the BSD flow.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::numbers;
use capsock::net::{BlockingSocket, Family, Kind, Poller, Readiness, WaitError, WaitPolicy};
use capsock::trace::{self, Impairment};

use super::lines::{calls, file_of_this_process, processes, run, summaries};

const LIMIT: WaitPolicy = WaitPolicy { timeout: Some(super::support::TIME_LIMIT), on_interrupt: None };

fn socket(kind: Kind) -> BlockingSocket {
    BlockingSocket::new(Family::V4, kind, true).unwrap()
}

fn bound(kind: Kind) -> BlockingSocket {
    let socket = socket(kind);
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

#[test]
fn udp() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let (server, client) = (bound(Kind::Datagram), socket(Kind::Datagram));
        client.send_to(b"hello world", &server.local_addr().unwrap(), 0, LIMIT).unwrap();
        let (_, peer) = server.receive_from(&mut [0; 5], 0, LIMIT).unwrap();
        server.send_to(b"", &peer.unwrap(), 0, LIMIT).unwrap();
        // Neither takes anything away, nor waits.
        assert_eq!(client.receive(&mut [0; 9], numbers::MSG_PEEK, LIMIT), Ok(0));
        assert_eq!(client.receive_from(&mut [0; 9], 0, LIMIT).unwrap().0, 0);
        assert!(client.receive(&mut [0; 9], 0, WaitPolicy::NONBLOCKING).is_err());
        let soon = WaitPolicy { timeout: Some(Duration::from_millis(20)), on_interrupt: None };
        assert_eq!(client.receive(&mut [0; 9], 0, soon), Err(WaitError::TimedOut));
        return client.close().unwrap();
    }
    let (events, _) = run("calls::udp", &[]);
    let process = processes(&events)[0];
    assert_eq!((processes(&events).len(), &*process.language, process.parent), (1, "rust", None));
    assert!(process.program.starts_with("trace-"), "{}", process.program);
    let calls = calls(&events);
    let expected = [
        "socket ok",
        "bind ok",
        "socket ok",
        "sendto 11 \"hello world\" ok",
        "recvfrom 5 \"hello\" ok",
        "sendto 0 ok",
        "recvfrom 0 ok",
        "recv timeout",
        "close ok",
    ];
    // The server's socket is closed by its drop, at the end of the process or before.
    assert_eq!(&summaries(&calls)[..expected.len()], expected);
    let (request, timeout) = (calls[4], calls[7]);
    assert_eq!(
        (request.local, request.peer),
        (calls[3].peer, calls[6].local.map(|_| calls[5].peer.unwrap()))
    );
    assert_eq!((request.room, &*request.transport), (Some(5), "udp"));
    // The time before the wait counts for its limit as well.
    assert!(timeout.blocked > 0 && timeout.end - timeout.begin >= 20_000_000, "{timeout:?}");
    assert_eq!(
        calls.iter().map(|call| call.seq).collect::<Vec<_>>(),
        (0..calls.len() as u64).collect::<Vec<_>>()
    );
}

#[test]
fn tcp() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let (server, client) = (bound(Kind::Stream), socket(Kind::Stream));
        server.listen(5).unwrap();
        client.connect(&server.local_addr().unwrap(), LIMIT).unwrap();
        let (connection, _) = server.accept(false, LIMIT).unwrap();
        client.set_nonblocking(false).unwrap();
        let (a, b) = (vec![b'a'; 4 << 20], vec![b'b'; 100]);
        // Waits for room many times, and is one send.
        let sender = thread::spawn(move || {
            let whole = WaitPolicy { timeout: None, on_interrupt: None };
            assert_eq!(client.send(&a, 0, whole), Ok(a.len()));
            client.send_all(&b, 0, LIMIT).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            client
        });
        let mut all = vec![0; (4 << 20) + 100];
        let whole = WaitPolicy { timeout: None, on_interrupt: None };
        assert_eq!(connection.receive(&mut all, numbers::MSG_WAITALL, whole), Ok(all.len()));
        assert_eq!(connection.receive(&mut all, 0, LIMIT), Ok(0));
        sender.join().unwrap().close().unwrap();
        connection.close().unwrap();
        return server.close().unwrap();
    }
    let (events, _) = run("calls::tcp", &[]);
    let calls = calls(&events);
    let one = |name: &str| {
        let all: Vec<_> = calls.iter().filter(|call| call.call == name).collect();
        assert_eq!(all.len(), 1, "{name}: {:?}", summaries(&calls));
        all[0]
    };
    let (accept, connect) = (one("accept"), one("connect"));
    assert_eq!((one("listen").argument, one("shutdown").argument), (Some(5), Some(1)));
    assert_eq!((accept.peer, accept.local), (connect.local, connect.peer));
    assert!(accept.accepted.is_some_and(|fd| fd != accept.fd));
    let moved = |name: &str| {
        let bytes = calls.iter().filter(|call| call.call == name).map(|call| call.bytes.unwrap());
        bytes.collect::<Vec<_>>()
    };
    assert_eq!(moved("send"), [4 << 20, 100]);
    assert_eq!(moved("recv"), [(4 << 20) + 100, 0]);
    let sent = calls.iter().find(|call| call.call == "send").unwrap();
    assert_eq!(sent.data.as_deref(), Some(&*"a".repeat(32)));
    assert_eq!(calls.iter().filter(|call| call.call == "close").count(), 3);
}

#[test]
fn a_close_ends_a_call_that_waits() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let socket = Arc::new(bound(Kind::Datagram));
        let waiting = Arc::clone(&socket);
        let waiter = thread::spawn(move || waiting.receive(&mut [0; 9], 0, LIMIT));
        // It waits when its thread sleeps; a close that comes before is one all the same.
        thread::yield_now();
        socket.close().unwrap();
        assert_eq!(waiter.join().unwrap(), Err(WaitError::Woken));
        return;
    }
    for _ in 0..5 {
        let (events, _) = run("calls::a_close_ends_a_call_that_waits", &[]);
        let calls = calls(&events);
        let lines = summaries(&calls);
        // If the receive has not begun, it has no descriptor, and no line.
        let unblocked = ["socket ok", "bind ok", "recv closed", "close ok"];
        assert!(lines == unblocked || lines == ["socket ok", "bind ok", "close ok"], "{lines:?}");
        let close = calls[calls.len() - 1];
        assert_eq!((close.tid, close.fd), (calls[0].tid, calls[0].fd));
    }
}

/// As Java's virtual threads do it: a thread waits for all of them, and another one calls.
#[test]
fn a_poller_waits_in_the_place_of_the_call() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let (server, client) = (bound(Kind::Datagram), socket(Kind::Datagram));
        assert!(server.receive(&mut [0; 9], 0, WaitPolicy::NONBLOCKING).is_err());
        let poller = Poller::new().unwrap();
        poller.watch(&server, Readiness::Readable, 7).unwrap();
        let mut ready = Vec::new();
        poller.wait(&mut ready, Some(Duration::from_millis(20))).unwrap();
        client.send_to(b"hello", &server.local_addr().unwrap(), 0, LIMIT).unwrap();
        poller.wait(&mut ready, LIMIT.timeout).unwrap();
        let received =
            thread::spawn(move || server.receive(&mut [0; 9], 0, WaitPolicy::NONBLOCKING)).join().unwrap();
        return assert_eq!(received, Ok(5));
    }
    let (events, _) = run("calls::a_poller_waits_in_the_place_of_the_call", &[]);
    let calls = calls(&events);
    let received: Vec<_> = calls.iter().filter(|call| call.call == "recv").collect();
    assert_eq!(received.len(), 1, "{:?}", summaries(&calls));
    assert!(received[0].blocked >= 20_000_000, "{:?}", received[0]);
}

#[test]
fn what_fails_has_its_number_and_keeps_it() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let taken = bound(Kind::Stream);
        taken.listen(1).unwrap();
        let address = taken.local_addr().unwrap();
        assert!(socket(Kind::Stream).bind(&address).is_err());
        // On Windows the close of the socket sets it.
        #[cfg(unix)]
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(numbers::EADDRINUSE));
        taken.close().unwrap();
        assert!(socket(Kind::Stream).connect(&address, LIMIT).is_err());
        assert!(socket(Kind::Stream).send(b"x", 0, LIMIT).is_err());
        return;
    }
    let (events, _) = run("calls::what_fails_has_its_number_and_keeps_it", &[]);
    let calls = calls(&events);
    let failed: Vec<_> =
        calls.iter().filter(|call| call.outcome != "ok").map(|call| (&*call.call, &*call.outcome)).collect();
    #[cfg(unix)]
    assert_eq!(failed, [("bind", "EADDRINUSE"), ("connect", "ECONNREFUSED"), ("send", "EPIPE")]);
    // Wine has another number for the third than Windows.
    #[cfg(windows)]
    assert_eq!(failed[..2], [("bind", "WSAEADDRINUSE"), ("connect", "WSAECONNREFUSED")]);
}

#[test]
fn the_payload_is_bounded_escaped_and_left_out() {
    if let Some(file) = file_of_this_process() {
        let payload = std::env::var("PAYLOAD").unwrap() == "yes";
        trace::start(file, payload).unwrap();
        let (server, client) = (bound(Kind::Datagram), socket(Kind::Datagram));
        let to = server.local_addr().unwrap();
        for length in [31, 32, 33, 1000] {
            client.send_to(&vec![0xff; length], &to, 0, LIMIT).unwrap();
        }
        client.send_to("</script>\"\\ end\n\0é".as_bytes(), &to, 0, LIMIT).unwrap();
        return;
    }
    let test = "calls::the_payload_is_bounded_escaped_and_left_out";
    let (events, _) = run(test, &[("PAYLOAD", "yes")]);
    let calls_of = calls(&events);
    let data: Vec<_> = calls_of.iter().filter_map(|call| call.data.as_deref()).collect();
    let bytes = |count| "\\xff".repeat(count);
    assert_eq!(
        data,
        [&bytes(31), &bytes(32), &bytes(32), &bytes(32), "</script>\"\\\\ end\\n\\x00\\xc3\\xa9"]
    );
    let (events, _) = run(test, &[("PAYLOAD", "no")]);
    let calls_of = calls(&events);
    assert!(calls_of.iter().all(|call| call.data.is_none()));
    assert_eq!(calls_of.iter().filter(|call| call.bytes.is_some()).count(), 5);
}

/// The mark of a datagram is on the call that moved it: not on one that failed, nor on one that moved bytes of a stream.
#[test]
fn impairments() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let (server, client) = (bound(Kind::Datagram), socket(Kind::Datagram));
        let address = server.local_addr().unwrap();
        let soon = WaitPolicy { timeout: Some(Duration::from_millis(20)), on_interrupt: None };
        trace::impaired(Some(Impairment::Duplicated), || {
            client.send_to(b"one", &address, 0, LIMIT).unwrap();
            trace::impaired(None, || client.send_to(b"two", &address, 0, LIMIT)).unwrap();
            client.send_to(b"three", &address, 0, LIMIT).unwrap();
        });
        client.send_to(b"four", &address, 0, LIMIT).unwrap();
        trace::impaired(Some(Impairment::Lost), || {
            assert_eq!(client.receive(&mut [0; 9], 0, soon), Err(WaitError::TimedOut));
            server.receive(&mut [0; 9], 0, LIMIT).unwrap();
            let listener = bound(Kind::Stream);
            listener.listen(1).unwrap();
            let stream = socket(Kind::Stream);
            stream.connect(&listener.local_addr().unwrap(), LIMIT).unwrap();
            stream.send(b"bytes", 0, LIMIT).unwrap();
        });
        return;
    }
    let (events, _) = run("calls::impairments", &[]);
    let calls = calls(&events);
    let marked = calls.iter().filter_map(|call| Some((&*call.call, call.impairment.as_deref()?)));
    let expected = [("sendto", "duplicated"), ("sendto", "duplicated"), ("recv", "lost")];
    assert_eq!(marked.collect::<Vec<_>>(), expected);
    let data = calls.iter().filter(|call| call.impairment.is_some()).map(|call| call.data.as_deref());
    assert_eq!(data.collect::<Vec<_>>(), [Some("one"), Some("three"), Some("one")]);
}
