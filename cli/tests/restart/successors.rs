//! SIGUSR2: what becomes of the server if its successor fails, and of a second signal; and who is told.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::generations::{Generations, command, eventually, install};
use crate::support::TIMEOUT;

fn ask(port: u16) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    check(&mut stream);
}

fn check(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.write_all(b"hello\n").unwrap();
    let mut reply = [0; 6];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HELLO\n");
}

/// A program that is no successor, and what is said of it.
const FAILURES: [(&str, &str); 4] = [
    ("#!/bin/sh\nexec sleep 1000\n", "it was not ready in time"),
    ("#!/bin/sh\nexit 7\n", "it ended before it was ready (exit status: 7)"),
    ("#!/bin/sh\nkill -9 $$\n", "it ended before it was ready (signal: 9 (SIGKILL))"),
    (
        "#!/bin/sh\necho GET / HTTP/1.1 >&0\nexec sleep 1000\n",
        "it says what a server of this version does not",
    ),
];

#[test]
fn a_successor_that_fails_is_given_up_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("capsock");
    install(&command(), &program);
    let mut server = Generations::start(&program, "tcp --framing line --replace-timeout 0.5");
    for (script, expected) in FAILURES {
        install(script.as_bytes(), &program);
        let mut kept = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        check(&mut kept);
        server.signal(libc::SIGUSR2);
        let process = server.event("replacing")["process"].as_u64().unwrap();
        assert_eq!(server.event("kept")["why"].as_str().unwrap(), expected, "{script}");
        assert!(!is_running(process), "{script}");
        ask(server.port);
        check(&mut kept);
    }
    fs::remove_file(&program).unwrap();
    server.signal(libc::SIGUSR2);
    assert!(server.event("kept")["why"].as_str().unwrap().contains("could not start the program"));
    // A new version in the same place is started.
    install(&command(), &program);
    server.restart();
    ask(server.port);
    let (_, status) = server.end();
    assert_eq!(status.code(), Some(0));
}

fn is_running(process: u64) -> bool {
    fs::metadata(format!("/proc/{process}")).is_ok()
}

#[test]
fn a_second_signal_during_a_restart_is_not_a_second_restart() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("capsock");
    install(&command(), &program);
    let mut server = Generations::start(&program, "tcp --framing line --replace-timeout 1");
    install(FAILURES[0].0.as_bytes(), &program);
    server.signal(libc::SIGUSR2);
    server.event("replacing");
    for _ in 0..5 {
        server.signal(libc::SIGUSR2);
        ask(server.port);
    }
    server.event("kept");
    // One that comes later is.
    install(&command(), &program);
    server.restart();
    assert!(!server.has_other("replacing"));
    server.end();
}

#[test]
fn a_stop_during_a_restart_ends_the_successor() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("capsock");
    install(&command(), &program);
    let mut server = Generations::start(&program, "udp --replace-timeout inf");
    install(FAILURES[0].0.as_bytes(), &program);
    server.signal(libc::SIGUSR2);
    let process = server.event("replacing")["process"].as_u64().unwrap();
    assert!(is_running(process));
    let begin = Instant::now();
    let (_, status) = server.end();
    assert_eq!(status.code(), Some(143));
    assert!(begin.elapsed() < TIMEOUT / 2);
    assert!(!is_running(process));
}

#[test]
fn a_kept_connection_is_served_until_the_limit_and_not_longer() {
    let mut server =
        Generations::start(env!("CARGO_BIN_EXE_capsock"), "tcp --framing line --drain-timeout 2");
    let mut kept = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    check(&mut kept);
    let begin = Instant::now();
    server.restart();
    check(&mut kept);
    assert_eq!(server.event("stopped")["cut"], 0);
    assert!(begin.elapsed() >= Duration::from_secs(2));
    assert_eq!(kept.read(&mut [0]).unwrap(), 0, "it is closed, not reset");
    ask(server.port);
}

#[test]
fn the_metrics_move_to_the_successor_on_the_same_port() {
    let mut server = Generations::start(
        env!("CARGO_BIN_EXE_capsock"),
        "tcp --framing line --metrics 127.0.0.1:0 --drain-timeout inf",
    );
    let address = server.restarted()["metrics"][0].clone();
    let port: u16 = address.as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let held = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    for _ in 0..3 {
        assert_eq!(get(port, "/readyz"), "ready\n");
        assert_eq!(server.restarted()["metrics"][0], address);
        assert_eq!(get(port, "/readyz"), "ready\n", "the successor answers");
        let active = get(port, "/metrics");
        assert!(
            active.contains("capsock_connections_active{transport=\"tcp\",concurrency=\"events\"} 0\n"),
            "{active}"
        );
    }
    drop(held);
    server.end();
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// The old process says who is the main one: from others a service manager takes nothing by default.
#[test]
fn a_service_manager_is_told_which_process_is_the_main_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(TIMEOUT)).unwrap();
    let told = || {
        let mut text = [0; 512];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsock"));
    command
        .args(["serve", "tcp", "--port", "0", "--host", "127.0.0.1", "--json"])
        .env("NOTIFY_SOCKET", &path);
    let mut server = Generations::of(&mut command);
    let ready = |process| format!("READY=1\nMAINPID={process}\nSTATUS=serving tcp ");
    assert!(told().starts_with(&ready(server.process())));
    for _ in 0..2 {
        server.restart();
        assert_eq!(told(), format!("MAINPID={}\n", server.process()));
        assert!(told().starts_with(&ready(server.process())));
    }
    server.end();
    assert!(told().starts_with("STOPPING=1\n"), "that of the last one alone");
    manager.set_nonblocking(true).unwrap();
    assert!(manager.recv(&mut [0]).is_err());
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' USR2; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_capsock")]);
    shell.args(["serve", "udp", "--port", "0", "--host", "127.0.0.1", "--json"]);
    let mut server = Generations::of(&mut shell);
    server.signal(libc::SIGUSR2);
    eventually("it goes on", || is_running(u64::try_from(server.process()).unwrap()));
    assert!(!server.has_other("replacing"));
    let (_, status) = server.end();
    assert_eq!(status.code(), Some(143));
}
