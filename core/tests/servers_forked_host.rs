//! A host that forks while clients are connected, as Python's multiprocessing does: the child has
//! copies of all descriptors, and nobody must notice. Alone in its binary: it forks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use capsock::{Concurrency, ErrorKind};
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

/// The tests take turns: the processor's time is that of the whole process, and a child has all its descriptors.
fn turn() -> std::sync::MutexGuard<'static, ()> {
    static TURNS: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURNS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn clients_see_the_end_and_no_worker_spins() {
    let _turn = turn();
    for &concurrency in Concurrency::ALL {
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
fn a_stop_is_seen_by_all() {
    let _turn = turn();
    for &concurrency in Concurrency::ALL {
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

#[test]
fn the_server_is_not_the_childs_to_stop() {
    let _turn = turn();
    let server = tcp(Concurrency::Events).start().unwrap();
    // SAFETY: the child stops, which in a forked process allocates an error and nothing else, and leaves.
    let child = unsafe {
        match libc::fork() {
            0 => {
                let refused =
                    server.stop(PATIENCE).is_err_and(|error| error.kind() == ErrorKind::Unsupported);
                server.request_stop();
                libc::_exit(i32::from(!refused))
            }
            pid => pid,
        }
    };
    let mut status = 0;
    // SAFETY: the status is written to an int.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child was told");
    ask(&connect(&server), b"still here", b"STILL HERE");
}
