//! Killed processes: the children of a server, and their parent.

use std::net::{TcpStream, UdpSocket};

use crate::measure::ask;
use crate::remote::Remote;
use crate::support::{eventually, exchange};

fn kill(process: i32) {
    // SAFETY: it is a process of the test's own server.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

/// Whether it has ended; then it is taken note of, and is no zombie any more.
fn has_ended(process: i32) -> bool {
    // SAFETY: it is known by its number; with a null status nothing is written.
    unsafe { libc::waitpid(process, std::ptr::null_mut(), libc::WNOHANG | libc::__WALL) == process }
}

/// The engines' ways to know a child.
const WAYS: [&str; 2] = ["", " without=pidfd"];

#[test]
fn a_killed_server_leaves_no_process_and_no_port() {
    // Orphans become this process's children, so that it learns of their ends (prctl(2)).
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }, 0);
    for way in WAYS {
        let tcp = Remote::start(&format!("tcp processes framing=line{way}"));
        let udp = Remote::start(&format!("udp processes workers=3{way}"));
        let clients: Vec<TcpStream> = (0..5).map(|_| tcp.connect()).collect();
        clients.iter().for_each(ask);
        assert_eq!(exchange(&udp.udp_peer(), b"hello"), b"HELLO");
        for (server, count) in [(&tcp, 5), (&udp, 3)] {
            let children = server.children();
            assert_eq!(children.len(), count);
            kill(server.id());
            for child in children {
                eventually("it has ended with its server", || has_ended(child));
            }
        }
        for client in &clients {
            assert!(!matches!(std::io::Read::read(&mut &*client, &mut [0; 9]), Ok(1..)));
        }
        eventually("nobody listens", || TcpStream::connect(tcp.address).is_err());
        // For a moment it may be that of another test, which asked for any.
        eventually("the port is free", || UdpSocket::bind(udp.address).is_ok());
    }
}

#[test]
fn killed_children_leave_no_zombie_and_cost_their_own_clients_only() {
    for way in WAYS {
        let mut tcp = Remote::start(&format!("tcp processes framing=line{way}"));
        let mut udp = Remote::start(&format!("udp processes workers=2{way}"));
        for round in 0..5 {
            let survivor = tcp.connect();
            ask(&survivor);
            let kept = tcp.children();
            let victims = [tcp.connect(), tcp.connect()];
            victims.iter().for_each(ask);
            tcp.children().into_iter().filter(|child| !kept.contains(child)).for_each(kill);
            for victim in &victims {
                assert!(!matches!(std::io::Read::read(&mut &*victim, &mut [0; 9]), Ok(1..)));
            }
            ask(&survivor);
            eventually("the dead have gone", || tcp.children() == kept);
            drop(survivor);
            tcp.until("connections_active", |active| active == 0);
            eventually("all have gone", || tcp.children().is_empty());

            let before = udp.children();
            kill(before[round % 2]);
            eventually("another has its place", || {
                let now = udp.children();
                now.len() == 2 && now != before
            });
            // All children's port, and it was never nobody's.
            assert_eq!(exchange(&udp.udp_peer(), b"hello"), b"HELLO");
        }
        assert_eq!(udp.total("requests"), 5);
    }
}
