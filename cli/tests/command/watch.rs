//! `capsock watch`: the page of a trace that grows, as a browser asks for it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::json;

use crate::support::{Running, capsock, file, patient, until, words};

/// A watch that has begun, and its page's host and path.
struct Watch {
    running: Running,
    host: String,
    path: String,
}

impl Watch {
    fn start(options: &[&str]) -> Watch {
        let running = capsock(["watch", "--json"].iter().chain(options)).start();
        let ready = running.json_line();
        assert_eq!(ready["event"], "ready");
        let address = ready["address"].as_str().unwrap().strip_prefix("http://").unwrap();
        let (host, path) = address.split_once('/').unwrap();
        let (host, path) = (host.to_owned(), format!("/{path}"));
        Watch { running, host, path }
    }

    fn of(path: &Path) -> Watch {
        Watch::start(&[path.to_str().unwrap()])
    }

    /// Sends a request, and returns the lines of the response.
    fn ask(&self, line: &str, host: &str) -> BufReader<TcpStream> {
        let mut connection = patient(TcpStream::connect(&self.host).unwrap());
        write!(connection, "{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        BufReader::new(connection)
    }

    fn page(&self) -> String {
        std::io::read_to_string(self.ask(&format!("GET {}", self.path), &self.host)).unwrap()
    }

    fn events(&self) -> Events {
        let mut lines = self.ask(&format!("GET {}events", self.path), &self.host);
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        Events(lines)
    }
}

struct Events(BufReader<TcpStream>);

impl Events {
    /// The name of the next event; nothing at the end.
    fn next(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return line;
            }
            if let Some(name) = line.strip_prefix("event: ") {
                return name.trim_end().to_owned();
            }
        }
    }
}

fn append(path: &Path, lines: &[serde_json::Value]) {
    let mut end = std::fs::File::options().append(true).create(true).open(path).unwrap();
    end.write_all(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes()).unwrap();
}

fn process(program: &str) -> serde_json::Value {
    json!({ "event": "process", "capsock": 1, "pid": 7, "program": program, "language": "c", "at": 1, "wall": 2 })
}

fn call(seq: u64, call: &str) -> serde_json::Value {
    json!({ "event": "call", "capsock": 1, "pid": 7, "tid": 7, "seq": seq, "begin": 10 * seq, "end": 10 * seq + 1,
            "blocked": 0, "call": call, "fd": 3, "transport": "tcp", "outcome": "ok" })
}

#[test]
fn a_page_is_told_of_what_is_appended_until_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let watch = Watch::of(&path);
    let mut events = watch.events();
    assert_eq!(events.next(), "picture");
    assert!(watch.page().contains("connect-src 'self'"));
    for (program, name) in [("a-first-one", "socket"), ("a-second-one", "listen")] {
        append(&path, &[process(program), call(1, name)]);
        assert_eq!(events.next(), "picture");
        assert!(watch.page().contains(program));
        // A file in its place begins another picture.
        std::fs::remove_file(&path).unwrap();
    }
    append(&path, &[process("a-third-one"), call(1, "bind")]);
    until("the file is another one", || {
        let page = watch.page();
        page.contains("a-third-one") && !page.contains("a-second-one")
    });
    watch.running.signal(libc::SIGINT);
    let mut last = events.next();
    while last == "picture" {
        last = events.next();
    }
    assert_eq!((last.as_str(), events.next().as_str()), ("end", ""));
    let done = watch.running.done();
    assert_eq!((done.code, done.text().as_str()), (130, ""), "{done:?}");
}

#[test]
fn the_page_is_for_who_has_the_address() {
    let (_folder, path) = file(format!("{}\n{}\n", process("secret.py"), call(1, "socket")).as_bytes());
    let watch = Watch::of(&path);
    let other = Watch::of(&path);
    assert_ne!(watch.path, other.path);
    let (good, port) = (&watch.host, watch.host.rsplit_once(':').unwrap().1);
    for (line, host, code) in [
        ("GET /".to_owned(), good.clone(), 404),
        (format!("GET {}", other.path), good.clone(), 404),
        (format!("GET {}", watch.path), "example.org".to_owned(), 403),
        (format!("GET {}events", watch.path), format!("example.org:{port}"), 403),
        (format!("POST {}", watch.path), good.clone(), 405),
        ("nonsense".to_owned(), good.clone(), 400),
    ] {
        let response = std::io::read_to_string(watch.ask(&line, &host)).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {code} ")), "{line}: {response}");
        assert!(!response.contains("secret.py"), "{response}");
    }
    assert!(watch.page().contains("secret.py"));
    assert!(
        std::io::read_to_string(watch.ask(&format!("GET {}", watch.path), &format!("localhost:{port}")))
            .unwrap()
            .contains("secret.py")
    );
}

#[test]
fn without_a_file_it_makes_one_and_removes_it() {
    let running = words("watch --json").start();
    let ready = running.json_line();
    let trace = ready["trace"].as_str().unwrap().to_owned();
    assert!(running.error_line().contains(&format!("capsock run --trace {trace}")));
    let folder = Path::new(&trace).parent().unwrap();
    assert!(folder.is_dir());
    append(Path::new(&trace), &[process("a.py")]);
    running.signal(libc::SIGTERM);
    assert_eq!(running.done().code, 143);
    assert!(!folder.exists());
}

#[test]
fn what_it_cannot_watch_is_said_at_once() {
    let (folder, path) = file(b"no trace\n");
    let cases = [
        (vec![path.to_str().unwrap()], 2, "this is no line of a trace"),
        (vec![folder.path().to_str().unwrap()], 1, "could not read"),
        (vec!["--text"], 2, "standard output is none"),
        (vec!["--text", "--port", "1"], 2, "cannot be used with"),
        (vec!["--font-size", "5"], 2, "5 is not in 6..=60"),
    ];
    for (options, code, text) in cases {
        let done = capsock(["watch"].iter().chain(&options)).done();
        assert_eq!(done.code, code, "{options:?}: {done:?}");
        assert!(done.stderr.contains(text), "{options:?}: {done:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let done = capsock(["watch", "--port", &port]).done();
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains(&format!("could not serve the page on 127.0.0.1:{port}")), "{done:?}");
}

#[test]
fn a_trace_that_becomes_none_ends_the_watch() {
    let (_folder, path) = file(format!("{}\n", process("a.py")).as_bytes());
    let watch = Watch::of(&path);
    std::fs::File::options().append(true).open(&path).unwrap().write_all(b"no trace\n").unwrap();
    let done = watch.running.done();
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.stderr.contains("line 2: this is no line of a trace"), "{done:?}");
}
