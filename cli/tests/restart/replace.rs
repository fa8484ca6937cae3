//! `--replace PATH`: a server takes the place of the one that waits at PATH.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::generations::eventually;
use crate::load::{Load, Way};
use crate::support::{Done, Running, words};

fn start(arguments: &str, path: &Path) -> Running {
    words(&format!("serve {arguments} --host 127.0.0.1 --json --replace {}", path.display())).start()
}

/// Starts one that is expected to serve; its port.
fn serve(arguments: &str, path: &Path) -> (Running, u64) {
    let running = start(arguments, path);
    let ready = running.json_line();
    assert_eq!(ready["event"], "ready", "{ready}");
    (running, ready["port"].as_u64().unwrap())
}

/// How one that was replaced ends.
fn replaced(running: Running) -> Done {
    assert_eq!(running.json_line()["event"], "replaced");
    assert_eq!(running.json_line()["event"], "stopped");
    let done = running.done();
    assert_eq!((done.code, done.text().as_str()), (0, ""), "{}", done.stderr);
    done
}

#[test]
fn each_takes_the_place_of_the_one_before_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    for (arguments, way) in [
        ("tcp --port 0 --framing line --drain-timeout inf", Way::Kept(20)),
        ("tcp --port 0 --framing line --drain-timeout inf", Way::Each),
        ("udp --port 0", Way::Datagrams),
    ] {
        let (mut server, port) = serve(arguments, &path);
        let kind = fs::symlink_metadata(&path).unwrap();
        assert!(kind.file_type().is_socket());
        assert_eq!(kind.permissions().mode() & 0o777, 0o600);
        let load = Load::start(u16::try_from(port).unwrap(), way, 8, 1000);
        // Concurrencies may follow each other.
        for concurrency in ["threads", "events", "iterative", "events"] {
            let before = load.answered();
            eventually("clients are answered", || load.answered() > before + 50);
            let (successor, same) = serve(&format!("{arguments} --concurrency {concurrency}"), &path);
            assert_eq!(same, port);
            replaced(std::mem::replace(&mut server, successor));
        }
        let (answered, _, lost) = load.end();
        assert_eq!(lost, Vec::<String>::new(), "{way:?}, {answered} answered");
        server.signal(libc::SIGTERM);
        let done = server.done();
        assert_eq!(done.code, 143, "{}", done.stderr);
        assert!(!path.exists(), "the last one has removed it");
    }
}

#[test]
fn a_unix_domain_socket_is_handed_over_with_its_file() {
    for transport in ["tcp", "udp"] {
        let folder = tempfile::tempdir().unwrap();
        let (path, socket) = (folder.path().join("control"), folder.path().join("socket"));
        let host = format!("unix:{}", socket.display());
        let serve = || {
            let replace = path.display();
            let running =
                words(&format!("serve {transport} --host {host} --json --replace {replace}")).start();
            assert_eq!(running.json_line()["event"], "ready", "{transport}");
            running
        };
        let ask = || words(&format!("client {transport} {host} hello")).done().text();
        let mut server = serve();
        for _ in 0..3 {
            assert_eq!(ask(), "HELLO\n", "{transport}");
            replaced(std::mem::replace(&mut server, serve()));
        }
        assert_eq!(ask(), "HELLO\n", "{transport}");
        server.signal(libc::SIGTERM);
        assert_eq!(server.done().code, 143, "{transport}");
        assert!(socket.exists() && !path.exists(), "{transport}: it belongs to whoever has the socket");
        // The next start removes it.
        serve().signal(libc::SIGTERM);
    }
}

#[test]
fn one_that_serves_something_else_is_refused_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    let (server, port) = serve("tcp --port 0", &path);
    for (arguments, why) in [
        ("udp --port 0".to_owned(), "it serves tcp"),
        (format!("tcp --port {}", port ^ 1), "is not among the addresses of this command"),
        ("tcp --port 0 --max-request 0".to_owned(), "max_request is 0"),
    ] {
        let done = start(&arguments, &path).done();
        assert!([1, 2].contains(&done.code), "{arguments}: {done:?}");
        assert!(done.stderr.contains(why), "{arguments}: {}", done.stderr);
        assert_eq!(server.json_line()["event"], "kept");
        assert!(path.exists(), "{arguments}");
    }
    let (successor, same) = serve(&format!("tcp --port {port}"), &path);
    assert_eq!(same, port);
    replaced(server);
    drop(successor);
}

#[test]
fn what_a_killed_server_has_left_is_replaced_and_no_file_of_somebody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    let (server, _) = serve("udp --port 0", &path);
    server.signal(libc::SIGKILL);
    server.done();
    assert!(path.exists());
    let (server, _) = serve("udp --port 0", &path);
    server.signal(libc::SIGTERM);
    server.done();

    fs::write(&path, "precious").unwrap();
    let done = start("udp --port 0", &path).done();
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("is no socket, and is not replaced"), "{}", done.stderr);
    assert_eq!(fs::read(&path).unwrap(), b"precious");

    let done = start("udp --port 0", &folder.path().join("x".repeat(200))).done();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("could not reach the server at"), "{}", done.stderr);
}

/// What a program of somebody says to the socket, and what the server says of it.
const STRANGERS: [(&[u8], &str); 5] = [
    (b"GET / HTTP/1.1\r\n\r\n", "it says what a server of this version does not"),
    (b"capsock 2 hello tcp 1\n", "it says what a server of this version does not"),
    (b"capsock 1 ready\n", "it says what a server of this version does not"),
    (&[0xff; 1024], "it says what a server of this version does not"),
    (b"", "it was not ready in time"),
];

#[test]
fn who_connects_and_is_no_server_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    let (server, _) = serve("tcp --port 0", &path);
    for (text, why) in STRANGERS {
        let mut stranger = UnixStream::connect(&path).unwrap();
        stranger.write_all(text).unwrap();
        let mut answer = String::new();
        stranger.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("capsock 1 refused the server goes on: {why}\n"));
        assert_eq!(server.json_line()["why"], why);
    }
    // It has got the sockets, and ends.
    let mut stranger = UnixStream::connect(&path).unwrap();
    stranger.write_all(b"capsock 1 hello tcp 1\n").unwrap();
    let mut answer = [0; 256];
    let length = stranger.read(&mut answer).unwrap();
    assert_eq!(answer[..length].escape_ascii().to_string(), "capsock 1 sockets server control\\n");
    drop(stranger);
    assert_eq!(server.json_line()["why"], "it ended before it was ready");
    let (successor, _) = serve("tcp --port 0", &path);
    replaced(server);
    drop(successor);
}
