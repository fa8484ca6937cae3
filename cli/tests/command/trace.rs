//! `capsock trace`: runs that the command recorded, as pictures.

use std::path::Path;

use crate::support::{Done, Server, capsock, file, until, words};

/// What `capsock trace` says of a file.
fn drawn(file: &Path, options: &str) -> Done {
    let words = ["trace", file.to_str().unwrap()];
    capsock(words.into_iter().chain(options.split_whitespace())).done()
}

/// Records a server and a client that asks it once.
fn recorded(file: &Path, transport: &str, concurrency: &str) {
    let trace = format!("--trace {}", file.display());
    let server = Server::start(&format!("{transport} --host 127.0.0.1 --concurrency {concurrency} {trace}"));
    let asked = words(&format!("client {transport} 127.0.0.1 {} {trace} hello", server.port())).done();
    assert_eq!((asked.code, asked.text().as_str()), (0, "HELLO\n"), "{asked:?}");
    server.running.signal(libc::SIGINT);
    assert_eq!(server.running.done().code, 130);
}

#[test]
fn a_file_gets_the_format_of_its_extension_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("run.jsonl");
    recorded(&trace, "udp", "iterative");
    let formats =
        [("svg", "<svg "), ("SVG", "<svg "), ("html", "<!doctype html>"), ("mmd", "sequenceDiagram")];
    for (extension, begin) in formats {
        let out = folder.path().join(format!("figure.{extension}"));
        assert_eq!(drawn(&trace, &format!("-o {}", out.display())).code, 0);
        assert!(std::fs::read_to_string(&out).unwrap().starts_with(begin), "{extension}");
    }
    for extension in ["jpg", "jsonl"] {
        let out = folder.path().join(format!("figure.{extension}"));
        let done = drawn(&trace, &format!("-o {}", out.display()));
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.stderr.contains(&format!("no format has the extension .{extension}")), "{done:?}");
        assert!(!out.exists());
        assert_eq!(drawn(&trace, &format!("--format svg -o {}", out.display())).code, 0, "{extension}");
    }
}

/// The width and the height of a PNG.
#[cfg(feature = "pictures")]
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[cfg(feature = "pictures")]
#[test]
fn a_picture_is_written_as_png_and_as_pdf() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("run.jsonl");
    recorded(&trace, "udp", "iterative");
    let file = |name: &str, options: &str| {
        let out = folder.path().join(name);
        assert_eq!(
            drawn(&trace, &format!("--normalize -o {} {options}", out.display())).code,
            0,
            "{options}"
        );
        std::fs::read(out).unwrap()
    };
    let svg = String::from_utf8(file("a.svg", "")).unwrap();
    let png = file("a.png", "--scale 1");
    let (width, height) = size(&png);
    assert!(svg.contains(&format!("width=\"{width}\" height=\"{height}\"")), "{width} {height}");
    assert_eq!(size(&file("a.png", "")), (2 * width, 2 * height));
    let pdf = file("a.pdf", "");
    assert!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF"));
    // The same trace gives the same bytes.
    assert!(file("b.png", "--scale 1") == png && file("b.pdf", "") == pdf);
    size(&file("gantt.png", "--format gantt --scale 1"));
    assert!(file("gantt.pdf", "--format gantt").starts_with(b"%PDF-"));
    let out = folder.path().join("large.png");
    let done = drawn(&trace, &format!("-o {} --scale 8 --font-size 60", out.display()));
    assert_eq!((done.code, done.stderr.contains("choose a smaller --scale"), out.exists()), (2, true, false));
    let done = drawn(&trace, &format!("-o {} --scale 3", folder.path().join("a.svg").display()));
    assert_eq!((done.code, done.stderr.contains("--scale is of PNG")), (2, true), "{done:?}");
}

#[test]
fn each_kind_of_server_is_drawn_with_its_request_and_its_reply() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["tcp", "udp"] {
        for concurrency in ["iterative", "threads", "processes", "events"] {
            let file = folder.path().join(format!("{transport}-{concurrency}.jsonl"));
            recorded(&file, transport, concurrency);
            let text = drawn(&file, "--normalize --width 120").text();
            let newline = if transport == "tcp" { "\\n" } else { "" };
            for (end, said) in [('◄', "hello"), ('►', "HELLO")] {
                // One that arrives before it is taken has a number.
                let part = format!("\"{said}{newline}\" ─");
                let arrow = text.lines().any(|line| line.contains(&part) && line.contains(end));
                assert!(arrow, "{transport} {concurrency}: {part}\n{text}");
            }
            // A client that closes may have more coming than it reads.
            let unseen = text.lines().find(|line| line.contains("no send seen"));
            assert_eq!(unseen, None, "{transport} {concurrency}:\n{text}");
            let none = drawn(&file, "--normalize --width 120 --no-payload").text();
            assert!(!none.to_lowercase().contains("hello"), "{none}");
        }
    }
}

/// Records an iterative server that is killed once it has done all that it does for a client, and waits for the next one.
fn recorded_and_killed(file: &Path, transport: &str) {
    let trace = format!("--trace {}", file.display());
    let server = Server::start(&format!("{transport} --host 127.0.0.1 --concurrency iterative {trace}"));
    let asked = words(&format!("client {transport} 127.0.0.1 {} {trace} hello", server.port())).done();
    assert_eq!(asked.code, 0, "{asked:?}");
    let pid = format!("\"pid\":{},", server.running.id());
    let last = if transport == "tcp" { "\"call\":\"close\"" } else { "\"call\":\"send" };
    until("the server waits again", || {
        let lines = std::fs::read_to_string(file).unwrap();
        let mut own = lines.split_inclusive('\n').filter(|line| line.contains(&pid));
        let waits = |line: &str| line.contains("\"event\":\"begin\"") && line.ends_with('\n');
        own.any(|line| line.contains(last)) && own.any(waits)
    });
    server.running.signal(libc::SIGKILL);
    server.running.done();
}

#[test]
fn a_run_done_twice_gives_the_same_bytes_normalised() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["tcp", "udp"] {
        let file = |nth: u8| folder.path().join(format!("{transport}{nth}.jsonl"));
        for nth in [1, 2] {
            recorded_and_killed(&file(nth), transport);
        }
        for format in ["text", "svg", "html", "mermaid", "gantt", "perfetto"] {
            let run = |nth: u8| drawn(&file(nth), &format!("--normalize --format {format}"));
            let (one, other) = (run(1), run(2));
            assert_eq!((one.code, one.stderr.as_str()), (0, ""), "{format}");
            assert!(one.stdout == other.stdout, "{format}:\n{}\n{}", one.text(), other.text());
        }
    }
}

#[test]
fn a_file_that_is_given_twice_is_drawn_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("run.jsonl"), folder.path().join("link"));
    recorded(&file, "udp", "iterative");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let once = drawn(&file, "");
    for again in [&file, &link] {
        assert_eq!(drawn(&file, again.to_str().unwrap()).text(), once.text());
    }
}

#[test]
fn the_output_goes_where_it_is_to_go_in_the_format_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    recorded(&file, "udp", "iterative");
    for (name, begins) in [
        ("a.svg", "<svg "),
        ("a.html", "<!DOCTYPE html>"),
        ("a.mmd", "sequenceDiagram\n"),
        ("a.json", "{\"displayTimeUnit\""),
        ("a.txt", " capsock "),
    ] {
        let out = folder.path().join(name);
        let done = drawn(&file, &format!("-o {}", out.display()));
        assert_eq!((done.code, done.text().as_str(), done.stderr.as_str()), (0, "", ""));
        let written = std::fs::read_to_string(&out).unwrap();
        assert!(written.to_lowercase().starts_with(&begins.to_lowercase()), "{name}: {written:.100}");
    }
    let gantt = folder.path().join("gantt.svg");
    assert_eq!(drawn(&file, &format!("--format gantt -o {}", gantt.display())).code, 0);
    assert!(std::fs::read_to_string(&gantt).unwrap().contains("served"));
    let coloured = drawn(&file, "--colour always --ascii").text();
    assert!(coloured.contains("\x1b[36m") && coloured.is_ascii(), "{coloured}");
    let done = capsock(["trace", "-"]).input(std::fs::read(&file).unwrap()).done();
    assert_eq!(done.text(), drawn(&file, "").text());
}

#[test]
fn what_is_no_trace_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    for (text, message) in [
        ("hello\n", "trace.jsonl, line 1: this is no line of a trace: it is not JSON\n"),
        ("{\"event\":\"call\",\"capsock\":7}\n", "line 1: the trace has version 7 of the format"),
    ] {
        std::fs::write(&file, text).unwrap();
        let done = drawn(&file, "");
        assert_eq!((done.code, done.text().as_str()), (2, ""), "{done:?}");
        assert!(done.stderr.contains(message), "{done:?}");
    }
    std::fs::write(&file, "").unwrap();
    assert_eq!(drawn(&file, "").text(), "no socket call was recorded\n");
    let done = words("trace /does/not/exist").done();
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("could not read /does/not/exist"), "{done:?}");
}

#[test]
fn the_axis_of_a_gantt_chart_ends_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("run.jsonl");
    recorded(&trace, "tcp", "iterative");
    let gantt = drawn(&trace, "--format gantt --until 120").text();
    assert!(gantt.contains(" 120 s\n"), "{gantt}");
    for (options, why) in [
        ("--until 120", "--until is of the Gantt chart and the page"),
        ("--format gantt --until 2 --normalize", "cannot be used with '--normalize'"),
        ("--format gantt --until=-1", "the time"),
        ("--format gantt --unfolded", "--unfolded is of text, the pictures of the calls and the page"),
        ("--format gantt --until soon", "'soon' is not a number of seconds"),
    ] {
        let done = drawn(&trace, options);
        assert_eq!((done.code, done.stderr.contains(why)), (2, true), "{options}: {done:?}");
    }
}

#[test]
fn the_last_run_of_a_file_is_drawn_or_all() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, both] = ["first", "second", "both"].map(|name| folder.path().join(name));
    recorded(&first, "udp", "iterative");
    recorded(&second, "udp", "iterative");
    let contents = [&first, &second].map(|file| std::fs::read(file).unwrap());
    std::fs::write(&both, contents.concat()).unwrap();
    let last = drawn(&both, "--normalize").text();
    let note = "Note: this is the last of 2 runs in the trace; --run all draws all of them\n";
    assert_eq!(last.replace(note, ""), drawn(&second, "--normalize").text());
    assert!(last.ends_with(note), "{last}");
    assert_eq!(last, drawn(&both, "--run last --normalize").text());
    let all = drawn(&both, "--normalize --run all --width 200").text();
    assert_eq!((all.matches("\"hello\" ─").count(), all.contains("the last of")), (2, false), "{all}");
}

#[test]
fn repeated_rounds_are_folded_unless_all_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("run.jsonl");
    let record = format!("--trace {}", trace.display());
    let server = Server::start(&format!("udp --host 127.0.0.1 --concurrency iterative {record}"));
    for _ in 0..12 {
        let asked = words(&format!("client udp 127.0.0.1 {} hello", server.port())).done();
        assert_eq!(asked.text(), "HELLO\n", "{asked:?}");
    }
    server.running.signal(libc::SIGINT);
    assert_eq!(server.running.done().code, 130);
    for format in ["text", "svg", "html"] {
        let rows = |options: &str| {
            let figure = drawn(&trace, &format!("--normalize --format {format} {options}")).text();
            let figure = figure.split("<table").next().unwrap().replace("&quot;", "\"");
            (figure.contains("more rounds of the"), figure.matches("sendto(\"HELLO\"").count())
        };
        let (folded, unfolded) = (rows(""), rows("--unfolded"));
        assert!(folded.0 && !unfolded.0 && folded.1 < 8, "{format}: {folded:?} {unfolded:?}");
        assert!(unfolded.1 >= 12, "{format}: {unfolded:?}");
    }
}

#[test]
fn a_picture_has_the_title_the_caption_the_size_and_the_part_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("run.jsonl");
    recorded(&trace, "tcp", "iterative");
    let file = trace.to_str().unwrap();
    let svg =
        capsock(["trace", file, "--format", "svg", "--title", "A <title>", "--caption", "A figure & more"]);
    let svg = svg.done().text();
    assert!(svg.contains(">A &lt;title&gt;</text>") && svg.contains(">A figure &amp; more</text>"), "{svg}");
    let width = |options: &str| {
        let svg = drawn(&trace, &format!("--format svg {options}")).text();
        let (_, rest) = svg.split_once(" width=\"").unwrap();
        rest.split('"').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(width("--font-size 26"), 2 * width(""));
    let light = drawn(&trace, "--format html --light").text();
    assert!(light.contains("content=\"light\"") && !light.contains("prefers-color-scheme"), "{light}");
    let text = drawn(&trace, "--rows 1-2").text();
    assert!(text.contains("socket(") && text.contains(".bind(") && !text.contains(".listen("), "{text}");
    let svg = drawn(&trace, "--format svg --rows 3").text();
    assert!(svg.contains(".listen(") && !svg.contains(".bind("), "{svg}");
    for (options, why) in [
        ("--title x", "--title is of pictures and the page"),
        ("--format gantt --rows 1-2", "--rows is of text, the pictures of the calls and the page"),
        ("--format svg --light", "--light is of the page"),
        ("--font-size 500 --format svg", "500 is not in 6..=60"),
        ("--rows 3-2", "'3-2' is no range of calls"),
        ("--rows 0-2", "'0-2' is no range of calls"),
        ("--rows 4000", "--rows 4000: the figure has "),
        ("--only nobody", "--only nobody: the trace has no such program; it has: capsock, capsock 2"),
    ] {
        let done = drawn(&trace, options);
        assert_eq!((done.code, done.stderr.contains(why)), (2, true), "{options}: {done:?}");
    }
}

#[test]
fn a_fifo_that_nobody_uses_holds_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let fifo = fifo.to_str().unwrap();
    for (arguments, code, said) in [
        (vec!["trace", fifo], 0, "no socket call was recorded"),
        (vec!["watch", fifo], 1, "could not read"),
        (vec!["show", "--trace", fifo, "true", "--", "true"], 1, "could not write"),
    ] {
        let done = capsock(&arguments).done();
        let text = format!("{}{}", done.text(), done.stderr);
        assert!(done.code == code && text.contains(said), "{arguments:?}: {done:?}");
    }
    // A pipe with a writer is read to its end.
    let file = folder.path().join("run.jsonl");
    recorded(&file, "udp", "events");
    let done = capsock(["trace", "/dev/stdin"]).input(std::fs::read(&file).unwrap()).done();
    assert!(done.code == 0 && done.text().contains("HELLO"), "{done:?}");
}

#[test]
fn nothing_is_recorded_to_a_file_that_is_no_trace() {
    let (folder, source) = file(b"print('homework')\n");
    let name = source.to_str().unwrap();
    for arguments in [
        vec!["run", "--trace", name, "true"],
        vec!["show", "--trace", name, "true", "--", "true"],
        vec!["serve", "tcp", "--port", "0", "--trace", name],
        vec!["client", "udp", "127.0.0.1", "9", "--trace", name, "hello"],
        vec!["link", "udp", "--listen", "0", "--to", "127.0.0.1:9", "--trace", name],
    ] {
        let done = capsock(&arguments).done();
        assert!(done.code == 2 && done.stderr.contains("is no trace, and nothing is recorded"), "{done:?}");
    }
    assert_eq!(std::fs::read(&source).unwrap(), b"print('homework')\n");
    drop(folder);
}
