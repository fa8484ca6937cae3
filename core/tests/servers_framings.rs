//! Requests with a length before them and with a delimiter after them, on each concurrency.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Write;
use std::net::Shutdown;
use std::sync::{Arc, Mutex};

use capsock::{Concurrency, Endian, ErrorKind, Framing, ServerOptions, ServerSettings, Stats};
use support::*;

type Options = fn(ServerOptions) -> ServerOptions;

/// What a client sends to a server with the options, what it gets, and what the server counts.
type Row<'a> = (Options, &'a [u8], &'a [u8], [u64; 4]);

/// Those that permit a handler.
const HANDLING: [Concurrency; 3] = [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events];

fn length(options: ServerOptions, bytes: u32) -> ServerOptions {
    options.framing(Framing::Length).length_bytes(bytes).max_request(1_000).log(|_, _| {})
}

fn delimited(options: ServerOptions, delimiter: &[u8]) -> ServerOptions {
    options.framing(Framing::Delimiter).delimiter(delimiter).max_request(1_000).log(|_, _| {})
}

/// Requests answered, too long, malformed, and replies that could not be framed.
fn counts(stats: &Stats) -> [u64; 4] {
    [stats.requests, stats.oversized_requests, stats.malformed_requests, stats.replies_unsent]
}

#[test]
fn each_message_is_answered_and_bad_input_is_counted() {
    // The length of the second is more than its prefix can tell once it is upper case.
    let grows = [&[255][..], "ŉ".repeat(127).as_bytes(), b"a"].concat();
    let table: &[Row<'_>] = &[
        (|o| length(o, 4), b"", b"", [0, 0, 0, 0]),
        (|o| length(o, 4), b"\0\0\0\x05hello\0\0\0\0", b"\0\0\0\x05HELLO\0\0\0\0", [2, 0, 0, 0]),
        // DNS over TCP has such a length (RFC 7766, 8).
        (|o| length(o, 2), "\0\x07straße\0\x01a".as_bytes(), b"\0\x07STRASSE\0\x01A", [2, 0, 0, 0]),
        (
            |o| length(o, 4).length_endian(Endian::Little).length_includes_itself(true),
            b"\x06\0\0\0ab\x04\0\0\0",
            b"\x06\0\0\0AB\x04\0\0\0",
            [2, 0, 0, 0],
        ),
        // A character that becomes longer; bytes that are no text.
        (|o| length(o, 1), "\x02ŉ\x01\u{0}".as_bytes(), "\x03ʼN\x01\u{0}".as_bytes(), [2, 0, 0, 0]),
        (|o| length(o, 1), b"\x03\xff\r\n", b"\x03\xff\r\n", [1, 0, 0, 0]),
        (|o| length(o, 1), &[b"\x01a", &grows[..], b"\x01b"].concat(), b"\x01A", [1, 0, 0, 1]),
        (|o| length(o, 2), b"\0\x01a\xff\xff", b"\0\x01A", [1, 1, 0, 0]),
        (|o| length(o, 4), b"\xff\xff\xff\xffwhatever", b"", [0, 1, 0, 0]),
        (|o| length(o, 2).length_includes_itself(true), b"\0\x03a\0\x01b", b"\0\x03A", [1, 0, 1, 0]),
        (|o| length(o, 2), b"\0\x01a\0\x03bc", b"\0\x01A", [1, 0, 1, 0]),
        (|o| length(o, 2), b"\0", b"", [0, 0, 1, 0]),
        (|o| delimited(o, b"\r\n"), b"", b"", [0, 0, 0, 0]),
        (|o| delimited(o, b"\r\n"), b"a\r\n\r\nb\n\r\n", b"A\r\n\r\nB\n\r\n", [3, 0, 0, 0]),
        (|o| delimited(o, b"\r\n"), b"a\r\nlast\r", b"A\r\nLAST\r", [2, 0, 0, 0]),
        (|o| delimited(o, b"\0"), "straße\0\n\0".as_bytes(), b"STRASSE\0\n\0", [2, 0, 0, 0]),
        // The delimiter is not converted.
        (|o| delimited(o, b"end"), b"one endtwoend", b"ONE endTWOend", [2, 0, 0, 0]),
        (|o| delimited(o, b"END"), b"oneENDthe endENDmore", b"ONEEND", [1, 0, 0, 1]),
        (|o| delimited(o, b"\r\n").max_request(4), b"ab\r\nabc\r\n", b"AB\r\n", [1, 1, 0, 0]),
        (|o| delimited(o, b"\r\n").max_request(4), b"a\r\nabcdefgh", b"A\r\n", [1, 1, 0, 0]),
    ];
    for &concurrency in CONCURRENCIES {
        for (options, input, reply, expected) in table {
            let server = options(tcp(concurrency)).start().unwrap();
            let received = ask_to_the_end(&connect(&server), input);
            let what = || format!("{concurrency:?} {}", input.escape_ascii());
            assert_eq!(received.escape_ascii().to_string(), reply.escape_ascii().to_string(), "{}", what());
            eventually("it is counted", || counts(&server.stats()) == *expected);
            // Nobody else is affected.
            let empty = empty_message(&options(tcp(concurrency)).settings);
            assert_eq!(ask_to_the_end(&connect(&server), &empty), empty, "{}", what());
        }
    }
}

fn empty_message(settings: &ServerSettings) -> Vec<u8> {
    if settings.framing == Framing::Delimiter {
        return settings.delimiter.clone();
    }
    let mut message = vec![0; settings.length_bytes as usize];
    if settings.length_includes_itself {
        let lowest = if settings.length_endian == Endian::Little { 0 } else { message.len() - 1 };
        message[lowest] = message.len() as u8;
    }
    message
}

#[test]
fn messages_may_arrive_in_any_pieces() {
    let long = "straße ".repeat(20_000);
    let reply = long.to_uppercase();
    let prefixed = |text: &str| [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat();
    type Row = (Options, [Vec<u8>; 2], [Vec<u8>; 2]);
    let table: [Row; 2] = [
        (
            |o| o.framing(Framing::Length),
            [prefixed("hello"), prefixed(&long)],
            [prefixed("HELLO"), prefixed(&reply)],
        ),
        (
            |o| o.framing(Framing::Delimiter).delimiter("<\r\n>"),
            ["hello<\r\n>".into(), format!("{long}<\r\n><\r\n").into()],
            ["HELLO<\r\n>".into(), format!("{reply}<\r\n><\r\n").into()],
        ),
    ];
    for &concurrency in CONCURRENCIES {
        for (options, [short, long], [short_reply, long_reply]) in &table {
            let server = options(tcp(concurrency)).start().unwrap();
            let client = connect(&server);
            client.set_nodelay(true).unwrap();
            for byte in short {
                (&client).write_all(&[*byte]).unwrap();
            }
            ask(&client, b"", short_reply);
            let received = std::thread::scope(|scope| {
                let reader = scope.spawn(|| read_to_end(&client));
                (&client).write_all(long).unwrap();
                client.shutdown(Shutdown::Write).unwrap();
                reader.join().unwrap()
            });
            assert!(received == *long_reply, "{concurrency:?}");
        }
    }
}

#[test]
fn a_client_that_drips_a_message_delays_nobody() {
    for &concurrency in CONCURRENCIES.iter().filter(|kind| **kind != Concurrency::Iterative) {
        // A length that nobody sends: memory is reserved for what has arrived.
        let server = tcp(concurrency).framing(Framing::Length).workers(1).start().unwrap();
        let slow = connect(&server);
        (&slow).write_all(b"\0\x0f\xff\xffa").unwrap();
        let other = connect(&server);
        for _ in 0..3 {
            (&slow).write_all(b"b").unwrap();
            ask(&other, b"\0\0\0\x02hi", b"\0\0\0\x02HI");
        }
    }
}

#[test]
fn a_handler_gets_and_gives_payloads() {
    let table: &[Row<'_>] = &[
        (|o| length(o, 2), b"\0\x03abc\0\0\0\x01d", b"\0\x03cba\0\0\0\x01d", [3, 0, 0, 0]),
        (|o| length(o, 1), b"\x01a\x04long\x01b", b"\x01a", [1, 0, 0, 1]),
        (|o| delimited(o, b"\r\n"), b"abc\r\n\r\nlast", b"cba\r\n\r\ntsal", [3, 0, 0, 0]),
        (|o| delimited(o, b"ab"), b"xyabbaabz", b"yxab", [1, 0, 0, 1]),
        // What follows the reply would end it sooner.
        (|o| delimited(o, b"aa"), b"xaaabaa", b"xaa", [1, 0, 0, 1]),
        (|o| delimited(o, b"aa"), b"xaa.aaab", b"xaa.aa", [2, 0, 0, 1]),
        (|o| delimited(o, b"\r\n"), b"a\r\nfail\r\nb\r\n", b"a\r\n", [1, 0, 0, 0]),
    ];
    let reverse = |request: &[u8]| -> Vec<u8> {
        assert_ne!(request, b"fail");
        let times = if request == b"long" { 100 } else { 1 };
        request.iter().rev().copied().collect::<Vec<u8>>().repeat(times)
    };
    for concurrency in HANDLING {
        for (options, input, reply, expected) in table {
            let server = options(tcp(concurrency)).handler(reverse).start().unwrap();
            let received = ask_to_the_end(&connect(&server), input);
            let what = || format!("{concurrency:?} {}", input.escape_ascii());
            assert_eq!(received.escape_ascii().to_string(), reply.escape_ascii().to_string(), "{}", what());
            eventually("it is counted", || counts(&server.stats()) == *expected);
        }
    }
}

#[test]
fn what_cannot_be_framed_or_read_is_logged() {
    let table: &[(Options, &[u8], &str)] = &[
        (|o| length(o, 2).length_includes_itself(true), b"\0\x01", "length_includes_itself"),
        (|o| length(o, 2), b"\0\x01", "within a request"),
        (|o| length(o, 2), b"\xff\xff", "max_request"),
        (|o| delimited(o, b"A"), b"aA", "contains the delimiter"),
    ];
    for (options, input, why) in table {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let log = move |_, line: &str| kept.lock().unwrap().push(line.to_owned());
        let server = options(tcp(Concurrency::Events)).log(log).start().unwrap();
        assert_eq!(ask_to_the_end(&connect(&server), input), b"");
        eventually("it is logged", || !lines.lock().unwrap().is_empty());
        let lines = lines.lock().unwrap();
        assert!(lines.len() == 1 && lines[0].contains(why), "{lines:?}");
    }
}

#[test]
fn messages_that_have_arrived_are_answered_before_a_stop() {
    type Row<'a> = (Options, [&'a [u8]; 3], [&'a [u8]; 2]);
    let table: [Row<'_>; 2] = [
        (
            |o| length(o, 2),
            [b"\0\x03one", b"\0\x03two\0\x05three", b"\0\x03fo"],
            [b"\0\x03ONE", b"\0\x03TWO\0\x05THREE"],
        ),
        (
            |o| delimited(o, b"\r\n"),
            [b"one\r\n", b"two\r\nthree\r\n", b"four\r"],
            [b"ONE\r\n", b"TWO\r\nTHREE\r\n"],
        ),
    ];
    for &concurrency in CONCURRENCIES {
        for (options, [first, others, partial], [reply, replies]) in table {
            let server = options(tcp(concurrency)).start().unwrap();
            let client = connect(&server);
            ask(&client, first, reply);
            (&client).write_all(&[others, partial].concat()).unwrap();
            let report = server.stop(std::time::Duration::from_millis(300)).unwrap();
            assert_eq!(read_to_end(&client), replies, "{concurrency:?}");
            assert_eq!((report.completed, report.cut), (3, 0), "{concurrency:?}");
            assert_eq!(
                counts(&server.stats()),
                [3, 0, 0, 0],
                "an incomplete request is no error of its peer"
            );
        }
    }
}

#[test]
fn options_out_of_their_range_are_refused() {
    let table: &[(Options, &str)] = &[
        (|o| o.length_bytes(3), "length_bytes is 3, and a length has 1, 2 or 4 bytes"),
        (|o| o.length_bytes(0), "length_bytes is 0"),
        (|o| o.delimiter(""), "the delimiter is empty"),
        (|o| o.delimiter([b'a'; 256]), "the delimiter has 256 bytes, and 255 are the most"),
        (|o| o.framing(Framing::Delimiter).max_request(1), "the delimiter is longer than max_request"),
    ];
    for &concurrency in CONCURRENCIES {
        for (options, why) in table {
            let error = options(tcp(concurrency)).start().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(why), "{error}");
        }
        let most = tcp(concurrency).framing(Framing::Delimiter).delimiter([b'a'; 255]).max_request(255);
        assert_eq!(ask_to_the_end(&connect(&most.start().unwrap()), &[b'a'; 255]), [b'a'; 255]);
    }
}
