//! Signals during calls, and the hook that decides whether a call ends.

use std::os::fd::AsFd;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once, mpsc};
use std::thread;
use std::time::Duration;

use capsock::{ErrorKind, Result, TcpClient, TcpClientOptions, UdpClient, UdpClientOptions};

use crate::tools::{LIMIT, TcpServer, answer_lines, tcp_options, telling_pipe, udp_options, udp_server};

extern "C" fn nothing(_: libc::c_int) {}

/// Installs a handler of SIGUSR1 that does nothing, so that the signal interrupts system calls.
fn catch_signal() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the action is plain data, and the handler does nothing.
        let result = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = nothing as *const () as libc::sighandler_t;
            libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut())
        };
        assert_eq!(result, 0);
    });
}

/// Sends signals to the thread that runs `call` until the call returns.
fn interrupted<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> ErrorKind {
    catch_signal();
    let (done, wait) = mpsc::channel();
    let thread = thread::spawn(move || done.send(call().map(drop).unwrap_err().kind()).unwrap());
    for _ in 0..LIMIT.as_millis() / 10 {
        // SAFETY: the thread has not been joined; if it has ended, the signal is lost.
        unsafe { libc::pthread_kill(thread.as_pthread_t() as libc::pthread_t, libc::SIGUSR1) };
        if let Ok(kind) = wait.recv_timeout(Duration::from_millis(10)) {
            thread.join().unwrap();
            return kind;
        }
    }
    panic!("a signal does not end the call");
}

fn abort() -> bool {
    true
}

/// A server that never sends anything.
fn silent() -> TcpServer {
    TcpServer::start(|_, mut peer| while !peer.piece(1000).is_empty() {})
}

#[test]
fn the_hook_ends_blocked_calls() {
    let tcp = TcpClientOptions { on_interrupt: Some(abort), ..tcp_options() };
    let udp = UdpClientOptions { on_interrupt: Some(abort), ..udp_options() };
    let server = silent();
    let (_socket, address) = udp_server("127.0.0.1");

    let client = TcpClient::connect_with(server.address, tcp.clone()).unwrap();
    assert_eq!(interrupted(move || client.request("one")), ErrorKind::Interrupted);

    let client = UdpClient::connect_with(address, udp).unwrap();
    assert_eq!(interrupted(move || client.request("one")), ErrorKind::Interrupted);

    let (mut input, _feed) = std::io::pipe().unwrap();
    let client = Arc::new(TcpClient::connect_with(server.address, tcp).unwrap());
    let same = Arc::clone(&client);
    let input_too = input.try_clone().unwrap();
    assert_eq!(interrupted(move || same.copy_fd(input_too.as_fd(), &mut Vec::new())), ErrorKind::Interrupted);
    assert_eq!(interrupted(move || client.copy(&mut input, &mut Vec::new())), ErrorKind::Interrupted);
}

static ASKED: AtomicUsize = AtomicUsize::new(0);

fn go_on_twice() -> bool {
    ASKED.fetch_add(1, Ordering::SeqCst) == 2
}

#[test]
fn the_hook_decides_each_time() {
    let server = silent();
    let options = TcpClientOptions { on_interrupt: Some(go_on_twice), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    assert_eq!(interrupted(move || client.request("one")), ErrorKind::Interrupted);
    assert_eq!(ASKED.load(Ordering::SeqCst), 3);
}

#[test]
fn without_a_hook_calls_go_on() {
    let server = silent();
    let options = TcpClientOptions { timeout: Some(Duration::from_millis(100)), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    assert_eq!(interrupted(move || client.request("one")), ErrorKind::TimedOut);
}

#[test]
fn a_signal_ends_the_wait_for_a_turn_and_nothing_else_does() {
    let server = silent();
    let options = TcpClientOptions { on_interrupt: Some(abort), ..tcp_options() };
    let client = Arc::new(TcpClient::connect_with(server.address, options).unwrap());
    let (mut input, feed, wait) = telling_pipe();
    thread::scope(|scope| {
        let copy = scope.spawn(|| client.copy(&mut input, &mut Vec::new()));
        wait.recv_timeout(LIMIT).unwrap();
        let same = Arc::clone(&client);
        assert_eq!(interrupted(move || same.request("one")), ErrorKind::Interrupted);
        drop(feed);
        assert!(copy.join().unwrap().is_ok(), "the hook would have ended it");
    });
}

#[test]
fn without_a_signal_threads_with_a_hook_take_turns() {
    let server = TcpServer::start(|_, peer| answer_lines(peer));
    let options = TcpClientOptions { on_interrupt: Some(abort), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(client.request("one").unwrap(), "ONE")));
        }
    });
}
