//! `capsock show --link`, with this command as the server and the clients: they know nothing of the link.

use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use serde_json::Value;

use crate::show::{free_port, headings, on_free_port, show};
use crate::support::{capsock, file, until};

const UDP: &str = "serve udp --host 127.0.0.1 --port PORT --concurrency iterative --workers 1";
const TCP: &str = "serve tcp --host 127.0.0.1 --port PORT --concurrency iterative --workers 1";
const UDP_CLIENT: &str = "client udp 127.0.0.1 PORT --retransmit-after 2";

/// The calls of a record with this name.
fn calls(record: &str, name: &str) -> Vec<Value> {
    let lines = record.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "call" && line["call"] == name).collect()
}

/// The last bind of a record that was moved: what was asked for, and what was bound.
fn moved(record: &str) -> (SocketAddr, SocketAddr) {
    let binds = calls(record, "bind");
    let moved = binds.iter().rfind(|bind| bind["asked"].is_string()).unwrap();
    let address = |field: &str| moved[field].as_str().unwrap().parse().unwrap();
    (address("asked"), address("local"))
}

#[test]
fn a_datagram_is_drawn_as_lost_and_the_same_seed_draws_the_same() {
    let pictures: Vec<String> = (0..2)
        .map(|_| {
            // of this seed the first datagram is lost, and the next is not.
            let options = ["--normalize", "--width", "160", "--link", "--loss up:40% --seed 1 --log"];
            let done = on_free_port(&options, UDP, &[UDP_CLIENT]);
            assert_eq!(done.code, 0, "{done:?}");
            assert!(done.stderr.contains("\ncapsock: up 1: lost, 5 bytes\n"), "{done:?}");
            assert!(done.stderr.contains("capsock 2: HELLO\n"), "{done:?}");
            let totals = "\ncapsock: link: up received 2, sent 1, lost 1; down received 1, sent 1\n";
            assert!(done.stderr.contains(totals), "{done:?}");
            done.text()
        })
        .collect();
    let text = &pictures[0];
    assert_eq!(headings(text), ["capsock", "capsock link", "capsock 2"], "{text}");
    let arrows: Vec<_> = text.lines().filter(|line| line.contains('─')).collect();
    assert_eq!(arrows.len(), 5, "{text}");
    assert!(arrows[0].contains("✗─") && arrows[0].contains("\"hello\", lost"), "{text}");
    for (arrow, payload) in arrows[1..].iter().zip(["hello", "hello", "HELLO", "HELLO"]) {
        assert!(arrow.contains(payload) && !arrow.contains("lost"), "{text}");
    }
    assert_eq!(pictures[0], pictures[1]);
}

#[test]
fn a_stream_is_delayed_and_its_server_at_another_port() {
    let (folder, _) = file(b"");
    let kept = folder.path().join("run.jsonl");
    let options = ["--width", "160", "--trace", kept.to_str().unwrap(), "--link", "--delay 40ms"];
    let done = on_free_port(&options, TCP, &["client tcp 127.0.0.1 PORT"]);
    assert_eq!(done.code, 0, "{done:?}");
    let text = done.text();
    assert_eq!(headings(&text), ["capsock", "capsock link", "capsock 2"], "{text}");
    assert_eq!(text.matches("connection setup").count(), 2, "one to the link, one to the server: {text}");
    assert!(!text.contains("no send seen") && !text.contains('✗'), "{text}");

    let record = fs::read_to_string(&kept).unwrap();
    let last_run = record.rfind("{\"event\":\"process\"").unwrap();
    let client = &record[last_run..];
    let waited: u64 = calls(client, "recv").iter().map(|call| call["blocked"].as_u64().unwrap()).sum();
    assert!(waited >= 80_000_000, "both ways are delayed: {waited} ns, {client}");
    let (asked, bound) = moved(&record);
    assert!(asked != bound && asked.ip() == bound.ip(), "{asked} {bound}");
    // The server says what it asked for, and the picture has that as well.
    let says = |line: &str| line.contains("serving tcp") && line.contains(&asked.to_string());
    assert!(done.stderr.lines().any(says), "{done:?}");
    assert!(text.contains(&format!("server.bind({asked})")), "{text}");
    let connected = calls(&record, "connect");
    let to =
        |address: SocketAddr| connected.iter().filter(|call| call["peer"] == address.to_string()).count();
    assert_eq!((to(asked), to(bound)), (1, 1), "one to the link, one to the server: {record}");
}

#[test]
fn several_clients_pass_it_and_an_empty_text_impairs_nothing() {
    let options = ["--repeat", "2", "--at-once", "--format", "mermaid", "--link", ""];
    let done = on_free_port(&options, UDP, &[UDP_CLIENT, UDP_CLIENT]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.stderr.matches(": HELLO\n").count(), 4, "{done:?}");
    assert!(!done.text().contains("lost"), "{done:?}");
}

#[test]
fn it_stands_wherever_localhost_is_if_the_server_does() {
    let (folder, _) = file(b"");
    for transport in ["udp", "tcp"] {
        let kept = folder.path().join(transport);
        let serve = format!("serve {transport} --host localhost --port PORT");
        let options = ["--trace", kept.to_str().unwrap(), "--link", ""];
        let done = on_free_port(&options, &serve, &[&format!("client {transport} localhost PORT")]);
        assert_eq!(done.code, 0, "{done:?}");
        let record = fs::read_to_string(&kept).unwrap();
        let (asked, bound) = moved(&record);
        let binds = calls(&record, "bind");
        let at = |port: u16| {
            let is_at = |bind: &&Value| bind["local"].as_str().unwrap().ends_with(&format!(":{port}"));
            binds.iter().filter(is_at).count()
        };
        assert!(at(asked.port()) > 0, "{record}");
        assert_eq!(at(asked.port()), at(bound.port()), "as many addresses as the server: {record}");
    }
}

#[test]
fn what_is_no_impairment_is_refused_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let server = format!("touch '{}'", started.display());
    for (text, said) in [
        ("--drop x", "invalid value 'x' for '--drop <NUMBERS>'"),
        ("--frobnicate", "unexpected argument '--frobnicate' found"),
        ("--drop 1 --cut 3", "'--drop' is of UDP alone and '--cut' of TCP alone"),
        ("udp --drop 1", "the transport is the server's"),
        ("--listen 12001", "--listen is the address that the server asks for"),
        ("--to localhost:12000", "--to is the address that the server gets"),
        ("--trace x", "--trace stands before --link"),
        ("--json", "--json would write to the standard output"),
    ] {
        let done = capsock(["show", "--link", text, &server, "--", "x"]).done();
        assert_eq!((done.code, done.text().as_str()), (2, ""), "{text}: {done:?}");
        assert!(done.stderr.contains(said) && done.stderr.contains("--link"), "{text}: {done:?}");
        assert!(!started.exists(), "{text}");
    }
}

/// The link's options, the patience, the server, its port if it is not a free one, the exit code, and what is said.
type Wrong<'a> = (&'a str, &'a str, &'a str, u16, i32, &'a [&'a str]);

#[test]
fn where_no_link_can_stand_it_is_said() {
    // Of TCP, where the link takes a port in TIME_WAIT, one that listens.
    let listening = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listening.local_addr().unwrap().port();
    let in_use = format!("no link stands before capsock at 127.0.0.1:{taken}: could not bind");
    let cases: &[Wrong<'_>] = &[
        ("", "1", TCP, taken, 1, &[&in_use, "Address already in use"]),
        ("--drop 1", "50", TCP, 0, 2, &["its options are of UDP, and the server is of TCP", "'--drop'"]),
        ("--cut 1", "50", UDP, 0, 2, &["its options are of TCP, and the server is of UDP", "'--cut'"]),
        (
            "",
            "50",
            "serve udp --host 127.0.0.1 --port 0",
            0,
            1,
            &["capsock has let the system choose its port"],
        ),
        ("", "1", "uppercase", 0, 124, &["capsock is bound to no port after 1 s (--patience)"]),
        (
            "",
            "50",
            "serve udp --host 192.0.2.1 --port PORT",
            0,
            1,
            &["before it was bound to a port: its bind", "EADDRNOTAVAIL"],
        ),
    ];
    for (link, patience, server, port, code, said) in cases {
        let port = if *port == 0 { free_port() } else { *port };
        let client = "client tcp 127.0.0.1 PORT unheard";
        let done = show(&["--patience", patience, "--link", link], server, &[client], port).done();
        assert_eq!(done.code, *code, "{link} {server}: {done:?}");
        for said in *said {
            assert!(done.stderr.contains(said), "{link} {server}: {done:?}");
        }
        assert!(!done.stderr.contains("UNHEARD") && !done.text().contains("unheard"), "no client: {done:?}");
        if port != taken {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "{server}");
        }
    }
}

#[test]
fn nothing_is_left_of_it_however_it_ends() {
    let (folder, _) = file(b"");
    let kept = folder.path().join("run.jsonl");
    let options = ["--width", "160", "--trace", kept.to_str().unwrap(), "--link", "--drop up:1- --log"];
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let port = free_port();
        let running = show(&options, UDP, &["client udp 127.0.0.1 PORT --timeout inf hello"], port).start();
        until("a datagram is lost", || running.error_line().contains("up 1: lost"));
        running.signal(signal);
        let done = running.done();
        assert_eq!(done.code, 128 + signal, "{done:?}");
        assert!(done.text().contains("\"hello\", lost"), "what happened is drawn: {done:?}");
        let (asked, bound) = moved(&fs::read_to_string(&kept).unwrap());
        fs::remove_file(&kept).unwrap();
        assert_eq!(asked.port(), port);
        for address in [asked, bound] {
            assert!(UdpSocket::bind(address).is_ok(), "{address} is free again");
        }
    }
}
