//! A socket that waits when the process has no descriptor left. Alone in its binary: it takes them all.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc;
use std::time::Duration;

use capsock::net::{BlockingSocket, Family, Kind, WaitError, WaitPolicy};

#[test]
fn a_call_waits_and_is_ended_all_the_same() {
    let (one, other) = (socket(), socket());
    other.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let address = other.local_addr().unwrap();
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let waiting = |socket| {
            let tell = tell.clone();
            scope.spawn(move || {
                tell.send(()).unwrap();
                BlockingSocket::receive(socket, &mut [0], 0, WaitPolicy::default())
            })
        };
        let mut taken = Vec::new();
        while let Ok(descriptor) = std::fs::File::open("/dev/null") {
            taken.push(descriptor);
        }
        let (ended, answered) = (waiting(&one), waiting(&other));
        told.iter().take(2).for_each(drop);
        let short = WaitPolicy { timeout: Some(Duration::from_millis(30)), on_interrupt: None };
        assert_eq!(one.receive(&mut [0], 0, short), Err(WaitError::TimedOut));
        one.send_to(b"x", &address, 0, WaitPolicy::default()).unwrap();
        assert_eq!(answered.join().unwrap(), Ok(1));
        one.close().unwrap();
        assert_eq!(ended.join().unwrap(), Err(WaitError::Woken));
    });
}

fn socket() -> BlockingSocket {
    BlockingSocket::new(Family::V4, Kind::Datagram, false).unwrap()
}
