//! `capsock uppercase`.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use crate::support::{mixed, read_from, shell, until, words};

#[test]
fn text_comes_out_in_upper_case_and_other_bytes_as_they_are() {
    let scenarios: &[(&[u8], &[u8])] = &[
        (b"", b""),
        (b"hello\n", b"HELLO\n"),
        ("straße ŉ ὀδυσσεύς".as_bytes(), "STRASSE ʼN ὈΔΥΣΣΕΎΣ".as_bytes()),
        (b"a\xffb\x00c\xc3", b"A\xffB\x00C\xc3"),
        (b"no newline", b"NO NEWLINE"),
    ];
    for (input, output) in scenarios {
        let done = words("uppercase").input(*input).done();
        assert_eq!((done.code, done.stdout.as_slice(), done.stderr.as_str()), (0, *output, ""));
    }
}

#[test]
fn a_long_input_is_upper_cased_across_its_chunks() {
    let input = mixed(3 << 20);
    let done = words("uppercase").input(input.clone()).done();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout == capsock::uppercase(&input));
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    let running = words("uppercase").stdin(File::open("/dev/zero").unwrap()).stdout(writer).start();
    read_from(&reader, 1000);
    drop(reader);
    let done = running.done();
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

#[test]
fn a_full_disk_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let done = words("uppercase").input("hello").stdout(full).done();
    assert_eq!(done.code, 1);
    assert!(done.stderr.starts_with("capsock: could not write to standard output: "), "{done:?}");
}

#[test]
fn an_input_that_cannot_be_read_is_an_error() {
    let done = words("uppercase").stdin(File::open("/").unwrap()).done();
    assert_eq!(done.code, 1);
    assert!(done.stderr.starts_with("capsock: could not read standard input: "), "{done:?}");
}

#[test]
fn a_signal_ends_it_while_it_waits_for_input() {
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143), (libc::SIGHUP, 129)] {
        let mut running = words("uppercase").start();
        running.stdin.as_mut().unwrap().write_all(b"ready\n").unwrap();
        assert_eq!(running.line(), "READY");
        let stdin = running.stdin.take();
        running.signal(signal);
        assert_eq!(running.done().code, code);
        drop(stdin);
    }
}

#[test]
fn a_signal_ends_it_while_nobody_takes_its_output() {
    let (reader, writer) = std::io::pipe().unwrap();
    let running = words("uppercase").stdin(File::open("/dev/zero").unwrap()).stdout(writer).start();
    // The pipe is full when the command does not read on; so it has output in hand from the first byte.
    read_from(&reader, 1);
    running.signal(libc::SIGINT);
    assert_eq!(running.done().code, 130);
}

#[test]
fn a_signal_that_the_host_ignores_stays_ignored() {
    let mut running = shell("trap '' INT; exec \"$0\" uppercase").start();
    let stdin = running.stdin.as_mut().unwrap();
    stdin.write_all(b"ready\n").unwrap();
    assert_eq!(running.line(), "READY");
    running.signal(libc::SIGINT);
    running.stdin.as_mut().unwrap().write_all(b"still here\n").unwrap();
    assert_eq!(running.line(), "STILL HERE");
    assert_eq!(running.done().code, 0);
}

#[test]
fn the_memory_stays_the_same_for_any_input() {
    let mut running =
        words("uppercase").stdin(File::open("/dev/zero").unwrap()).stdout(Stdio::null()).start();
    let id = running.id();
    until("it has read 64 MiB", || {
        let io = std::fs::read_to_string(format!("/proc/{id}/io")).unwrap_or_default();
        let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
        read.and_then(|bytes| bytes.parse::<u64>().ok()).is_some_and(|bytes| bytes > 64 << 20)
    });
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 32 << 10, "{peak} KiB");
    running.stdin = None;
    running.signal(libc::SIGINT);
    assert_eq!(running.done().code, 130);
}
