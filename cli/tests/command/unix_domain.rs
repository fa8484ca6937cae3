//! Unix domain sockets: `--host unix:PATH`, and clients of them.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};

use serde_json::json;

use crate::support::{Server, words};

#[test]
fn a_path_is_served_and_asked_without_a_port() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["tcp", "udp"] {
        let path = folder.path().join(transport);
        let host = format!("unix:{}", path.display());
        let server = Server::start(&format!("{transport} --host {host} --socket-mode 660"));
        assert_eq!(
            (&server.ready["address"], &server.ready["port"], &server.ready["local"]),
            (&json!(host), &json!(0), &json!(true))
        );
        assert_eq!(server.ready["addresses"], json!([host]));
        let said = server.running.error_line();
        let expected =
            format!("serving {transport} (events) on {host}, for those who may write to that file;");
        assert!(said.contains(&expected), "{said}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);

        let done = words(&format!("client {transport} {host} hello world")).done();
        assert_eq!((done.code, done.text().as_str()), (0, "HELLO WORLD\n"), "{done:?}");
        let done = words(&format!("client {transport} {} 7", path.display())).done();
        assert_eq!((done.code, done.text().as_str()), (0, "7\n"), "{done:?}");
        let done = words(&format!("client {transport} {host}")).input("one\ntwo\n").done();
        assert_eq!((done.code, done.text().as_str()), (0, "ONE\nTWO\n"), "{done:?}");

        let second = words(&format!("serve {transport} --host {host}")).done();
        assert_eq!(second.code, 1, "{second:?}");
        assert!(second.stderr.contains("a server is running on it"), "{second:?}");

        server.running.signal(libc::SIGINT);
        assert_eq!(server.running.done().code, 130);
        assert!(!path.exists());
        let done = words(&format!("client {transport} {host} hello")).done();
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains("is a server running on that socket?"), "{done:?}");
    }
}

#[test]
fn a_server_that_was_killed_leaves_a_file_that_the_next_one_replaces() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["tcp", "udp"] {
        let path = folder.path().join(transport);
        let arguments = format!("{transport} --host unix:{}", path.display());
        let server = Server::start(&arguments);
        server.running.signal(libc::SIGKILL);
        drop(server);
        assert!(path.exists());
        let server = Server::start(&arguments);
        if transport == "tcp" {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.write_all(b"hello").unwrap();
            let mut reply = [0; 5];
            stream.read_exact(&mut reply).unwrap();
            assert_eq!(&reply, b"HELLO");
        } else {
            let own = folder.path().join("own");
            let socket = UnixDatagram::bind(&own).unwrap();
            socket.connect(&path).unwrap();
            socket.send(b"hello").unwrap();
            let mut reply = [0; 16];
            assert_eq!(socket.recv(&mut reply).unwrap(), 5);
        }
        server.running.signal(libc::SIGTERM);
        assert_eq!(server.running.done().code, 143);
        assert!(!path.exists());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_abstract_name_is_served() {
    let host = format!("unix:@capsock-command-{}", std::process::id());
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host {host}"));
        let said = server.running.error_line();
        assert!(said.contains(&format!("on {host}, for any program on this machine;")), "{said}");
        let done = words(&format!("client {transport} {host} hello")).done();
        assert_eq!((done.code, done.text().as_str()), (0, "HELLO\n"), "{done:?}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let long = "x".repeat(200);
    let table = [
        ("serve tcp --host unix:".to_owned(), 2, "the path is empty"),
        (format!("serve udp --host unix:/tmp/{long}"), 2, "the path has 205 bytes"),
        ("serve tcp --socket-mode 660".to_owned(), 2, "socket_mode is for the file"),
        ("serve tcp --host unix:/x --socket-mode 8".to_owned(), 2, "'8' is not an octal number"),
        ("serve tcp --host unix:/x --socket-mode 7777".to_owned(), 2, "no permission of a file"),
        ("serve tcp --host unix:/nowhere/at/all".to_owned(), 1, "create its directory first"),
        (format!("client tcp unix:/tmp/{long} hello"), 2, "the path has 205 bytes"),
    ];
    for (line, code, text) in table {
        let done = words(&line).done();
        assert_eq!(done.code, code, "{line}: {done:?}");
        assert!(done.stderr.contains(text), "{line}: {done:?}");
    }
}
