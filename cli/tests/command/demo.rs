//! `capsock demo`, with the built-in peer and with peers that misbehave.

use std::path::Path;

use serde_json::Value;

use crate::support::{Done, capsock, file, shell, until, words};

const BINARY: &str = env!("CARGO_BIN_EXE_capsock");

#[test]
fn the_built_in_peer_plays_alone() {
    let done = words("demo").done();
    assert_eq!(done.code, 0, "{done:?}");
    // A hint, and no progress bar.
    assert!(done.stderr.contains("--peer LANGUAGE=COMMAND") && done.stderr.lines().count() == 1, "{done:?}");
    let text = done.text();
    assert!(!text.contains('\x1b'), "a pipe gets no colour: {text}");
    assert!(text.contains("TCP     server rust\nclient  I  T  P  E\nrust    ok ok ok ok\n"), "{text}");
    assert!(text.contains("UDP     server rust\nclient  I  T  P  E\nrust    ok ok ok ok\n"), "{text}");
    assert!(
        text.contains("70000") && text.contains("65507"),
        "the error of a text that fits no datagram: {text}"
    );
    let sum = text.lines().last().unwrap();
    assert!(sum.starts_with("8 cells: 8 passed, 0 failed in ") && sum.ends_with(" s"), "{sum}");
}

#[test]
fn every_peer_meets_every_other() {
    let done = capsock([
        "demo",
        "--json",
        "--peer",
        &format!("one='{BINARY}' peer"),
        "--peer",
        &format!("two='{BINARY}' peer"),
    ])
    .done();
    assert_eq!(done.code, 0, "{done:?}");
    let shown: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&shown["passed"], &shown["failed"]), (&Value::from(32), &Value::from(0)));
    let cells = shown["cells"].as_array().unwrap();
    let distinct: std::collections::BTreeSet<String> = cells
        .iter()
        .map(|cell| {
            ["client", "server", "transport", "concurrency"].map(|key| cell[key].as_str().unwrap()).join(" ")
        })
        .collect();
    assert_eq!((cells.len(), distinct.len()), (32, 32));
    assert!(cells.iter().all(|cell| cell["result"] == "ok"));
}

#[test]
fn texts_of_ones_own_are_asked_and_a_wrong_reply_is_shown() {
    let (_texts, texts) = file(b"one\ntwo\n");
    for (expected, code, mark, sum) in [
        (&b"ONE\nTWO\n"[..], 0, "ok", "8 cells: 8 passed, 0 failed in "),
        (b"ONE\nTOO\n", 1, "NO", "8 cells: 0 passed, 8 failed in "),
    ] {
        let (_expected, expected) = file(expected);
        let done = capsock([
            "demo".as_ref(),
            "--texts".as_ref(),
            texts.as_os_str(),
            "--expected".as_ref(),
            expected.as_os_str(),
        ])
        .done();
        let text = done.text();
        assert_eq!(done.code, code, "{done:?}");
        assert!(text.contains(&format!("rust    {mark} {mark} {mark} {mark}\n")), "{text}");
        assert!(text.lines().last().unwrap().starts_with(sum), "{text}");
        assert_eq!(
            text.contains("failed: rust client, rust server, tcp iterative and 7 more: text 2"),
            code == 1,
            "{text}"
        );
    }
}

#[test]
fn files_that_do_not_go_together_are_refused() {
    let (_texts, texts) = file(b"one\ntwo\n");
    let (_expected, expected) = file(b"ONE\n");
    let done = capsock([
        "demo".as_ref(),
        "--texts".as_ref(),
        texts.as_os_str(),
        "--expected".as_ref(),
        expected.as_os_str(),
    ])
    .done();
    assert_eq!((done.code, done.text().as_str()), (2, ""), "{done:?}");
}

/// The Rust peer, and beside it one that a shell script is: `$1` is its mode.
fn beside(script: &str, timeout: &str) -> Done {
    let (_folder, path) = file(script.as_bytes());
    let odd = format!("odd=sh '{}' '{BINARY}'", path.display());
    let rust = format!("rust='{BINARY}' peer");
    capsock(["demo", "--timeout", timeout, "--peer", &rust, "--peer", &odd]).done()
}

#[test]
fn a_peer_that_misbehaves_costs_its_own_cells_only() {
    // What the peer does, with $1 for the command and $2 for the mode; passed cells; what is printed.
    let scenarios = [
        ("echo no such thing >&2; exit 3", 8, "it ended with exit status 3; it said:\n    no such thing"),
        ("exit 0", 8, "it ended before it was ready"),
        ("kill -9 $$", 8, "signal: 9"),
        ("[ $2 = ask ] && exit 4; exec \"$1\" peer \"$2\"", 16, "it ended with exit status 4"),
        ("[ $2 = ask ] && exit 0; exec \"$1\" peer \"$2\"", 16, "the odd client ended without a result"),
        (
            "[ $2 = serve ] && exec echo hello; exec \"$1\" peer \"$2\" \"$3\" \"$4\"",
            16,
            "it said 'hello' instead of",
        ),
        (
            "[ $2 = serve ] && exec echo ready; exec \"$1\" peer \"$2\" \"$3\" \"$4\"",
            16,
            "the odd peer named no such server",
        ),
        (
            "[ $2 = ask ] && exec sed 's/$/\\tfailed\\tout of order/'; exec \"$1\" peer serve",
            16,
            "out of order",
        ),
        ("[ $2 = ask ] && exec sed 's/$/ and so on/'; exec \"$1\" peer serve", 16, "instead of a result"),
    ];
    for (script, passed, printed) in scenarios {
        let done = beside(script, "60");
        let text = done.text();
        assert_eq!((done.code, done.stderr.as_str()), (1, ""), "{script}: {text}");
        assert!(text.contains(printed), "{script}: {text}");
        let sum = format!("32 cells: {passed} passed, {} failed in ", 32 - passed);
        assert!(text.lines().last().unwrap().starts_with(&sum), "{script}: {text}");
    }
}

#[test]
fn a_server_peer_that_fails_at_its_end_fails_the_demonstration() {
    let done = beside("\"$1\" peer \"$2\" \"$3\" \"$4\" && [ $2 = ask ]", "60");
    assert_eq!(done.code, 1, "{done:?}");
}

#[test]
fn a_peer_that_hangs_is_killed_with_all_that_it_started() {
    for (mode, script) in [
        (
            "serve",
            "[ $2 = ask ] && exec \"$1\" peer \"$2\" \"$3\" \"$4\"; sleep 1000 & echo $! > \"$0.pid\"; wait",
        ),
        ("ask", "[ $2 = serve ] && exec \"$1\" peer serve; sleep 1000 & echo $! > \"$0.pid\"; wait"),
    ] {
        let (_folder, path) = file(script.as_bytes());
        let odd = format!("odd=sh '{}' '{BINARY}'", path.display());
        let done = capsock(["demo", "--timeout", "2", "--peer", &odd]).done();
        assert_eq!(done.code, 1, "{mode}: {done:?}");
        assert!(done.text().contains("in time"), "{mode}: {done:?}");
        until_gone(&path.with_extension("pid"));
    }
}

#[test]
fn a_signal_ends_it_and_its_peers() {
    let (_folder, path) = file(b"sleep 1000 & echo $! > \"$0.pid\"; wait");
    let running = capsock(["demo", "--peer", &format!("odd=sh '{}'", path.display())]).start();
    let pid = path.with_extension("pid");
    until("the peer runs", || std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')));
    running.signal(libc::SIGINT);
    let done = running.done();
    assert_eq!((done.code, done.text().as_str(), done.stderr.as_str()), (130, "", ""));
    until_gone(&pid);
}

/// Waits until the process whose number is in the file has gone, or is a zombie that init has yet
/// to take.
fn until_gone(pid: &Path) {
    let pid = std::fs::read_to_string(pid).unwrap();
    until("the peer's child has gone", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.is_empty() || stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
    });
}

#[test]
fn the_peer_says_how_it_is_used() {
    for arguments in ["peer", "peer frobnicate", "peer ask one"] {
        let done = words(arguments).done();
        assert_eq!(
            (done.code, done.stderr.as_str()),
            (1, "capsock: usage: peer serve | peer ask TEXTS EXPECTED\n")
        );
    }
}

#[test]
fn it_starts_again_what_it_was_started_as() {
    let (_folder, link) = file(b"");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(BINARY, &link).unwrap();
    let done = shell(&format!("exec '{}' demo", link.display())).done();
    assert_eq!(done.code, 0, "{done:?}");
}
