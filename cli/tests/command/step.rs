//! `capsock step`, with this command as the server and the client: it records itself, and asks as every program does.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Done, Run, Running, capsock, patient, until};

const COMMAND: &str = env!("CARGO_BIN_EXE_capsock");

/// Longer than a program needs between two calls, and shorter than a whole run.
const PATIENCE: &str = "2";

/// `step` with a server and a client of one request at a time, on a port that was free just now.
fn step(transport: &str, options: &[&str]) -> Run {
    let port = loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            break port;
        }
    };
    let server = "--concurrency iterative --workers 1";
    let server = format!("{COMMAND} serve {transport} --host 127.0.0.1 --port {port} {server}");
    let client = format!("{COMMAND} client {transport} 127.0.0.1 {port} --timeout inf");
    let mut words = vec!["step", "--width", "100"];
    words.extend(options);
    words.extend([&*server, "--", &*client]);
    capsock(words)
}

fn on_free_port(transport: &str, options: &[&str], input: &str) -> Done {
    for _ in 0..3 {
        let done = step(transport, options).input(input).done();
        if !done.stderr.contains("EADDRINUSE") {
            return done;
        }
    }
    panic!("three ports in a row were taken");
}

/// What is printed before the figure: blocks of lines, without the numbers.
fn blocks(done: &Done) -> Vec<Vec<String>> {
    let text = done.text();
    let blocks = text.split("\n\n").map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    blocks.take_while(|block| block.iter().any(|line| line.contains("capsock "))).collect()
}

/// The calls of a program that were announced, in their order.
fn announced(blocks: &[Vec<String>], name: &str) -> Vec<String> {
    let prefix = format!(" {name} is about to ");
    let calls = blocks.iter().flatten().filter_map(|line| line.split_once(&prefix));
    let calls = calls.map(|(_, call)| call.strip_prefix("make a ").unwrap_or(call));
    let mut calls: Vec<String> =
        calls.map(|call| call.split_whitespace().next().unwrap().to_owned()).collect();
    calls.dedup();
    calls
}

/// The calls of a thread in a trace, in their order.
fn recorded(file: &Path, of_server: bool) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let server = &lines[0]["pid"];
    let is_call = |line: &&Value| line["event"] == "call" && (line["pid"] == *server) == of_server;
    lines.iter().filter(is_call).map(|line| line["call"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_call_is_announced_and_made_when_it_is_let_go() {
    for transport in ["tcp", "udp"] {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("run.jsonl");
        let options = ["--patience", PATIENCE, "--trace", trace.to_str().unwrap()];
        let done = on_free_port(transport, &options, &"\n".repeat(60));
        assert_eq!(done.code, 0, "time does not count while a call is held: {done:?}");
        let blocks = blocks(&done);
        let client = announced(&blocks, "capsock 2");
        let mut told = client.iter();
        // The attempt of a call that does not block is announced, and recorded if it succeeds.
        let mut made = recorded(&trace, false);
        made.dedup();
        assert!(made.iter().all(|call| told.any(|other| other == call)), "{made:?} of {client:?}");
        assert_eq!((&*client[0], &*client[client.len() - 1]), ("socket", "close"), "{client:?}");
        assert_eq!(announced(&blocks, "capsock")[..2], ["socket", "bind"], "{done:?}");
        let server = announced(&blocks, "capsock thread 2");
        let expected =
            if transport == "tcp" { ["accept", "recv", "send"] } else { ["recvfrom", "sendto", "recvfrom"] };
        assert_eq!(server[..3], expected, "{done:?}");
        let waits = if transport == "tcp" { "accept for a connection" } else { "recvfrom for a datagram" };
        let waits = format!("2 capsock thread 2 waits in {waits}");
        assert!(blocks.iter().flatten().any(|line| *line == waits), "{done:?}");
        assert!(done.text().contains("\"HELLO"), "the figure is drawn: {done:?}");
        assert!(done.stderr.contains("capsock 2: HELLO"), "{done:?}");
    }
}

#[test]
fn the_end_of_the_input_and_e_go_on_to_the_end() {
    for input in ["", "\n", "e\n", "\n\n\ne\n\n\n"] {
        let done = on_free_port("udp", &["--patience", "50"], input);
        assert_eq!(done.code, 0, "{input:?}: {done:?}");
        assert!(done.text().contains("\"HELLO\""), "{input:?}: {done:?}");
    }
}

#[test]
fn m_goes_on_until_a_message_has_arrived() {
    let done = on_free_port("udp", &["--patience", "50"], "m\nm\n");
    assert_eq!(done.code, 0, "{done:?}");
    let blocks = blocks(&done);
    let [_, request, reply, ..] = &blocks[..] else { panic!("{done:?}") };
    let has = |block: &[String], text: &str| block.iter().any(|line| line.contains(text));
    assert!(has(request, "capsock thread 2 is about to sendto"), "the server has the request: {done:?}");
    assert!(has(reply, "capsock 2 is about to close"), "the client has the reply: {done:?}");
}

/// The next block, which ends with an empty line.
fn block(running: &Running) -> Vec<String> {
    let mut block = Vec::new();
    loop {
        match running.line() {
            line if line.is_empty() => return block,
            line => block.push(line),
        }
    }
}

fn say(running: &mut Running, line: &str) {
    running.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Lets calls go, each that of `next`, until a line is there.
fn go_until(running: &mut Running, next: &str, wanted: &str) {
    while !block(running).iter().any(|line| line.contains(wanted)) {
        say(running, next);
    }
}

#[test]
fn a_program_is_let_go_by_its_number_or_name() {
    let mut running = step("udp", &["--patience", "50"]).start();
    go_until(&mut running, "capsock", "capsock 2 is about to make a socket");
    for (word, said) in [
        ("nobody", "no program here has the number or the name nobody"),
        ("9", "no program here has the number or the name 9"),
        ("1", "capsock is not held before a call"),
    ] {
        say(&mut running, word);
        until("it is refused", || running.error_line().ends_with(said));
    }
    for (word, expected) in
        [("3", "3 capsock 2 is about to connect"), ("capsock 2", "3 capsock 2 is about to recv")]
    {
        say(&mut running, word);
        let block = block(&running);
        assert!(block[2].starts_with(expected), "{block:?}");
        assert!(block[1].starts_with("2 capsock thread 2 is about to recvfrom"), "{block:?}");
    }
    say(&mut running, "a");
    let block = block(&running);
    assert!(block[1].starts_with("2 capsock thread 2 waits"), "{block:?}");
    say(&mut running, "e");
    let done = running.done();
    assert_eq!(done.code, 0, "{done:?}");
}

/// The record of a run whose temporary folder is in this one.
fn record(temporary: &Path) -> Option<PathBuf> {
    let folder = fs::read_dir(temporary).unwrap().next()?.unwrap().path();
    Some(folder.join("run.jsonl")).filter(|file| file.exists())
}

#[test]
fn the_programs_run_on_without_the_command() {
    let temporary = tempfile::tempdir().unwrap();
    let mut running =
        step("udp", &["--patience", "50"]).env("TMPDIR", temporary.path().to_str().unwrap()).start();
    go_until(&mut running, "", "capsock 2 is about to send");
    let file = record(temporary.path()).unwrap();
    let lines = || -> Vec<Value> {
        let text = fs::read_to_string(&file).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let pids: Vec<i32> = lines()
        .iter()
        .filter(|line| line["event"] == "process")
        .map(|line| line["pid"].as_i64().unwrap().try_into().unwrap())
        .collect();
    assert_eq!(pids.len(), 2);
    running.signal(libc::SIGKILL);
    let closes = |line: &Value| line["call"] == "close" && line["pid"] == pids[1];
    until("the client has made its last call", || lines().iter().any(closes));
    let received = |line: &Value| line["call"] == "recv" && line["data"] == "HELLO";
    assert!(lines().iter().any(received), "{:?}", lines());
    // SAFETY: kill takes any numbers; the server waits for requests, and its number is its own until it is killed.
    assert_eq!(unsafe { libc::kill(pids[0], libc::SIGKILL) }, 0, "the server serves on");
    drop(running);
}

#[test]
fn q_and_a_signal_end_the_programs() {
    for (signal, code) in [(None, 0), (Some(libc::SIGINT), 130)] {
        let temporary = tempfile::tempdir().unwrap();
        let mut running =
            step("tcp", &["--patience", "50"]).env("TMPDIR", temporary.path().to_str().unwrap()).start();
        go_until(&mut running, "", "capsock 2 is about to connect");
        match signal {
            Some(signal) => running.signal(signal),
            None => say(&mut running, "q"),
        }
        let done = running.done();
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.text().contains("server.listen"), "what has happened is drawn: {done:?}");
        assert!(!done.text().contains("connect("), "and no more: {done:?}");
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "nothing is left");
    }
}

/// Asks the page's server; returns the first line of the response, and the rest.
fn ask(address: &str, line: &str, origin: Option<&str>) -> (String, String) {
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = patient(TcpStream::connect(host).unwrap());
    let (method, what) = line.split_once(' ').unwrap();
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    write!(connection, "{method} /{path}{what} HTTP/1.1\r\nHost: {host}\r\n{origin}\r\n").unwrap();
    let text = std::io::read_to_string(connection).unwrap();
    let (first, rest) = text.split_once("\r\n").unwrap();
    (first.to_owned(), rest.to_owned())
}

/// What the page is told next of the programs.
fn told(events: &mut impl BufRead) -> Vec<Value> {
    loop {
        let mut line = String::new();
        assert!(events.read_line(&mut line).unwrap() > 0, "the events have ended");
        if let Some(data) = line.strip_prefix("data: [") {
            return serde_json::from_str(&format!("[{data}")).unwrap();
        }
    }
}

#[test]
fn a_page_lets_calls_go() {
    let running = step("udp", &["--patience", "50", "--page"]).start();
    let line = running.error_line();
    let address = line.split(' ').find(|word| word.starts_with("http://")).unwrap();
    let address = address.trim_end_matches(';').to_owned();
    let origin = address.split('/').take(3).collect::<Vec<_>>().join("/");
    let (status, page) = ask(&address, "GET ", None);
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(page.contains("data-go=\"next\"") && page.contains("role=\"status\""), "{page}");
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = patient(TcpStream::connect(host).unwrap());
    write!(connection, "GET /{path}events HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut events = BufReader::new(connection);
    let first = told(&mut events);
    assert_eq!(first[0]["text"], "capsock is about to make a socket (UDP)");
    assert_eq!((&first[0]["number"], &first[0]["held"]), (&json!(1), &json!(true)));
    for (line, of, expected) in [
        ("POST go/next", None, "HTTP/1.1 403 Forbidden"),
        ("POST go/next", Some("http://example.org"), "HTTP/1.1 403 Forbidden"),
        ("POST go/other", Some(&*origin), "HTTP/1.1 404 Not Found"),
        ("GET go/next", Some(&*origin), "HTTP/1.1 404 Not Found"),
        ("POST go/1", Some(&*origin), "HTTP/1.1 200 OK"),
    ] {
        assert_eq!(ask(&address, line, of).0, expected, "{line} {of:?}");
    }
    assert!(told(&mut events)[0]["text"].as_str().unwrap().starts_with("capsock is about to bind"));
    ask(&address, "POST go/message", Some(&origin));
    let sends =
        |programs: &[Value]| programs.iter().any(|one| one["text"].as_str().unwrap().contains("sendto"));
    while !sends(&told(&mut events)) {}
    ask(&address, "POST go/end", Some(&origin));
    let done = running.done();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.text().contains("\"HELLO\"") && !done.text().contains("is about to"), "{done:?}");
}

#[test]
fn what_is_not_possible_is_said() {
    let done = capsock(["step", "--input", "-", "a", "--", "b"]).done();
    assert_eq!((done.code, done.text().as_str()), (2, ""), "{done:?}");
    assert!(done.stderr.contains("standard input has the commands"), "{done:?}");
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    let done = step("udp", &[]).env("TMPDIR", long.to_str().unwrap()).done();
    assert_eq!((done.code, done.text().as_str()), (1, ""), "{done:?}");
    assert!(done.stderr.contains("could not make a socket in"), "{done:?}");
}
