//! A call without a timeout of the library's is the system's: what the descriptor's mode, its options and the call's
//! flags say is obeyed. The table of all calls, beside another implementation, is that of the Python binding.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use capsock::net::{BlockingSocket, Errno, Family, Kind, WaitError, WaitPolicy};

const AS_IT_IS: WaitPolicy = WaitPolicy { timeout: None, on_interrupt: None };
const AGAIN: WaitError = WaitError::Os(Errno(libc::EAGAIN));
const LIMIT: Duration = Duration::from_millis(200);

fn socket(kind: Kind) -> (BlockingSocket, SocketAddr) {
    let socket = BlockingSocket::new(Family::V4, kind, false).unwrap();
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn connection() -> (BlockingSocket, BlockingSocket) {
    let (listener, address) = socket(Kind::Stream);
    listener.listen(1).unwrap();
    let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
    client.connect(&address, AS_IT_IS).unwrap();
    (client, listener.accept(false, AS_IT_IS).unwrap().0)
}

fn set(socket: &BlockingSocket, option: i32, value: &[u8]) {
    socket.set_option(libc::SOL_SOCKET, option, value).unwrap();
}

fn timeval() -> Vec<u8> {
    [0i64, LIMIT.as_micros() as i64].iter().flat_map(|part| part.to_ne_bytes()).collect()
}

/// What does not fit once a connection is full.
static PART: [u8; 1 << 16] = [0; 1 << 16];

/// Both ends of a connection, of which the first has no room to send.
fn full_connection() -> (BlockingSocket, BlockingSocket) {
    let (client, server) = connection();
    // Given a size, the buffers stay as they are.
    set(&client, libc::SO_SNDBUF, &16384i32.to_ne_bytes());
    set(&server, libc::SO_RCVBUF, &16384i32.to_ne_bytes());
    let soon = WaitPolicy { timeout: Some(Duration::from_millis(20)), on_interrupt: None };
    while client.send(&PART, 0, soon).is_ok() {}
    (client, server)
}

#[test]
fn the_descriptors_mode_is_obeyed() {
    let (listener, _) = socket(Kind::Stream);
    listener.listen(1).unwrap();
    let (client, _server) = full_connection();
    let mut byte = [0];
    for socket in [&listener, &client] {
        // As by somebody else, through the descriptor.
        // SAFETY: the call takes numbers.
        assert_eq!(unsafe { libc::fcntl(socket.fd(), libc::F_SETFL, libc::O_NONBLOCK) }, 0);
    }
    assert_eq!(listener.accept(false, AS_IT_IS).map(drop), Err(AGAIN));
    assert_eq!(client.receive(&mut byte, 0, AS_IT_IS), Err(AGAIN));
    assert_eq!(client.receive_from(&mut byte, 0, AS_IT_IS), Err(AGAIN));
    assert_eq!(client.send(&PART, 0, AS_IT_IS), Err(AGAIN));
    assert_eq!(client.send_all(&PART, 0, AS_IT_IS), Err(AGAIN));
    // The library's own wait is for any mode.
    let short = WaitPolicy { timeout: Some(Duration::from_millis(5)), on_interrupt: None };
    assert_eq!(client.receive(&mut byte, 0, short), Err(WaitError::TimedOut));
}

#[test]
fn the_kernels_timeouts_are_obeyed() {
    let (listener, _) = socket(Kind::Stream);
    listener.listen(1).unwrap();
    let (client, _server) = full_connection();
    let (datagrams, _) = socket(Kind::Datagram);
    for socket in [&listener, &client, &datagrams] {
        set(socket, libc::SO_RCVTIMEO, &timeval());
        set(socket, libc::SO_SNDTIMEO, &timeval());
    }
    type Call<'a> = &'a dyn Fn() -> Result<(), WaitError>;
    let calls: [Call; 5] = [
        &|| listener.accept(false, AS_IT_IS).map(drop),
        &|| client.receive(&mut [0], 0, AS_IT_IS).map(drop),
        &|| client.send(&PART, 0, AS_IT_IS).map(drop),
        &|| client.send_all(&PART, 0, AS_IT_IS),
        &|| datagrams.receive_message(&mut [], &mut [], 0, AS_IT_IS).map(drop),
    ];
    for (number, call) in calls.iter().enumerate() {
        let begin = Instant::now();
        assert_eq!(call(), Err(AGAIN), "call {number}");
        assert!(begin.elapsed() >= LIMIT, "call {number}: {:?}", begin.elapsed());
    }
}

#[test]
fn a_low_water_mark_is_obeyed_with_a_timeout_and_without() {
    for inherited in [false, true] {
        let (client, server) = connection();
        let five = 5i32.to_ne_bytes();
        let server = if inherited {
            let (listener, address) = socket(Kind::Stream);
            set(&listener, libc::SO_RCVLOWAT, &five);
            listener.listen(1).unwrap();
            client.close().unwrap();
            let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
            client.connect(&address, AS_IT_IS).unwrap();
            let server = listener.accept(false, AS_IT_IS).unwrap().0;
            client.send(b"abc", 0, AS_IT_IS).unwrap();
            (client, server)
        } else {
            assert!(!server.waits_for_more());
            set(&server, libc::SO_RCVLOWAT, &five);
            client.send(b"abc", 0, AS_IT_IS).unwrap();
            (client, server)
        };
        let (client, server) = server;
        assert!(server.waits_for_more());
        let mut buffer = [0; 8];
        let short = WaitPolicy { timeout: Some(Duration::from_millis(20)), on_interrupt: None };
        assert_eq!(server.receive(&mut buffer, 0, short), Err(WaitError::TimedOut));
        client.send(b"def", 0, AS_IT_IS).unwrap();
        assert_eq!(server.receive(&mut buffer, 0, AS_IT_IS), Ok(6));
    }
}

fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the time.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// POLLERR stays as long as the error queue is not empty (IP_RECVERR of ip(7)).
#[test]
fn readiness_that_stays_keeps_nobody_busy() {
    let (datagrams, address) = socket(Kind::Datagram);
    datagrams.set_option(libc::IPPROTO_IP, libc::IP_RECVERR, &1i32.to_ne_bytes()).unwrap();
    let nobody = socket(Kind::Datagram).1;
    datagrams.send_to(b"x", &nobody, 0, AS_IT_IS).unwrap();
    let mut byte = [0];
    let refused = datagrams.receive(&mut byte, 0, WaitPolicy::FOREVER);
    assert_eq!(refused, Err(WaitError::Os(Errno(libc::ECONNREFUSED))));
    let (begin, used) = (Instant::now(), processor_time());
    let limit = WaitPolicy { timeout: Some(Duration::from_millis(300)), on_interrupt: None };
    assert_eq!(datagrams.receive(&mut byte, 0, limit), Err(WaitError::TimedOut));
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert!(processor_time() - used < Duration::from_millis(100), "{:?}", processor_time() - used);
    // What comes in the end is received, and a close ends the wait.
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let datagrams = &datagrams;
        let call = scope.spawn(move || {
            let first = datagrams.receive(&mut [0], 0, WaitPolicy::FOREVER);
            tell.send(()).unwrap();
            (first, datagrams.receive(&mut [0], 0, WaitPolicy::FOREVER))
        });
        let sender = socket(Kind::Datagram).0;
        sender.send_to(b"x", &address, 0, AS_IT_IS).unwrap();
        told.recv().unwrap();
        datagrams.close().unwrap();
        assert_eq!(call.join().unwrap(), (Ok(1), Err(WaitError::Woken)));
    });
}

/// Of many threads that wait for the same, each is ended, also one that has lost a race to another.
#[test]
fn a_close_ends_every_accept() {
    for policy in [AS_IT_IS, WaitPolicy::FOREVER] {
        for _ in 0..20 {
            let (listener, address) = socket(Kind::Stream);
            // Connections that it took may be in TIME_WAIT still.
            set(&listener, libc::SO_REUSEADDR, &1i32.to_ne_bytes());
            listener.listen(100).unwrap();
            std::thread::scope(|scope| {
                let accept_all = || {
                    loop {
                        if let Err(error) = listener.accept(false, policy) {
                            return error;
                        }
                    }
                };
                let calls: Vec<_> = (0..16).map(|_| scope.spawn(accept_all)).collect();
                for _ in 0..7 {
                    let client = BlockingSocket::new(Family::V4, Kind::Stream, false).unwrap();
                    client.connect(&address, AS_IT_IS).unwrap();
                }
                listener.close().unwrap();
                for call in calls {
                    assert_eq!(call.join().unwrap(), WaitError::Woken);
                }
            });
            assert!(std::net::TcpListener::bind(address).is_ok(), "the port is free");
        }
    }
}
