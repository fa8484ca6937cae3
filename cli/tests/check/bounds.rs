//! Foreign code: what it may use, and that nothing of it is left.

use std::process::Command;

use crate::support::{Found, check, folder, outcome, runs, servers};

/// A number of seconds that no other process sleeps.
fn nap(nth: u32) -> String {
    format!("6{nth}.{}", std::process::id())
}

fn program(options: &[&str], words: &[&str]) -> Found {
    let all =
        ["server", "udp", "--json", "--only", "answers"].iter().chain(options).chain(&["--"]).chain(words);
    check(all)
}

fn path(name: &str) -> String {
    folder().join(name).display().to_string()
}

#[test]
fn a_program_that_exceeds_its_bounds_is_killed_with_all_its_processes() {
    let naps = nap(1);
    let (flood, forks) = (path("flood.sh"), path("forks.py"));
    let cases: [(&[&str], &[&str], &str); 4] = [
        (&["--output", "1"], &["sh", &flood], "the program wrote more than 1,048,576 bytes, and was killed"),
        (
            &["--processes", "20"],
            &["python3", &forks, "{port}", &naps],
            "the program had more than 20 processes, and was killed",
        ),
        (&["--memory", "64"], &["python3", "-c", "b'x' * (1 << 30)"], "MemoryError"),
        (
            &["--cpu", "1"],
            &["sh", "-c", "while :; do :; done"],
            "the program was ended by SIGXCPU, at the limit of its processor time",
        ),
    ];
    for (options, words, seen) in cases {
        let found = program(options, words);
        assert_eq!((found.code, outcome(&found, "answers").as_str()), (1, "fail"), "{found:?}");
        assert!(found.seen("answers").contains(seen), "{found:?}");
    }
    assert!(!runs(&naps), "a process is left");
}

#[test]
fn nothing_outlives_the_check() {
    let naps = nap(2);
    let temporary = tempfile::tempdir().unwrap();
    let words = ["python3", &path("orphans.py"), "{port}", &naps];
    let output = Command::new(env!("CARGO_BIN_EXE_capsock"))
        .args(["check", "server", "udp", "--only", "answers,two-clients", "--"])
        .args(words)
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!runs(&naps), "a process is left");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "a temporary home is left");
}

#[test]
fn a_check_that_is_killed_leaves_no_program() {
    let naps = nap(3);
    // Of a check that is killed, the temporary home is left.
    let temporary = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_capsock"))
        .args(["check", "server", "udp", "--", "sleep", &naps])
        .env("TMPDIR", temporary.path())
        .spawn()
        .unwrap();
    until("the program runs", || runs(&naps));
    child.kill().unwrap();
    child.wait().unwrap();
    until("the program is killed as well", || !runs(&naps));
}

#[test]
fn a_program_that_does_not_come_so_far_fails_every_probe() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("UDPServer.py");
    std::fs::write(&source, "").unwrap();
    let source = source.to_str().unwrap();
    let advised =
        format!("could not start {source}: Permission denied (os error 13); write: python3 {source}");
    let cases: [(&[&str], &str); 6] = [
        (&[source], &advised),
        (&["/does/not/exist"], "could not start /does/not/exist: No such file or directory"),
        (&["/etc/passwd"], "could not start /etc/passwd: Permission denied"),
        (&["sh", "-c", "echo no >&2; exit 3"], "the program ended with exit status 3; it said: no"),
        (&["sleep", "60"], "it bound no udp port within 3 s"),
        (
            &[
                "python3",
                "-c",
                "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); time.sleep(60)",
            ],
            "it bound no udp port within 3 s, but tcp port",
        ),
    ];
    for (words, seen) in cases {
        let words = ["server", "udp", "--json", "--patience", "1", "--only", "answers,exact", "--"]
            .iter()
            .chain(words);
        let found = check(words);
        assert_eq!(found.code, 1, "{found:?}");
        for probe in ["answers", "exact"] {
            assert!(found.seen(probe).contains(seen), "{found:?}");
        }
    }
}

#[test]
fn usage_that_is_wrong_is_named() {
    let busy = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let cases: [(&[&str], &str); 5] = [
        (&["server", "udp", "--port", &port, "--", "true"], "is taken by another program"),
        (&["client", "udp", "--port", &port, "--", "true"], "could not play the server on udp port"),
        (&["server", "udp", "--only", "joined", "--", "true"], "there is no probe 'joined' for this program"),
        (&["server", "udp", "--patience", "inf", "--", "true"], "--patience needs a time"),
        (&["server", "udp"], "required"),
    ];
    for (words, text) in cases {
        let found = check(words);
        assert_eq!(found.code, 2, "{found:?}");
        assert!(found.stderr.contains(text), "{found:?}");
    }
}

#[test]
fn the_port_is_found_that_a_program_binds() {
    // The program takes a port of its own choice, since it is told 0.
    for (kind, transport) in [("python tcp", "tcp"), ("c udp", "udp")] {
        let program = servers("none").into_iter().find(|program| program.kind == kind).unwrap();
        let words = program.words_with("{port}", "0");
        let options = ["server", transport, "--json", "--only", "answers,restarts", "--"];
        let found = check(options.iter().map(|word| (*word).to_owned()).chain(words));
        assert_eq!(found.code, 0, "{found:?}");
    }
}

fn until(what: &str, mut there: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !there() {
        assert!(std::time::Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
