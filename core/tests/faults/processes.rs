//! A server whose user may have no more threads or processes (`RLIMIT_NPROC` of setrlimit(2)).

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::measure::ask;
use crate::remote::Remote;
use crate::support::{TIME_LIMIT, eventually, exchange};

/// A user that has nothing else: the number of this process, far from those that systems give.
fn nobody(place: u32) -> Option<u32> {
    // SAFETY: the call takes nothing and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: only the superuser can become a user of whom the limits are known");
        return None;
    }
    Some(1_000_000_000 + std::process::id() * 10 + place)
}

/// Whether the server serves a new client, or closes its connection at once.
fn is_served(mut client: &TcpStream) -> bool {
    client.write_all(b"hello\n").unwrap_or_default();
    client.read_exact(&mut [0; 6]).is_ok()
}

#[test]
fn no_more_threads_or_processes_for_connections() {
    for (place, concurrency) in (0..).zip(["threads", "processes"]) {
        let Some(user) = nobody(place) else { return };
        let mut server = Remote::start(&format!("tcp {concurrency} framing=line uid={user} nproc=100"));
        server.allow_threads(3);
        let mut inside = Vec::new();
        while inside.len() < 20 {
            let client = server.connect();
            if !is_served(&client) {
                break;
            }
            inside.push(client);
        }
        assert!((2..=4).contains(&inside.len()), "{concurrency}: {} are inside", inside.len());
        server.until("connections_refused", |refused| refused == 1);
        eventually("it is logged", || server.logged("(ulimit -u)") == 1);
        inside.iter().for_each(ask);
        drop(inside);
        server.until("connections_active", |active| active == 0);
        eventually("there is room again", || is_served(&server.connect()));
    }
}

#[test]
fn no_other_process_for_one_that_died() {
    let Some(user) = nobody(2) else { return };
    let mut server = Remote::start(&format!("udp processes workers=2 uid={user} nproc=100"));
    let children = server.children();
    assert_eq!(children.len(), 2);
    // One fewer than it has: each child counts, and each that dies makes room for none.
    server.allow_threads(0);
    // SAFETY: it is a process of the test's own server.
    assert_eq!(unsafe { libc::kill(children[0], libc::SIGKILL) }, 0);
    eventually("it is logged", || server.logged("cannot be replaced (ulimit -u)") > 0);
    assert_eq!(server.children(), children[1..]);
    for _ in 0..100 {
        // The one that is left has the port.
        assert_eq!(exchange(&server.udp_peer(), b"hello"), b"HELLO");
    }
    server.allow_threads(100);
    eventually("it is replaced", || server.children().len() == 2);
    assert_eq!(server.stop(TIME_LIMIT).0.completed, 100);
}

#[test]
fn a_start_without_threads_says_so() {
    let table = [
        ("tcp iterative", 0),
        ("tcp threads", 0),
        ("tcp threads", 1),
        ("tcp processes", 0),
        ("tcp events workers=4", 0),
        ("tcp events workers=4", 3),
        ("udp iterative", 0),
        ("udp threads workers=4", 3),
        ("udp processes workers=4", 0),
        ("udp processes workers=4", 3),
        ("udp events workers=4", 1),
    ];
    for (place, (words, threads)) in (3..).zip(table) {
        let Some(user) = nobody(place) else { return };
        let Err(why) = Remote::try_start(&format!("{words} uid={user} nproc={threads}")) else {
            panic!("{words} started with {threads} threads");
        };
        assert!(why.starts_with("OutOfResources: could not start the server"), "{words}: {why}");
        assert!(why.contains("ulimit -u"), "{words}: {why}");
    }
}
