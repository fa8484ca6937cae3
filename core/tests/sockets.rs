//! The sockets of the BSD call flow: what each call does, how long it waits, and what ends it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/numbers.rs"]
mod numbers;

use std::io::{IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
#[cfg(unix)]
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
#[cfg(unix)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use capsock::ErrorKind;
use capsock::net::fd::NO_FD;
use capsock::net::{
    BlockingSocket, Control, Errno, Family, Kind, Poller, Readiness, WaitError, WaitPolicy, control_space,
    read_controls, write_controls,
};

/// The system call as it is, of descriptors that block.
const AS_IT_IS: WaitPolicy = WaitPolicy { timeout: None, on_interrupt: None };
const FOREVER: WaitPolicy = WaitPolicy::FOREVER;
const LONG: Duration = Duration::from_secs(20);
const SHORT: WaitPolicy = WaitPolicy { timeout: Some(Duration::from_millis(20)), on_interrupt: None };

/// What the tests do with descriptors of both kinds.
const MODES: [bool; 2] = [true, false];

/// Whether the descriptor is non-blocking, and how its calls wait without a limit.
const WITHOUT_A_LIMIT: [(bool, WaitPolicy); 3] = [(true, FOREVER), (false, FOREVER), (false, AS_IT_IS)];

fn bound(kind: Kind, nonblocking: bool) -> (BlockingSocket, SocketAddr) {
    let socket = BlockingSocket::new(Family::V4, kind, nonblocking).unwrap();
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn listener(backlog: u32, nonblocking: bool) -> (BlockingSocket, SocketAddr) {
    let (listener, address) = bound(Kind::Stream, nonblocking);
    listener.listen(backlog).unwrap();
    (listener, address)
}

/// Both ends of a connection.
fn connection(nonblocking: bool) -> (BlockingSocket, BlockingSocket) {
    let (listener, address) = listener(1, nonblocking);
    let client = BlockingSocket::new(Family::V4, Kind::Stream, nonblocking).unwrap();
    client.connect(&address, FOREVER).unwrap();
    let (server, peer) = listener.accept(nonblocking, FOREVER).unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), address);
    (client, server)
}

#[test]
fn the_textbooks_flow_over_tcp() {
    for (nonblocking, policy) in WITHOUT_A_LIMIT {
        let (client, server) = connection(nonblocking);
        assert_eq!(client.send(b"hello", 0, policy), Ok(5));
        let mut sentence = [0; 1024];
        assert_eq!(server.receive(&mut sentence, 0, policy), Ok(5));
        assert_eq!(server.available(), Ok(0));
        server.send_all(&sentence[..5].to_ascii_uppercase(), 0, policy).unwrap();
        server.close().unwrap();
        assert_eq!(client.receive_from(&mut sentence, 0, policy), Ok((5, None)));
        assert_eq!(&sentence[..5], b"HELLO");
        assert_eq!(client.receive(&mut sentence, 0, policy), Ok(0));
    }
}

#[test]
fn the_textbooks_flow_over_udp() {
    for family in [Family::V4, Family::V6] {
        let host = if family == Family::V4 { "127.0.0.1:0" } else { "[::1]:0" };
        let server = BlockingSocket::new(family, Kind::Datagram, false).unwrap();
        server.bind(&host.parse().unwrap()).unwrap();
        let client = BlockingSocket::new(family, Kind::Datagram, false).unwrap();
        client.send_to(b"hello", &server.local_addr().unwrap(), 0, FOREVER).unwrap();
        let mut message = [0; 2048];
        let (length, sender) = server.receive_from(&mut message, 0, FOREVER).unwrap();
        assert_eq!(
            (&message[..length], sender.unwrap().port()),
            (&b"hello"[..], client.local_addr().unwrap().port())
        );
        server.send_to(b"HELLO", &sender.unwrap(), 0, FOREVER).unwrap();
        // What does not fit is cut; Linux tells the whole length if it is asked to.
        #[cfg(unix)]
        assert_eq!(client.receive(&mut message[..2], libc::MSG_TRUNC, FOREVER), Ok(5));
        #[cfg(windows)]
        assert_eq!(client.receive(&mut message[..2], 0, FOREVER), Ok(2));
    }
}

#[test]
fn a_call_waits_as_long_as_it_may() {
    for nonblocking in MODES {
        let (listener, _) = listener(1, nonblocking);
        let (client, _server) = connection(nonblocking);
        let mut byte = [0];
        let again = WaitError::Os(Errno(numbers::EAGAIN));
        assert_eq!(listener.accept(true, WaitPolicy::NONBLOCKING).unwrap_err(), again);
        assert_eq!(client.receive(&mut byte, 0, WaitPolicy::NONBLOCKING).unwrap_err(), again);
        #[cfg(unix)]
        assert_eq!(client.receive(&mut byte, libc::MSG_DONTWAIT, FOREVER).unwrap_err(), again);
        let begin = Instant::now();
        assert_eq!(listener.accept(true, SHORT).unwrap_err(), WaitError::TimedOut);
        assert_eq!(client.receive(&mut byte, 0, SHORT).unwrap_err(), WaitError::TimedOut);
        assert_eq!(client.wait_readable(SHORT).unwrap_err(), WaitError::TimedOut);
        assert!(begin.elapsed() >= Duration::from_millis(60));
        client.wait_writable(SHORT).unwrap();
        // Wine reports the send of a part as that of all.
        if cfg!(windows) {
            continue;
        }
        let flood = vec![0; 64 << 20];
        assert_eq!(client.send_all(&flood, 0, SHORT).unwrap_err(), WaitError::TimedOut);
        // On a busy machine the time is over before the buffers are full.
        let full = std::iter::repeat_with(|| client.send(&flood, 0, WaitPolicy::NONBLOCKING));
        assert_eq!(full.take(flood.len()).find_map(Result::err), Some(again));
    }
}

#[test]
#[cfg_attr(windows, ignore = "wine reports the send of a part as that of all")]
fn a_stream_that_blocks_takes_and_gives_all() {
    let (client, server) = connection(false);
    let text: Vec<u8> = (0..32 << 20).map(|index| (index % 251) as u8).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(client.send(&text, 0, AS_IT_IS), Ok(text.len()));
            let pieces = [IoSlice::new(&text[..3]), IoSlice::new(&[]), IoSlice::new(&text[3..])];
            assert_eq!(client.send_message(&pieces, &[], 0, None, AS_IT_IS), Ok(text.len()));
            client.shutdown(Shutdown::Write).unwrap();
        });
        for _ in 0..2 {
            let mut received = vec![0; text.len()];
            assert_eq!(server.receive(&mut received, numbers::MSG_WAITALL, AS_IT_IS), Ok(text.len()));
            assert!(received == text);
        }
        assert_eq!(server.receive(&mut [0; 9], numbers::MSG_WAITALL, AS_IT_IS), Ok(0));
    });
}

/// Waits until the threads sleep in a system call, but for those that wait for other threads.
#[cfg(unix)]
fn until_blocked(threads: &[i32]) {
    let begin = Instant::now();
    for thread in threads {
        let state = || std::fs::read_to_string(format!("/proc/self/task/{thread}/wchan")).unwrap_or_default();
        while state().starts_with('0') || state().contains("futex") {
            assert!(begin.elapsed() < LONG, "thread {thread} does not wait: {}", state());
            std::thread::yield_now();
        }
    }
}

#[cfg(unix)]
fn thread_id() -> i32 {
    // SAFETY: the call takes nothing.
    unsafe { libc::gettid() }
}

/// The system does not tell: the close may come before the call.
#[cfg(windows)]
fn until_blocked(_threads: &[i32]) {}

#[cfg(windows)]
fn thread_id() -> i32 {
    0
}

#[test]
fn closing_ends_what_other_threads_wait_for() {
    for (nonblocking, policy) in WITHOUT_A_LIMIT {
        let (listener, _) = listener(1, nonblocking);
        let (client, _server) = connection(nonblocking);
        let (datagrams, _) = bound(Kind::Datagram, nonblocking);
        // A full backlog: the handshake gets no answer.
        let (full, address) = self::listener(0, nonblocking);
        let fill: Vec<_> = (0..8)
            .map(|_| {
                let socket = BlockingSocket::new(Family::V4, Kind::Stream, true).unwrap();
                let _ = socket.connect(&address, WaitPolicy::NONBLOCKING);
                socket
            })
            .collect();
        let connecting = BlockingSocket::new(Family::V4, Kind::Stream, nonblocking).unwrap();
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let waiting = |call: &'static str, tell: std::sync::mpsc::Sender<i32>| {
                let (listener, client, datagrams, connecting) = (&listener, &client, &datagrams, &connecting);
                scope.spawn(move || {
                    tell.send(thread_id()).unwrap();
                    match call {
                        "accept" => listener.accept(true, policy).map(drop),
                        "receive" => client.receive(&mut [0], 0, policy).map(drop),
                        "receive too" => client.receive_from(&mut [0], 0, policy).map(drop),
                        "datagram" => datagrams.receive_from(&mut [0], 0, policy).map(drop),
                        _ => connecting.connect(&address, policy),
                    }
                })
            };
            let calls: Vec<_> = ["accept", "receive", "receive too", "datagram", "connect"]
                .map(|call| (call, waiting(call, tell.clone())))
                .into();
            until_blocked(&told.iter().take(calls.len()).collect::<Vec<_>>());
            for socket in [&listener, &client, &datagrams, &connecting] {
                socket.close().unwrap();
                socket.close().unwrap();
                assert!(socket.is_closed() && socket.fd() == NO_FD);
            }
            for (call, thread) in calls {
                assert_eq!(thread.join().unwrap(), Err(WaitError::Woken), "{call}");
            }
        });
        assert_eq!(client.receive(&mut [0], 0, FOREVER), Err(WaitError::Woken));
        assert_eq!(client.local_addr(), Err(Errno(numbers::EBADF)));
        drop((fill, full));
    }
}

#[cfg(unix)]
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// SIGUSR1 interrupts a call, and that is all.
#[cfg(unix)]
fn signals_do_nothing() {
    extern "C" fn nothing(_: i32) {}
    // SAFETY: the handler does nothing, and the structure is zeroed but for it.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_call_if_its_hook_says_so() {
    signals_do_nothing();
    for (nonblocking, policy) in WITHOUT_A_LIMIT {
        ASKED.store(0, Ordering::SeqCst);
        let (socket, _) = bound(Kind::Datagram, nonblocking);
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let socket = &socket;
            let call = scope.spawn(move || {
                // SAFETY: the call takes nothing.
                tell.send((thread_id(), unsafe { libc::pthread_self() } as usize)).unwrap();
                // The first signal is passed over, the second ends the call.
                let hook: fn() -> bool = || ASKED.fetch_add(1, Ordering::SeqCst) == 1;
                socket.receive(&mut [0], 0, WaitPolicy { on_interrupt: Some(hook), ..policy })
            });
            let (id, thread) = told.recv().unwrap();
            for round in 1..=2 {
                until_blocked(&[id]);
                // SAFETY: the scope keeps the thread.
                unsafe { libc::pthread_kill(thread as libc::pthread_t, libc::SIGUSR1) };
                while ASKED.load(Ordering::SeqCst) < round {
                    std::thread::yield_now();
                }
            }
            assert_eq!(call.join().unwrap(), Err(WaitError::Interrupted));
        });
    }
}

/// A hook says so once: its language has raised what it had to raise by then.
#[cfg(unix)]
#[test]
fn a_signal_ends_a_send_of_all_that_has_sent_a_part() {
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);
    signals_do_nothing();
    for (nonblocking, policy) in WITHOUT_A_LIMIT {
        let (client, _server) = connection(nonblocking);
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let client = &client;
            let call = scope.spawn(move || {
                // SAFETY: the call takes nothing.
                tell.send((thread_id(), unsafe { libc::pthread_self() } as usize)).unwrap();
                let hook: fn() -> bool = || ARRIVED.swap(0, Ordering::SeqCst) > 0;
                client.send_all(&vec![0; 100_000_000], 0, WaitPolicy { on_interrupt: Some(hook), ..policy })
            });
            let (id, thread) = told.recv().unwrap();
            until_blocked(&[id]);
            ARRIVED.store(1, Ordering::SeqCst);
            // SAFETY: the scope keeps the thread.
            unsafe { libc::pthread_kill(thread as libc::pthread_t, libc::SIGUSR1) };
            assert_eq!(call.join().unwrap(), Err(WaitError::Interrupted));
        });
    }
}

#[test]
fn a_wait_on_another_socket_is_not_ended() {
    let (one, _) = bound(Kind::Datagram, false);
    let (other, address) = bound(Kind::Datagram, false);
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let (one, other) = (&one, &other);
        let call = scope.spawn(move || {
            tell.send(thread_id()).unwrap();
            let first = one.receive(&mut [0], 0, FOREVER);
            tell.send(thread_id()).unwrap();
            (first, other.receive(&mut [0], 0, FOREVER))
        });
        until_blocked(&[told.recv().unwrap()]);
        one.close().unwrap();
        until_blocked(&[told.recv().unwrap()]);
        one.send_to(b"x", &address, 0, FOREVER).unwrap_err();
        other.send_to(b"x", &address, 0, FOREVER).unwrap();
        assert_eq!(call.join().unwrap(), (Err(WaitError::Woken), Ok(1)));
    });
}

#[test]
fn a_descriptor_is_given_up_and_taken_over() {
    let (socket, address) = bound(Kind::Datagram, false);
    let fd = socket.detach().unwrap();
    assert!(socket.detach().is_none() && socket.is_closed());
    let again = BlockingSocket::from_fd(fd, Kind::Datagram);
    assert_eq!(again.local_addr(), Ok(address));
    // SAFETY: the descriptor is open; what follows is that its owner finds it closed.
    #[cfg(unix)]
    drop(unsafe { OwnedFd::from_raw_fd(libc::dup(again.as_raw_fd())) });
    again.close().unwrap();
    drop(again);
}

#[test]
fn control_data_goes_both_ways() {
    let (socket, address) = bound(Kind::Datagram, false);
    let on = 1i32.to_ne_bytes();
    socket.set_option(numbers::IPPROTO_IP, numbers::IP_RECVTTL, &on).unwrap();
    let mut value = [0; 4];
    assert_eq!(socket.option(numbers::IPPROTO_IP, numbers::IP_RECVTTL, &mut value), Ok(4));
    assert_eq!(value, on);
    assert_eq!(socket.option(numbers::IPPROTO_IP, 9999, &mut value), Err(Errno(numbers::ENOPROTOOPT)));
    let hops = 33i32.to_ne_bytes();
    let control =
        write_controls(&[Control { level: numbers::IPPROTO_IP, kind: numbers::IP_TTL, data: &hops }])
            .unwrap();
    let text = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
    assert_eq!(socket.send_message(&text, &control, 0, Some(&address), FOREVER), Ok(5));
    let (mut one, mut two, mut room) = ([0; 3], [0; 9], vec![0; control_space(4).unwrap()]);
    let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
    let received = socket.receive_message(&mut buffers, &mut room, 0, FOREVER).unwrap();
    assert_eq!((received.length, received.source, received.flags), (5, Some(address), 0));
    assert_eq!((&one, &two[..2]), (b"hel", &b"lo"[..]));
    let messages: Vec<_> = read_controls(&room[..received.control]).collect();
    // Wine sends no control messages.
    let hops = if cfg!(windows) { messages[0].data } else { &hops };
    assert_eq!(messages, [Control { level: numbers::IPPROTO_IP, kind: numbers::IP_TTL, data: hops }]);
}

#[test]
fn a_socket_that_does_not_listen_accepts_nothing() {
    for nonblocking in MODES {
        let (datagrams, _) = bound(Kind::Datagram, nonblocking);
        let (stream, _) = bound(Kind::Stream, nonblocking);
        for (socket, errno) in [(datagrams, numbers::EOPNOTSUPP), (stream, numbers::EINVAL)] {
            let accepted = socket.accept(nonblocking, FOREVER).map(drop);
            assert_eq!(accepted, Err(WaitError::Os(Errno(errno))), "{:?}", socket.kind());
        }
    }
}

#[test]
fn a_connect_tells_how_it_ended() {
    for nonblocking in MODES {
        let (nobody, address) = bound(Kind::Stream, true);
        let client = BlockingSocket::new(Family::V4, Kind::Stream, nonblocking).unwrap();
        assert_eq!(client.connect(&address, FOREVER), Err(WaitError::Os(Errno(numbers::ECONNREFUSED))));
        nobody.listen(1).unwrap();
        client.connect(&address, FOREVER).unwrap();
        assert_eq!(client.connect(&address, FOREVER), Err(WaitError::Os(Errno(numbers::EISCONN))));
        assert_eq!(client.take_error(), Ok(()));
    }
}

#[test]
fn a_name_is_bound_and_connected_to() {
    for (family, host) in [(Family::V4, "127.0.0.1"), (Family::V6, "::1")] {
        for kind in [Kind::Stream, Kind::Datagram] {
            let server = BlockingSocket::new(family, kind, true).unwrap();
            assert_eq!(server.family(), Ok(family));
            server.bind_to(("localhost", 0), FOREVER).unwrap();
            let address = server.local_addr().unwrap();
            assert_eq!(address.ip().to_string(), host);
            if kind == Kind::Stream {
                server.listen(1).unwrap();
            }
            let client = BlockingSocket::new(family, kind, false).unwrap();
            client.connect_to(("", address.port()), FOREVER).unwrap();
            assert_eq!(client.peer_addr(), Ok(address));
        }
    }
}

#[test]
fn a_name_that_cannot_be_bound_or_connected_to_is_an_error() {
    let (taken, address) = bound(Kind::Stream, true);
    let socket = || BlockingSocket::new(Family::V4, Kind::Stream, true).unwrap();
    let closed = socket();
    closed.close().unwrap();
    let (_listener, listening) = listener(1, true);
    let (full, full_address) = listener(0, true);
    let fill: Vec<_> = (0..8)
        .map(|_| {
            let filler = socket();
            let _ = filler.connect(&full_address, WaitPolicy::NONBLOCKING);
            filler
        })
        .collect();
    let connected = socket();
    connected.connect(&listening, FOREVER).unwrap();
    let table = [
        (socket().bind_to(address, FOREVER), ErrorKind::AddressInUse, address.to_string()),
        (socket().connect_to(address, FOREVER), ErrorKind::ConnectionRefused, address.to_string()),
        (socket().connect_to(full_address, SHORT), ErrorKind::TimedOut, full_address.to_string()),
        (
            socket().connect_to(full_address, WaitPolicy::NONBLOCKING),
            ErrorKind::TimedOut,
            numbers::IN_PROGRESS.to_owned(),
        ),
        (connected.connect_to(listening, FOREVER), ErrorKind::Other, "EISCONN".to_owned()),
        (socket().connect_to(("::1", 1), FOREVER), ErrorKind::NameNotResolved, "no IPv4 address".to_owned()),
        (socket().bind_to(("a.invalid", 1), FOREVER), ErrorKind::NameNotResolved, "a.invalid".to_owned()),
        (closed.connect_to(address, FOREVER), ErrorKind::Closed, address.to_string()),
        (closed.bind_to(address, FOREVER), ErrorKind::Closed, address.to_string()),
    ];
    for (outcome, kind, text) in table {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&text), "{error}");
    }
    drop((taken, full, fill));
}

#[test]
fn a_datagram_socket_gives_its_peer_up() {
    let ((one, first), (other, second)) = (bound(Kind::Datagram, true), bound(Kind::Datagram, true));
    one.connect(&second, FOREVER).unwrap();
    one.send(b"to the peer", 0, FOREVER).unwrap();
    assert_eq!(one.peer_addr(), Ok(second));
    one.disconnect().unwrap();
    assert_eq!(one.peer_addr(), Err(Errno(numbers::ENOTCONN)));
    // Wine forgets that it has no peer.
    #[cfg(unix)]
    assert_eq!(one.send(b"to nobody", 0, FOREVER), Err(WaitError::Os(Errno(numbers::EDESTADDRREQ))));
    let mut datagram = [0; 16];
    assert_eq!(other.receive_from(&mut datagram, 0, FOREVER), Ok((11, Some(first))));
}

#[test]
fn a_poller_tells_of_each_watch_once() {
    let (client, server) = connection(true);
    let poller = Poller::new().unwrap();
    let mut tokens = Vec::new();
    let mut look = |timeout| {
        poller.wait(&mut tokens, Some(timeout)).unwrap();
        tokens.clone()
    };
    poller.watch(&server, Readiness::Readable, 7).unwrap();
    assert!(look(Duration::ZERO).is_empty());
    client.send(b"x", 0, FOREVER).unwrap();
    assert_eq!(look(LONG), [7]);
    assert!(look(Duration::ZERO).is_empty());
    poller.watch(&server, Readiness::Writable, 8).unwrap();
    assert_eq!(look(LONG), [8]);
    poller.watch(&server, Readiness::Readable, 9).unwrap();
    assert_eq!(look(LONG), [9]);
    server.close().unwrap();
    assert_eq!(poller.watch(&server, Readiness::Readable, 9), Err(Errno(numbers::EBADF)));
}
