//! Calls that wait: a line says that one has begun, whether it returns or not, and none says so of a call that does not
//! wait.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use capsock::net::{BlockingSocket, Errno, Family, Kind, PollKind, PollSpan, WaitPolicy};
use capsock::trace::{self, Begin, Descriptors, Event};

use super::lines::{calls, file_of_this_process, run};

const LIMIT: Duration = Duration::from_secs(60);

fn bound(kind: Kind) -> BlockingSocket {
    let socket = BlockingSocket::new(Family::V4, kind, false).unwrap();
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

fn listener() -> (BlockingSocket, SocketAddr) {
    let listener = bound(Kind::Stream);
    listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn connected() -> (BlockingSocket, BlockingSocket) {
    let (listener, address) = listener();
    let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
    client.connect(&address, WaitPolicy::default()).unwrap();
    let (server, _) = listener.accept(false, WaitPolicy::default()).unwrap();
    (client, server)
}

/// The lines of calls that waited.
fn begins<'a>(events: &'a [Event<'static>]) -> Vec<&'a Begin<'static>> {
    events
        .iter()
        .filter_map(|event| if let Event::Begin(begin) = event { Some(begin) } else { None })
        .collect()
}

/// Runs a call that never returns in a thread, which the end of the process ends.
fn blocked(call: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        call();
        panic!("the call has returned");
    });
}

/// Waits until the trace has as many lines of calls that wait.
fn wait_for_begins(file: &Path, count: usize) {
    let start = Instant::now();
    while std::fs::read_to_string(file).unwrap().matches("\"event\":\"begin\"").count() < count {
        assert!(start.elapsed() < LIMIT, "{}", std::fs::read_to_string(file).unwrap());
        thread::yield_now();
    }
}

/// The names of the calls that wait, in alphabetical order.
fn names(events: &[Event<'static>]) -> Vec<String> {
    let mut names: Vec<String> = begins(events).iter().map(|begin| begin.call.to_string()).collect();
    names.sort();
    names
}

/// Blocking calls, without and with a limit of the library's, in threads of a process that ends.
#[test]
fn a_call_that_never_returns_has_a_line() {
    let policies = [WaitPolicy::default(), WaitPolicy::FOREVER];
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        for policy in policies {
            let socket = bound(Kind::Datagram);
            blocked(move || {
                let _ = socket.receive_from(&mut [0; 2048], 0, policy);
            });
            let (listener, _) = listener();
            blocked(move || drop(listener.accept(false, policy)));
            let (client, server) = connected();
            blocked(move || {
                let _ = client.receive(&mut [0; 9], 0, policy);
                drop(server);
            });
            let (client, server) = connected();
            blocked(move || {
                let _ = client.send(&vec![7; 64 << 20], 0, policy);
                let _ = client.send_all(&vec![7; 64 << 20], 0, policy);
                drop(server);
            });
            let (client, server) = connected();
            blocked(move || {
                client.send(b"half", 0, policy).unwrap();
                let _ = server.receive(&mut [0; 9], libc::MSG_WAITALL, WaitPolicy::default());
            });
        }
        wait_for_begins(&file, 10);
        return;
    }
    let (events, _) = run("begins::a_call_that_never_returns_has_a_line", &[]);
    let expected =
        ["accept", "accept", "recv", "recv", "recv", "recv", "recvfrom", "recvfrom", "send", "send"];
    assert_eq!(names(&events), expected);
    for begin in begins(&events) {
        assert!(begin.at - begin.begin >= 10_000_000 || begin.room == Some(9), "{begin:?}");
        assert!(begin.tid.is_some() && begin.local.is_some(), "{begin:?}");
        let room = match &*begin.call {
            "accept" => None,
            "recvfrom" => Some(2048),
            "recv" => Some(9),
            _ => Some(64 << 20),
        };
        assert_eq!(begin.room, room, "{begin:?}");
    }
}

/// A listener whose backlog is full does not answer.
#[cfg(target_os = "linux")]
#[test]
fn a_connect_that_never_returns_has_a_line_with_its_address() {
    if let Some(file) = file_of_this_process() {
        let (listener, address) = listener();
        let mut waiting = Vec::new();
        for _ in 0..8 {
            let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
            let _ = client.connect(&address, WaitPolicy::NONBLOCKING);
            waiting.push(client);
        }
        trace::start(&file, true).unwrap();
        for policy in [WaitPolicy::default(), WaitPolicy::FOREVER] {
            let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
            blocked(move || {
                let _ = client.connect(&address, policy);
            });
        }
        wait_for_begins(&file, 2);
        drop((listener, waiting));
        std::process::exit(0);
    }
    let (events, _) = run("begins::a_connect_that_never_returns_has_a_line_with_its_address", &[]);
    assert_eq!(names(&events), ["connect", "connect"]);
    assert!(begins(&events).iter().all(|begin| begin.peer.is_some()), "{events:?}");
}

/// The peer answers once the trace has the line: the call's own line has the same beginning.
#[test]
fn a_call_that_returns_later_has_both_lines_and_one_that_does_not_wait_has_one() {
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        for (index, policy) in [WaitPolicy::default(), WaitPolicy::FOREVER].into_iter().enumerate() {
            let (client, server) = connected();
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(client.receive(&mut [0; 9], 0, policy), Ok(5)));
                wait_for_begins(&file, index + 1);
                server.send(b"hello", 0, policy).unwrap();
            });
            server.send(b"hello", 0, policy).unwrap();
            assert_eq!(client.receive(&mut [0; 9], 0, policy), Ok(5));
        }
        return;
    }
    let (events, _) =
        run("begins::a_call_that_returns_later_has_both_lines_and_one_that_does_not_wait_has_one", &[]);
    let waited = begins(&events);
    assert_eq!(waited.len(), 2, "{waited:?}");
    for begin in waited {
        let same = |call: &&&capsock::trace::Call<'static>| {
            (call.pid, call.fd, call.begin, Some(call.tid)) == (begin.pid, begin.fd, begin.begin, begin.tid)
        };
        let calls = calls(&events);
        let own: Vec<_> = calls.iter().filter(same).collect();
        assert_eq!((own.len(), &*own[0].call, own[0].bytes), (1, "recv", Some(5)), "{begin:?}");
        assert!(own[0].end >= begin.at && own[0].blocked >= 10_000_000, "{begin:?} {:?}", own[0]);
    }
}

/// The wait in two parts is as long as the timeout, which is long enough for the first one on a busy machine.
#[test]
fn a_timeout_is_as_long_as_without_a_recording() {
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        let socket = bound(Kind::Datagram);
        let limit = Duration::from_secs(2);
        let options = WaitPolicy { timeout: Some(limit), ..WaitPolicy::default() };
        let start = Instant::now();
        assert!(socket.receive(&mut [0; 9], 0, options).is_err());
        assert!(start.elapsed() >= limit);
        return;
    }
    let (events, _) = run("begins::a_timeout_is_as_long_as_without_a_recording", &[]);
    let calls = calls(&events);
    let receive = calls.iter().find(|call| call.call == "recv").unwrap();
    assert_eq!((names(&events), &*receive.outcome), (vec!["recv".to_owned()], "timeout"));
    assert_eq!(begins(&events)[0].begin, receive.begin);
}

/// What the host waits for by itself.
#[test]
fn a_wait_for_several_descriptors_is_recorded_if_one_is_a_socket() {
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        let socket = bound(Kind::Datagram);
        let fds = [0, socket.fd()];
        let waited = Descriptors { readable: &fds, writable: &[] };
        let ready = Descriptors { readable: &fds[1..], writable: &[] };
        let none = Descriptors::default();
        let poll = || PollSpan::begin(PollKind::Poll, None).unwrap();
        // Neither what only waits for other files nor a poll that finds nothing has a line.
        poll().end(Descriptors { readable: &fds[..1], writable: &[] }, none, Ok(()));
        poll().end(waited, none, Ok(()));
        PollSpan::begin(PollKind::EpollWait, Some(77)).unwrap().end(waited, ready, Ok(()));
        PollSpan::begin(PollKind::Select, None).unwrap().end(waited, none, Err(Errno(libc::EINTR)));
        let many: Vec<i32> = std::iter::repeat_n(socket.fd(), 1000).collect();
        let all = Descriptors { readable: &many, writable: &many };
        poll().still_waits(all);
        poll().end(all, all, Ok(()));
        return;
    }
    let (events, _) = run("begins::a_wait_for_several_descriptors_is_recorded_if_one_is_a_socket", &[]);
    let calls = calls(&events);
    let waits: Vec<_> = calls.iter().filter(|call| call.transport.is_empty()).collect();
    let summary: Vec<_> = waits.iter().map(|call| (&*call.call, call.fd, &*call.outcome)).collect();
    assert_eq!(summary, [("epoll_wait", 77, "ok"), ("select", -1, "interrupted"), ("poll", -1, "ok")]);
    assert_eq!((waits[0].waited_in.len(), waits[0].ready_in.len(), waits[0].waited_out.len()), (2, 1, 0));
    let lists = [&waits[2].waited_in, &waits[2].waited_out, &waits[2].ready_in, &waits[2].ready_out];
    assert!(lists.iter().all(|list| list.len() == 32), "{lists:?}");
    assert_eq!(names(&events), ["poll"]);
    assert_eq!(begins(&events)[0].waited_out.len(), 32);
}

/// Without a recording nothing is made.
#[test]
fn without_a_recording_a_wait_for_several_descriptors_has_no_record() {
    if file_of_this_process().is_some() {
        assert!(PollSpan::begin(PollKind::Poll, None).is_none());
        return;
    }
    let (events, _) = run("begins::without_a_recording_a_wait_for_several_descriptors_has_no_record", &[]);
    assert!(events.is_empty());
}

/// A line of one that waits reads as it is written.
#[test]
fn a_line_of_a_call_that_waits_is_read_as_it_is_written() {
    let line = r#"{"event":"begin","capsock":1,"pid":7,"begin":3,"at":10000004,"call":"poll","fd":-1,"waited_in":[3,4]}"#;
    let expected = Begin {
        capsock: 1,
        pid: 7,
        begin: 3,
        at: 10_000_004,
        call: "poll".into(),
        fd: -1,
        waited_in: vec![3, 4].into(),
        ..Begin::default()
    };
    let event: Event<'_> = serde_json::from_str(line).unwrap();
    assert_eq!(event, Event::Begin(expected));
    assert_eq!(serde_json::to_string(&event).unwrap(), line);
}
