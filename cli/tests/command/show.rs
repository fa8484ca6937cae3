//! `capsock show`, with this command as the server and the clients: it records itself.

use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::support::{Done, Run, TIMEOUT, capsock, closed_port, closed_udp_port, silent, until};

const COMMAND: &str = env!("CARGO_BIN_EXE_capsock");

/// `show` with these options, a server, and clients: their arguments, in which PORT is `port`.
pub(crate) fn show(options: &[&str], server: &str, clients: &[&str], port: u16) -> Run {
    let words = |line: &str| format!("{COMMAND} {}", line.replace("PORT", &port.to_string()));
    let mut args = vec!["show".to_owned()];
    if !options.contains(&"--width") {
        args.push("--width=100".to_owned());
    }
    if !options.contains(&"--patience") {
        args.push("--patience=50".to_owned());
    }
    args.extend(options.iter().map(|option| (*option).to_owned()));
    args.push(words(server));
    for client in clients {
        args.extend(["--".to_owned(), words(client)]);
    }
    capsock(args)
}

/// A port that was free just now on both transports.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Runs on a free port, and on another one if that was taken in between.
pub(crate) fn on_free_port(options: &[&str], server: &str, clients: &[&str]) -> Done {
    for _ in 0..3 {
        let done = show(options, server, clients, free_port()).done();
        if !["EADDRINUSE", "Address already in use"].iter().any(|taken| done.stderr.contains(taken)) {
            return done;
        }
    }
    panic!("three ports in a row were taken");
}

/// The names above the columns of a picture.
pub(crate) fn headings(text: &str) -> Vec<&str> {
    let first = text.lines().next().unwrap_or_default();
    first.split("  ").map(str::trim).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_server_and_its_clients_become_a_picture() {
    for transport in ["tcp", "udp"] {
        let serve =
            format!("serve {transport} --host 127.0.0.1 --port PORT --concurrency iterative --workers 1");
        let client = format!("client {transport} 127.0.0.1 PORT");
        let done = on_free_port(&["--input", "straße"], &serve, &[&client]);
        assert_eq!(done.code, 0, "{transport}: {done:?}");
        let text = done.text();
        assert_eq!(headings(&text), ["capsock", "capsock 2"], "{transport}: {text}");
        assert!(text.contains("server, rust") && text.contains("client, rust"), "{transport}: {text}");
        assert!(text.contains("STRASSE"), "{transport}: {text}");
        // What they print is not in the picture, and what the stop makes the server print is nowhere.
        assert!(done.stderr.contains("capsock: capsock: serving "), "{transport}: {done:?}");
        assert!(done.stderr.contains("capsock 2: STRASSE"), "{transport}: {done:?}");
        assert!(!done.stderr.contains("stopped"), "{transport}: {done:?}");
        // Nor does the stop appear in it.
        let server_closes = text.lines().filter(|line| line.contains("server.close")).count();
        assert_eq!(server_closes, 0, "{transport}: {text}");
    }
}

#[test]
fn clients_run_in_turn_or_at_once_and_again() {
    let serve = "serve udp --host 127.0.0.1 --port PORT";
    let client = "client udp 127.0.0.1 PORT";
    for options in [&["--repeat", "2"][..], &["--repeat", "2", "--at-once"]] {
        let mut options = options.to_vec();
        options.extend(["--input", "one", "--input", r"two\nthree", "--format", "mermaid"]);
        let done = on_free_port(&options, serve, &[client, client]);
        assert_eq!(done.code, 0, "{options:?}: {done:?}");
        for number in 2..=5 {
            assert!(done.text().contains(&format!("as capsock {number}")), "{options:?}: {done:?}");
        }
        for (reply, times) in [(": ONE\n", 2), (": TWO\n", 2), (": THREE\n", 2)] {
            assert_eq!(done.stderr.matches(reply).count(), times, "{options:?}: {done:?}");
        }
    }
    let from_input = ["--input", "-", "--columns", "Client,Server=The server"];
    for _ in 0..3 {
        let done = show(&from_input, serve, &[client], free_port()).input("typed\n").done();
        if !done.stderr.contains("EADDRINUSE") {
            assert!(done.stderr.contains("capsock 2: TYPED"), "{done:?}");
            assert_eq!(headings(&done.text()), ["Client", "The server"], "{done:?}");
            return;
        }
    }
    panic!("three ports in a row were taken");
}

#[test]
fn the_ending_of_the_file_is_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, begin) in [
        ("run.svg", "<svg"),
        ("run.html", "<!doctype html>"),
        ("run.md", "# Two\n\n```mermaid\nsequenceDiagram\n"),
        ("run.mmd", "sequenceDiagram"),
        ("run.json", "{"),
    ] {
        let file = folder.path().join(name);
        let kept = folder.path().join("kept.jsonl");
        let mut options = vec!["-o", file.to_str().unwrap(), "--trace", kept.to_str().unwrap()];
        if !matches!(name, "run.mmd" | "run.json") {
            options.extend(["--title", "Two"]);
        }
        let serve = "serve udp --host 127.0.0.1 --port PORT";
        let done = on_free_port(&options, serve, &["client udp 127.0.0.1 PORT hello"]);
        assert_eq!((done.code, done.text().as_str()), (0, ""), "{name}: {done:?}");
        assert!(done.stderr.contains(&format!("capsock: the picture is in {}", file.display())), "{done:?}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(begin), "{name}: {text}");
        let again = capsock(["trace", kept.to_str().unwrap()]).done();
        assert!(again.text().contains("\"HELLO\""), "the record is a trace: {again:?}");
    }
    let done = capsock(["show", "-o", "run.gif", "a", "--", "b"]).done();
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.stderr.contains("no format has the extension .gif"), "before anything is run: {done:?}");
}

#[test]
fn only_the_clients_that_still_run_are_said_not_to_have_ended() {
    let (_listening, silent) = silent();
    let waits = format!("client tcp 127.0.0.1 {silent} --timeout inf hello");
    let clients = [waits.as_str(), "client tcp 127.0.0.1 PORT hello"];
    let done =
        on_free_port(&["--at-once", "--patience", "5"], "serve tcp --host 127.0.0.1 --port PORT", &clients);
    assert_eq!(done.code, 124, "{done:?}");
    assert!(done.stderr.contains("capsock 3: HELLO"), "{done:?}");
    assert!(done.stderr.contains("capsock 2 has not ended after 5 s"), "{done:?}");
    assert!(!done.stderr.contains("capsock 3 has not ended"), "{done:?}");
}

/// The options, the server, the client, the exit code, what is said, and what the picture has.
type Wrong<'a> = (&'a [&'a str], &'a str, String, i32, &'a str, &'a str);

#[test]
fn whatever_goes_wrong_is_said_and_drawn() {
    let (_held, closed) = closed_port();
    let (_listening, silent) = silent();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().port();
    let serve = "serve tcp --host 127.0.0.1 --port PORT";
    let table: &[Wrong<'_>] = &[
        (
            &[],
            serve,
            format!("client tcp 127.0.0.1 {closed} hello"),
            1,
            "capsock 2 ended with exit status 1",
            "ECONNREFUSED",
        ),
        (
            &["--patience", "1"],
            serve,
            format!("client tcp 127.0.0.1 {silent} --timeout inf hello"),
            124,
            "capsock 2 has not ended after 1 s (--patience)",
            "client.connect(",
        ),
        (
            &["--patience", "1"],
            "uppercase",
            "uppercase".into(),
            124,
            "capsock is bound to no port after 1 s (--patience), and no client was started",
            "",
        ),
        (
            &[],
            &format!("serve tcp --host 127.0.0.1 --port {taken}"),
            "uppercase".into(),
            1,
            "before it was bound to a port: its bind",
            "EADDRINUSE",
        ),
        (
            &[],
            "frobnicate",
            "uppercase".into(),
            1,
            "capsock ended with exit status 2 before it was bound",
            "",
        ),
    ];
    for (options, server, client, code, said, drawn) in table {
        let temporary = tempfile::tempdir().unwrap();
        let port = free_port();
        let begin = Instant::now();
        let done =
            show(options, server, &[client], port).env("TMPDIR", temporary.path().to_str().unwrap()).done();
        assert!(begin.elapsed() < TIMEOUT, "{server}");
        assert_eq!(done.code, *code, "{server}: {done:?}");
        assert!(done.stderr.contains(said), "{server}: {done:?}");
        assert!(done.text().contains(drawn), "{server}: {done:?}");
        assert_eq!(done.text().is_empty(), drawn.is_empty(), "{server}: {done:?}");
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "the temporary folder is removed");
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "{server}: the server has ended");
    }
}

#[test]
fn a_source_is_compiled_or_the_compiler_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("wrong.c", "int main(void) { return x; }"), ("wrong.rs", "fn main() { x }")] {
        let source = folder.path().join(name);
        fs::write(&source, text).unwrap();
        let done = capsock(["show", source.to_str().unwrap(), "--", "x"]).done();
        assert_eq!((done.code, done.text().as_str()), (1, ""), "{name}: {done:?}");
        assert!(done.stderr.contains(&format!("{name} does not compile")), "{name}: {done:?}");
        assert!(done.stderr.contains('x'), "{name}: {done:?}");
    }
    for (words, said) in [
        (&["show", "no-such.c", "--", "x"][..], "there is no file no-such.c"),
        (&["show", "a"], "<CLIENT>..."),
        (&["show", "a", "--", "b", "--"], "there is no client"),
        (&["show", "--patience", "inf", "a", "--", "b"], "--patience needs a time"),
        (&["show", "--patience", "0", "a", "--", "b"], "--patience needs a time"),
        (&["show", "--repeat", "0", "a", "--", "b"], "0"),
        (&["show", "a 'b", "--", "c"], "a quotation mark that is not closed"),
        (&["show", "--input", r"\q", "a", "--", "c"], r"\q is not one of"),
        (&["show", "--light", "a", "--", "c"], "--light is of the page"),
    ] {
        let done = capsock(words).done();
        assert_eq!((done.code, done.text().as_str()), (2, ""), "{words:?}: {done:?}");
        assert!(done.stderr.contains(said), "{words:?}: {done:?}");
    }
}

#[test]
fn nothing_is_left_however_it_ends() {
    let signals: &[i32] = if cfg!(target_os = "linux") {
        &[libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGKILL]
    } else {
        &[libc::SIGINT]
    };
    for signal in signals {
        let (_listening, silent) = silent();
        let port = free_port();
        let client = format!("client tcp 127.0.0.1 {silent} --timeout inf hello");
        let temporary = tempfile::tempdir().unwrap();
        let running = show(&[], "serve tcp --host 127.0.0.1 --port PORT", &[&client], port)
            .env("TMPDIR", temporary.path().to_str().unwrap())
            .start();
        until("the server serves", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        running.signal(*signal);
        let code = if *signal == libc::SIGKILL { -signal } else { 128 + signal };
        let done = running.done();
        assert_eq!(done.code, code, "{done:?}");
        until("the server has ended", || TcpStream::connect(("127.0.0.1", port)).is_err());
        if *signal != libc::SIGKILL {
            assert!(done.text().contains("server.listen"), "what happened is drawn: {done:?}");
            assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "the temporary folder is removed");
        }
    }
}

#[test]
fn a_client_that_asks_elsewhere_is_told_where_the_server_is() {
    let said = "the client asks at UDP port ";
    for (serve, of_server) in [("udp", "UDP"), ("tcp", "TCP")] {
        let (server, (_kept, client)) = (free_port(), closed_udp_port());
        let client_words = format!("client udp 127.0.0.1 {client} --timeout 0.1 hello");
        let serve = format!("serve {serve} --host 127.0.0.1 --port PORT");
        let done = show(&[], &serve, &[&client_words], server).done();
        let bound = format!("{said}{client}, but the server is at {of_server} port {server}: one of the two");
        assert!(done.stderr.contains(&bound), "{done:?}");
    }
    let done = on_free_port(&[], "serve udp --port PORT", &["client udp localhost PORT hello"]);
    assert!(done.code == 0 && !done.stderr.contains(said), "{done:?}");
}

#[test]
fn the_page_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let opener = folder.path().join(if cfg!(target_vendor = "apple") { "open" } else { "xdg-open" });
    let (opened, temporary) = (folder.path().join("opened"), folder.path().join("temporary"));
    fs::create_dir(&temporary).unwrap();
    fs::write(&opener, format!("#!/bin/sh\ncp \"$1\" '{0}.part'; mv '{0}.part' '{0}'\n", opened.display()))
        .unwrap();
    fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let run = |path: &str| {
        let serve = "serve udp --host 127.0.0.1 --port PORT";
        show(&["--open"], serve, &["client udp 127.0.0.1 PORT hello"], free_port())
            .env("PATH", path)
            .env("TMPDIR", temporary.to_str().unwrap())
            .done()
    };
    let done = run(&path);
    assert_eq!((done.code, done.text().as_str()), (0, ""), "{done:?}");
    until("the page is opened", || opened.exists());
    assert!(fs::read_to_string(&opened).unwrap().starts_with("<!doctype html>"));
    let kept: Vec<_> = fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "the page alone is left: {kept:?}");
    assert!(done.stderr.contains(&format!("the picture is in {}", kept[0].display())), "{done:?}");

    let done = run("/nowhere");
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("could not start"), "{done:?}");
}

#[test]
fn several_at_once_do_not_disturb_each_other() {
    let runs: Vec<_> = (0..4)
        .map(|number: usize| {
            std::thread::spawn(move || {
                let text = format!("number{number}");
                let serve = "serve tcp --host 127.0.0.1 --port PORT";
                (text.clone(), on_free_port(&["--input", &text], serve, &["client tcp 127.0.0.1 PORT"]))
            })
        })
        .collect();
    for run in runs {
        let (text, done) = run.join().unwrap();
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.text().contains(&text.to_uppercase()), "{done:?}");
        assert_eq!(done.text().matches("NUMBER").count(), done.text().matches(&text.to_uppercase()).count());
    }
}
