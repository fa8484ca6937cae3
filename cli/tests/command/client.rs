//! `capsock client`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};

use crate::support::{Done, Server, TIMEOUT, accept, capsock, file, mixed, read_from, silent, words};

fn ask(transport: &str, server: &Server, rest: &str, input: &[u8]) -> Done {
    words(&format!("client {transport} 127.0.0.1 {} {rest}", server.port())).input(input).done()
}

#[test]
fn words_and_lines_come_back_in_upper_case() {
    // What is asked, the standard input, what comes out.
    let scenarios: &[(&str, &[u8], &[u8])] = &[
        ("hello", b"not read", b"HELLO\n"),
        ("hello wide world", b"", b"HELLO WIDE WORLD\n"),
        ("--timeout 20 hello", b"", b"HELLO\n"),
        ("--timeout inf hello", b"", b"HELLO\n"),
        ("hello --timeout 20 you", b"", b"HELLO YOU\n"),
        ("-- --hello", b"", b"--HELLO\n"),
        ("straße", b"", b"STRASSE\n"),
        ("", b"one\ntwo\n", b"ONE\nTWO\n"),
        ("", b"a\xffb\n\nc\n", b"A\xffB\n\nC\n"),
        ("", b"", b""),
    ];
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        for (rest, input, output) in scenarios {
            let done = ask(transport, &server, rest, input);
            assert_eq!(
                (done.code, done.stdout.as_slice(), done.stderr.as_str()),
                (0, *output, ""),
                "{transport} {rest}"
            );
        }
    }
}

#[test]
fn a_last_line_without_a_newline_is_a_request_over_udp_and_streamed_over_tcp() {
    for (transport, output) in [("tcp", "ONE\nTWO"), ("udp", "ONE\nTWO\n")] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        assert_eq!(ask(transport, &server, "", b"one\ntwo").text(), output);
    }
}

#[test]
fn arguments_need_not_be_utf8() {
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        let start = format!("client {transport} 127.0.0.1 {}", server.port());
        let args = start.split(' ').map(OsString::from).chain([OsStr::from_bytes(b"a\xffb").to_owned()]);
        assert_eq!(capsock(args).done().stdout, b"A\xffB\n");
    }
}

#[test]
fn json_tells_each_reply() {
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        let done = ask(transport, &server, "--json", "straße\n\nb\n".as_bytes());
        assert_eq!(done.code, 0, "{done:?}");
        let replies: Vec<Value> =
            done.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let printed: Vec<_> =
            replies.iter().map(|one| [&one["reply"], &one["bytes_sent"], &one["bytes_received"]]).collect();
        assert_eq!(json!(printed), json!([["STRASSE", 7, 7], ["", 0, 0], ["B", 1, 1]]));
        assert!(replies.iter().all(|one| one["seconds"].as_f64().is_some_and(|seconds| seconds < 60.0)));

        let done = ask(transport, &server, "--json", b"a\xff\n");
        let reply: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((&reply["reply"], &reply["reply_hex"]), (&Value::Null, &json!("41ff")));
    }
}

#[test]
fn a_newline_in_the_text_is_refused_over_tcp() {
    let server = Server::start("tcp --host 127.0.0.1");
    let port = server.port().to_string();
    let done = capsock(["client", "tcp", "127.0.0.1", &port, "two\nlines"]).done();
    assert_eq!((done.code, done.text().as_str()), (2, ""), "{done:?}");
    assert!(done.stderr.contains("newline"), "{done:?}");
}

#[test]
fn a_file_streams_through_every_tcp_server_as_through_the_filter() {
    let bytes = [mixed(1 << 20), b"plain text and a newline\n".repeat(1 << 18)].concat().repeat(4);
    let (_folder, path) = file(&bytes);
    let through = |line: &str| {
        let (_folder, out) = file(b"");
        let run = words(line).stdin(File::open(&path).unwrap()).stdout(File::create(&out).unwrap());
        let done = run.done();
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{line}");
        std::fs::read(&out).unwrap()
    };
    let filtered = through("uppercase");
    assert!(filtered == capsock::uppercase(&bytes));
    for concurrency in ["iterative", "threads", "processes", "events"] {
        let server = Server::start(&format!("tcp --host 127.0.0.1 --concurrency {concurrency}"));
        let streamed = through(&format!("client tcp 127.0.0.1 {}", server.port()));
        assert!(streamed == filtered, "{concurrency}: {} bytes of {}", streamed.len(), filtered.len());
    }
}

#[test]
fn a_stream_is_answered_while_its_input_stays_open() {
    let server = Server::start("tcp --host 127.0.0.1");
    let mut running = words(&format!("client tcp 127.0.0.1 {}", server.port())).start();
    for word in ["one", "two", "three"] {
        let stdin = running.stdin.as_mut().unwrap();
        stdin.write_all(format!("{word}\n").as_bytes()).unwrap();
        assert_eq!(running.line(), word.to_uppercase());
    }
    assert_eq!(running.done().code, 0);
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let server = Server::start("tcp --host 127.0.0.1");
    let (reader, writer) = std::io::pipe().unwrap();
    let line = format!("client tcp 127.0.0.1 {}", server.port());
    let running = words(&line).stdin(File::open("/dev/zero").unwrap()).stdout(writer).start();
    read_from(&reader, 1000);
    drop(reader);
    let done = running.done();
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

#[test]
fn a_full_disk_is_an_error() {
    let server = Server::start("tcp --host 127.0.0.1");
    for rest in ["", "hello"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let line = format!("client tcp 127.0.0.1 {} {rest}", server.port());
        let done = words(&line).input("hello\n").stdout(full).done();
        assert_eq!(done.code, 1);
        assert!(done.stderr.starts_with("capsock: could not write to standard output: "), "{done:?}");
    }
}

#[test]
fn what_fits_no_datagram_is_an_error_and_no_line_is_lost_before_it() {
    let server = Server::start("udp --host 127.0.0.1");
    let fits = "a".repeat(65_507);
    let too_large = "a".repeat(65_508);
    let done = ask("udp", &server, "", format!("{fits}\n{too_large}\nlater\n").as_bytes());
    assert_eq!((done.code, done.text()), (1, fits.to_uppercase() + "\n"));
    assert!(done.stderr.contains("65508") && done.stderr.contains("65507"), "{done:?}");
}

#[test]
fn a_server_that_does_not_reply_ends_it_in_time() {
    let (_listener, port) = silent();
    let quiet = UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = quiet.local_addr().unwrap().port();
    let scenarios = [
        format!("tcp 127.0.0.1 {port} --timeout 0.2 hello"),
        format!("tcp 127.0.0.1 {port} --timeout 0.2"),
        format!("udp 127.0.0.1 {udp} --timeout 0.2 hello"),
        format!("udp 127.0.0.1 {udp} --timeout 0.2 --retransmit-after inf hello"),
        format!("udp 127.0.0.1 {udp} --timeout 0.2 --retransmit-after 0.01 --retransmissions 2 hello"),
    ];
    for scenario in scenarios {
        let done = words(&format!("client {scenario}")).input("hello\n").done();
        assert_eq!(done.code, 124, "{scenario}: {done:?}");
        assert!(done.stderr.starts_with("capsock: could not "), "{done:?}");
    }
}

#[test]
fn a_signal_ends_it_while_it_waits_for_a_reply() {
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143), (libc::SIGHUP, 129)] {
        let (listener, port) = silent();
        let running = words(&format!("client tcp 127.0.0.1 {port} --timeout inf hello")).start();
        let mut connection = accept(&listener);
        connection.read_exact(&mut [0; 6]).unwrap();
        running.signal(signal);
        let done = running.done();
        assert_eq!((done.code, done.stderr.as_str()), (code, ""));

        let quiet = UdpSocket::bind("127.0.0.1:0").unwrap();
        quiet.set_read_timeout(Some(TIMEOUT)).unwrap();
        let port = quiet.local_addr().unwrap().port();
        let running = words(&format!("client udp 127.0.0.1 {port} --timeout inf hello")).start();
        quiet.recv(&mut [0; 10]).unwrap();
        running.signal(signal);
        let done = running.done();
        assert_eq!((done.code, done.stderr.as_str()), (code, ""));
    }
}

#[test]
fn a_signal_ends_it_while_it_waits_for_input() {
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        let mut running = words(&format!("client {transport} 127.0.0.1 {}", server.port())).start();
        running.stdin.as_mut().unwrap().write_all(b"ready\n").unwrap();
        assert_eq!(running.line(), "READY");
        let stdin = running.stdin.take();
        running.signal(libc::SIGINT);
        assert_eq!(running.done().code, 130, "{transport}");
        drop(stdin);
    }
}
