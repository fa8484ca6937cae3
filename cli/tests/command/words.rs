//! Words that are wrong, errors of the network, and what is made for shells and for man.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::support::{capsock, closed_port, closed_udp_port, silent, words};

#[test]
fn each_way_to_end_has_its_exit_code_and_its_text() {
    let (_held, closed) = closed_port();
    let (_kept, udp) = closed_udp_port();
    let (_listening, silent) = silent();
    let scenarios: &[(&str, i32, &str)] = &[
        ("", 2, "Usage: capsock"),
        ("frobnicate", 2, "frobnicate"),
        ("serve", 2, "Usage: capsock serve"),
        ("serve sctp", 2, "sctp"),
        ("serve tcp --port 65536", 2, "65536"),
        ("serve tcp --port -1", 2, "-1"),
        ("serve tcp --concurrency fibers", 2, "fibers"),
        ("serve tcp --framing words", 2, "words"),
        ("serve udp --framing line", 2, "--framing"),
        ("serve udp --length-bytes 2", 2, "--length-bytes"),
        ("serve tcp --framing length --length-bytes 3 --port 0", 2, "length_bytes is 3"),
        ("serve tcp --framing length --length-endian middle", 2, "middle"),
        ("serve tcp --framing delimiter --delimiter= --port 0", 2, "the delimiter is empty"),
        (r"serve tcp --framing delimiter --delimiter \q", 2, r"\q is not one of \r"),
        ("client tcp 127.0.0.1 1 --framing once hello", 2, "with the framing once"),
        ("serve tcp --idle-timeout -1", 2, "-1 s is negative"),
        ("serve tcp --idle-timeout NaN", 2, "not a number"),
        ("serve tcp --busy-poll -1", 2, "-1 us is negative"),
        ("serve udp --busy-poll 0.5", 2, "'0.5' is not a whole number of microseconds"),
        ("serve udp --busy-poll NaN", 2, "'NaN' is not a whole number of microseconds"),
        ("serve tcp --busy-poll 1000001 --port 0", 2, "busy_poll is 1.000001 s"),
        ("serve tcp --proxy-protocol 10.1.2.3/8 --port 0", 2, "write 10.0.0.0/8"),
        ("serve udp --proxy-header-timeout 1", 2, "--proxy-header-timeout"),
        ("serve tcp --proxy-header-timeout 0 --port 0", 2, "proxy_header_timeout is 0"),
        ("serve tcp --stop-timeout soon", 2, "soon"),
        ("serve tcp --max-request 0 --port 0", 2, "max_request is 0"),
        ("serve tcp --host does-not-exist.invalid --port 0", 1, "does-not-exist.invalid"),
        ("serve tcp --host 192.0.2.1 --port 0", 1, "192.0.2.1"),
        ("client tcp localhost", 2, "<PORT>"),
        ("client tcp localhost 99999 hello", 2, "99999"),
        ("client tcp localhost http hello", 2, "'http' for '<PORT>': it is not a number from 0 to 65535"),
        ("serve tcp --port ''", 2, "it is not a number from 0 to 65535"),
        ("serve tcp --idle-timeout 0 --port 0", 2, "idle_timeout is 0"),
        ("client udp localhost 1 --timeout -0.5 hello", 2, "-0.5 s is negative"),
        ("client udp localhost 1 --connect-timeout 1 hello", 2, "--connect-timeout"),
        (
            "client tcp 127.0.0.1 CLOSED hello",
            1,
            "capsock: could not connect to 127.0.0.1:CLOSED: Connection refused",
        ),
        ("client udp 127.0.0.1 UDP hello", 1, "ECONNREFUSED"),
        ("client tcp does-not-exist.invalid 12000 hello", 1, "does-not-exist.invalid"),
        ("client udp does-not-exist.invalid 12000 hello", 1, "does-not-exist.invalid"),
        ("client tcp 127.0.0.1 SILENT --timeout 0.1 hello", 124, "capsock: could not"),
        ("link", 2, "Usage: capsock link"),
        ("link udp --loss 30", 2, "'30' may mean 30% or more: write 30%, or a number below 1"),
        (
            "link udp --loss sideways:30%",
            2,
            "'sideways' is no direction: up (to the server), down (to the client)",
        ),
        ("link udp --drop 0", 2, "'0' is no number from 1"),
        ("link udp --delay 40", 2, "'40' has no unit: write 40ms or 40s"),
        ("link udp --rate 1mbps", 2, "bytes per second in tc(8) and bits elsewhere"),
        ("link udp --cut 3", 2, "--cut"),
        ("link udp --idle-timeout 0", 2, "no reply returns to its client"),
        ("link tcp --loss 3%", 2, "--loss"),
        ("link tcp --segment 0", 2, "no byte could be sent"),
        ("link tcp --listen http", 2, "it is not a number from 0 to 65535"),
        ("link tcp --to localhost", 2, "it has no port: host:port is needed"),
        ("link udp --listen 0 --to does-not-exist.invalid:1", 1, "does-not-exist.invalid"),
        ("link udp --listen 127.0.0.1:UDPPORT --to 127.0.0.1:1", 1, "could not bind to 127.0.0.1:UDPPORT"),
        ("uppercase book.txt", 2, "book.txt"),
        ("demo --peer python", 2, "LANGUAGE=COMMAND"),
        ("demo --peer a=b --peer a=c", 2, "names a twice"),
        ("demo --texts only.txt", 2, "--expected"),
        ("demo --texts /does/not/exist --expected /does/not/exist", 2, "/does/not/exist"),
        ("X.py", 2, "tip: to run a script, write: run X.py"),
        ("folder/UDPServer.py --port 1", 2, "tip: to run a script, write: run folder/UDPServer.py"),
        ("run", 2, "PROGRAM"),
        ("run server.c 1", 2, "server.c is a source: compile it (cc -o server server.c)"),
        ("run ./no-such-program", 1, "could not start ./no-such-program: No such file"),
        ("run --trace /dev/null ./no-such-program", 1, "there is no program ./no-such-program"),
        ("run --no-payload x", 2, "--trace"),
        ("watch /does/not/exist/run.jsonl", 2, "there is no folder /does/not/exist"),
        ("completions klingon", 2, "klingon"),
        ("man --out /dev/null/folder", 1, "/dev/null/folder"),
    ];
    for (line, code, text) in scenarios {
        let with_ports = |text: &str| {
            let text = text.replace("CLOSED", &closed.to_string()).replace("SILENT", &silent.to_string());
            text.replace(" UDP ", &format!(" {udp} ")).replace("UDPPORT", &udp.to_string())
        };
        let done = words(&with_ports(line)).done();
        assert_eq!(done.code, *code, "{line}: {done:?}");
        assert!(done.stderr.contains(&with_ports(text)), "{line}: {done:?}");
        assert_eq!(done.text(), "", "{line}: data only on standard output");
    }
}

#[test]
fn arguments_that_are_not_utf8_are_refused_where_words_are_asked_for() {
    let strange = OsStr::from_bytes(b"\xff").to_owned();
    for before in [&["serve", "tcp", "--host"][..], &["serve"], &["client", "tcp"], &["demo", "--peer"], &[]]
    {
        let args = before.iter().map(OsString::from).chain([strange.clone()]);
        let done = capsock(args).done();
        assert_eq!(done.code, 2, "{before:?}: {done:?}");
    }
}

#[test]
fn help_and_version_are_data() {
    for line in [
        "--help",
        "--version",
        "serve --help",
        "serve tcp --help",
        "client udp --help",
        "demo --help",
        "help serve",
    ] {
        let done = words(line).done();
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{line}");
        assert!(
            done.text().contains(if line == "--version" { capsock::VERSION } else { "Usage: capsock" }),
            "{line}"
        );
    }
}

#[test]
fn every_option_of_the_help_is_a_sentence() {
    for line in ["serve tcp", "serve udp", "client tcp", "client udp", "run", "demo", "man"] {
        let help = words(&format!("{line} --help")).done().text();
        assert!(help.contains("Options:"), "{line}");
        // A description that names another option may have it at the beginning of a line, further to the right.
        for option in help.lines().filter(|text| text.starts_with("      --")) {
            let described = option.trim().split_once("  ").is_some_and(|(_, text)| !text.trim().is_empty());
            assert!(described, "{line}: {option}");
        }
    }
}

#[test]
fn completions_know_the_words() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = words(&format!("completions {shell}")).done();
        assert_eq!(done.code, 0);
        for word in ["uppercase", "concurrency", "retransmit-after", "at-once"] {
            assert!(done.text().contains(word), "{shell}: {word}");
        }
        let knows_values = ["bash", "fish", "zsh"].contains(&shell);
        assert_eq!(done.text().contains("little"), knows_values, "{shell}");
    }
}

#[test]
fn man_writes_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made/man1");
    let done = capsock([OsStr::new("man"), OsStr::new("--out"), out.as_os_str()]).done();
    assert_eq!((done.code, done.text().as_str()), (0, ""), "{done:?}");
    let mut pages: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let expected = [
        "capsock-check.1",
        "capsock-client-tcp.1",
        "capsock-client-udp.1",
        "capsock-client.1",
        "capsock-completions.1",
        "capsock-demo.1",
        "capsock-link-tcp.1",
        "capsock-link-udp.1",
        "capsock-link.1",
        "capsock-man.1",
        "capsock-run.1",
        "capsock-serve-tcp.1",
        "capsock-serve-udp.1",
        "capsock-serve.1",
        "capsock-show.1",
        "capsock-step.1",
        "capsock-trace.1",
        "capsock-uppercase.1",
        "capsock-watch.1",
        "capsock.1",
    ];
    assert_eq!(pages, expected);
    let main = std::fs::read_to_string(out.join("capsock.1")).unwrap();
    assert_eq!(words("man").done().text(), main);
    assert!(main.contains(".SH EXAMPLES") && main.contains("capsock\\-serve(1)"), "{main}");
}
