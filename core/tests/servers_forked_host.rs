//! A host that forks while clients are connected, as Python's multiprocessing does: the child has copies of all
//! descriptors, which must have no effect. Alone in its binary: it forks.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use capsock::{Concurrency, ErrorKind, TcpClient, UdpClient};
use support::*;

/// Forks a child that does nothing until it is killed.
fn fork_idle_child() -> Child {
    // SAFETY: the child makes system calls only.
    unsafe {
        match libc::fork() {
            0 => loop {
                libc::pause();
            },
            pid => {
                assert!(pid > 0, "fork: {}", std::io::Error::last_os_error());
                Child(pid)
            }
        }
    }
}

/// The processor time that this process has used.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes a whole timespec.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The tests run one at a time: processor time is that of the whole process, and a child has all its descriptors.
fn run_alone() -> std::sync::MutexGuard<'static, ()> {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn clients_see_the_end_and_no_worker_spins() {
    let _alone = run_alone();
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        let client = connect(&server);
        ask(&client, b"hello", b"HELLO");
        let _child = fork_idle_child();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&client), b"", "{concurrency:?}");
        eventually("the connection is gone", || server.stats().connections_active == 0);
        let before = processor_time();
        assert!(!server.wait(Some(Duration::from_millis(200)), None).unwrap());
        let used = processor_time() - before;
        assert!(used < Duration::from_millis(100), "{concurrency:?} used {used:?} while nobody asked");
        ask(&connect(&server), b"next", b"NEXT");
    }
}

/// A child that does nothing; it is ended when this is dropped, also by a test that fails.
struct Child(libc::pid_t);

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: it is a child of this process, killed and reaped once.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, std::ptr::null_mut(), 0);
        }
    }
}

#[test]
fn every_client_sees_a_stop() {
    let _alone = run_alone();
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).write_timeout(None).start().unwrap();
        let address = server.local_addr();
        let greedy = connect(&server);
        greedy.set_nonblocking(true).unwrap();
        let text = vec![b'a'; 1 << 20];
        eventually("the replies have no room", || {
            while (&greedy).write(&text).is_ok() {}
            let before = server.stats().bytes_sent;
            std::thread::yield_now();
            before > 0 && server.stats().bytes_sent == before
        });
        let _child = fork_idle_child();
        assert_eq!(server.stop(Duration::ZERO).unwrap().cut, 1, "{concurrency:?}");
        // A reset, at once: what waits to be read is gone with it.
        greedy.set_nonblocking(false).unwrap();
        assert!(std::io::copy(&mut &greedy, &mut std::io::sink()).is_err(), "{concurrency:?}");
        assert!(TcpStream::connect(address).is_err(), "{concurrency:?} still listens");
        drop(server);
        drop(capsock::Server::tcp(address).start().unwrap());
    }
}

/// Has a child find out whether something holds, in calls that allocate a little and start nothing.
fn in_a_child(holds: impl FnOnce() -> bool) -> bool {
    // SAFETY: no other thread of this process allocates for long, and glibc's malloc is safe after a fork; the child
    // leaves at once.
    let child = unsafe {
        match libc::fork() {
            0 => libc::_exit(i32::from(!holds())),
            pid => pid,
        }
    };
    let mut status = 0;
    // SAFETY: the status is written to an int.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status == 0
}

#[test]
fn the_server_is_not_the_childs_to_stop() {
    let _alone = run_alone();
    let server = tcp(Concurrency::Events).start().unwrap();
    assert!(in_a_child(|| {
        let refused = server.stop(TIME_LIMIT).is_err_and(|error| error.kind() == ErrorKind::Unsupported);
        server.request_stop();
        refused
    }));
    ask(&connect(&server), b"still here", b"STILL HERE");
}

#[test]
fn a_client_is_not_the_childs_to_ask_with_or_to_close() {
    let _alone = run_alone();
    let handler = |request: &[u8]| request.to_ascii_uppercase();
    let options = tcp(Concurrency::Events).framing(capsock::Framing::Line);
    let (tcp, udp) = (options.handler(handler).start().unwrap(), udp(Concurrency::Events).start().unwrap());
    let by_tcp = TcpClient::connect(tcp.local_addr()).unwrap();
    let by_udp = UdpClient::connect(udp.local_addr()).unwrap();
    assert_eq!(by_tcp.request("before").unwrap(), "BEFORE");
    assert!(in_a_child(|| {
        let errors = [by_tcp.request("child").unwrap_err(), by_udp.request("child").unwrap_err()];
        by_tcp.close();
        by_udp.close();
        let refused = |error: &capsock::Error| {
            error.kind() == ErrorKind::Unsupported && error.to_string().contains("forked off")
        };
        errors.iter().all(refused) && by_tcp.local_addr().is_err_and(|error| refused(&error))
    }));
    for text in ["one", "two"] {
        assert_eq!(by_tcp.request(text).unwrap(), text.to_uppercase());
        assert_eq!(by_udp.request(text).unwrap(), text.to_uppercase());
    }
    assert_eq!((tcp.stats().requests, tcp.stats().connections_accepted), (3, 1));
}
