//! A system that refuses calls, as emulators and sandboxes do: a filter in the server's process.

use std::io::Read;

use capsock::Features;

use crate::measure::ask;
use crate::remote::Remote;
use crate::support::{TIME_LIMIT, eventually, exchange};

/// The descriptors of a process.
fn descriptors(process: i32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// What is refused, and whether the server has `pidfd`.
const WAYS: [(&str, bool); 8] = [
    ("", true),
    ("refuse=clone-pidfd", true),
    ("refuse=clone-pidfd+exit-signal-0", true),
    ("refuse=close-range", true),
    ("refuse=pidfd-open", false),
    ("refuse=pidfd-send-signal", false),
    ("refuse=waitid-pidfd", false),
    ("refuse=clone-pidfd+exit-signal-0+pidfd-open+close-range", false),
];

#[test]
fn processes_are_served_without_the_calls_of_a_newer_system() {
    for (refused, pidfd) in WAYS {
        let mut tcp = Remote::start(&format!("tcp processes framing=line {refused}"));
        let mut udp = Remote::start(&format!("udp processes workers=2 {refused}"));
        assert_eq!(Features::from_bits(tcp.total("features")).has(Features::PIDFD), pidfd, "{refused}");
        let clients = [tcp.connect(), tcp.connect()];
        clients.iter().for_each(ask);
        assert_eq!(exchange(&udp.udp_peer(), b"hello"), b"HELLO", "{refused}");
        for server in [&tcp, &udp] {
            let children = server.children();
            assert_eq!(children.len(), 2, "{refused}");
            for child in children {
                // Its socket, what it learns of a stop and of a pause and its end by, and the pipe.
                let expected = if pidfd { 4 } else { 5 };
                eventually("it has closed the others", || descriptors(child) == expected);
            }
        }
        let [kept, closed] = clients;
        drop(closed);
        tcp.until("connections_active", |active| active == 1);
        ask(&kept);
        let victim = udp.children()[0];
        // SAFETY: it is a process of the test's own server.
        assert_eq!(unsafe { libc::kill(victim, libc::SIGKILL) }, 0);
        eventually("another has its place", || {
            let now = udp.children();
            now.len() == 2 && !now.contains(&victim)
        });
        assert_eq!(exchange(&udp.udp_peer(), b"hello"), b"HELLO", "{refused}");
        for server in [&mut tcp, &mut udp] {
            let (report, took) = server.stop(TIME_LIMIT);
            assert!(report.completed > 0 && report.cut == 0 && took < TIME_LIMIT / 2, "{refused}: {took:?}");
            assert!(server.children().is_empty(), "{refused}");
        }
        assert_eq!((&kept).read(&mut [0]).unwrap(), 0, "{refused}");
    }
}

#[test]
fn where_no_process_can_be_created_the_call_is_named() {
    let Err(why) = Remote::try_start("udp processes refuse=clone") else { panic!("it has started") };
    let expected = "Unsupported: could not start the server: the system refuses clone(2): Invalid argument \
                    (EINVAL); choose the concurrency threads or events";
    assert_eq!(why, expected);
    let mut tcp = Remote::start("tcp processes refuse=clone");
    assert_eq!(tcp.connect().read(&mut [0]).unwrap(), 0);
    tcp.until("connections_refused", |refused| refused == 1);
    eventually("it is logged", || {
        tcp.logged("a connection was refused: cannot create a process (the system refuses clone(2))") == 1
    });
}

#[test]
fn many_requests_of_a_udp_client_without_the_options_of_linux() {
    for host in ["127.0.0.1", "::1"] {
        for refused in ["", "refuse=orig-dst", "refuse=recverr", "refuse=orig-dst-6", "refuse=recverr-6"] {
            let mut server = Remote::start(&format!("udp events host={host} {refused}"));
            let expected = refused.is_empty() && Features::of_this_machine().has(Features::ORIG_DST);
            assert_eq!(server.features().has(Features::ORIG_DST), expected, "{refused}");
            assert!(server.features().has(Features::LOOPBACK_ADDRESSES));
            assert_eq!(server.request_many(), "done", "{host} {refused}");
        }
    }
}
