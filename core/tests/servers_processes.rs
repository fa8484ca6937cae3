//! The forked children of `Concurrency::Processes`. Alone in its binary: it inspects all children of its process.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use capsock::{Concurrency, ErrorKind, Features};
use support::*;

#[test]
fn processes_die_alone_and_with_their_server() {
    for without in [Features::NONE, Features::PIDFD] {
        die_alone_and_with_their_server(without);
        a_start_that_fails_leaves_no_child(without);
    }
}

/// Not a test of its own, since it inspects all children of its process.
fn die_alone_and_with_their_server(without: Features) {
    let server = tcp(Concurrency::Processes).without(without).start().unwrap();
    assert_eq!(
        Features::from_bits(server.stats().features),
        Features::of_this_machine().intersection(Features::PIDFD).without(without)
    );
    let clients: Vec<_> = (0..2).map(|_| connect(&server)).collect();
    for client in &clients {
        ask(client, b"hello", b"HELLO");
    }
    let udp_server = udp(Concurrency::Processes).workers(2).without(without).start().unwrap();
    let children_now = children();
    assert!(children_now.len() >= 4, "{children_now:?}");

    // The host's own wait never finds them.
    // SAFETY: waitpid writes nothing with a null status.
    let waited = unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
    assert!(waited <= 0, "the host reaped {waited}");

    // A child that dies is gone from the counts, and its connection is at its end.
    let killed = children();
    for child in &killed {
        // SAFETY: it is a child of this process, which has no others.
        unsafe { libc::kill(*child, libc::SIGKILL) };
    }
    for client in &clients {
        assert!(!matches!(std::io::Read::read(&mut &*client, &mut [0; 9]), Ok(1..)));
    }
    eventually("the dead are counted out", || server.stats().connections_active == 0);
    ask(&connect(&server), b"next", b"NEXT");
    // One that dies in a receive takes the datagram along.
    eventually("the dead are gone", || children().iter().all(|child| !killed.contains(child)));
    let client = udp_peer(udp_server.local_addr());
    assert_eq!(exchange(&client, b"still there"), b"STILL THERE");

    server.stop(TIME_LIMIT).unwrap();
    udp_server.stop(TIME_LIMIT).unwrap();
    assert!(children().is_empty(), "no child outlives its server");
}

/// Not a test of its own: the limit is the whole process's.
fn a_start_that_fails_leaves_no_child(without: Features) {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is written to and read from a whole struct.
    let failed = unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut before), 0);
        let few = libc::rlimit { rlim_cur: 40, ..before };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const few), 0);
        let failed = udp(Concurrency::Processes).workers(100).without(without).start();
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const before), 0);
        failed
    };
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::OutOfResources);
    assert!(children().is_empty());
}
