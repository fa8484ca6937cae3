//! The threads of `Concurrency::Threads`. Alone in its binary: it counts the threads of the process.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use capsock::Concurrency;
use support::{ask, ask_to_the_end, connect, eventually, tcp};

/// The threads of this process that serve connections.
fn serving() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "capsock-tcp").count()
}

#[test]
fn threads_are_used_again() {
    let server = tcp(Concurrency::Threads).start().unwrap();
    for _ in 0..100 {
        assert_eq!(ask_to_the_end(&connect(&server), b"hello"), b"HELLO");
    }
    assert!(serving() < 20, "{} threads for one connection after another", serving());
    // Each connection has one while it is open, and one more waits in accept(2).
    let open: Vec<_> = (0..80).map(|_| connect(&server)).collect();
    open.iter().for_each(|client| ask(client, b"hello", b"HELLO"));
    eventually("each has a thread", || serving() == 81);
    drop(open);
    eventually("some are kept, the others end", || serving() <= 18);
    assert_eq!(server.stop(support::TIME_LIMIT).unwrap().completed, 180);
    eventually("all have ended", || serving() == 0);
}
