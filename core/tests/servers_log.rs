//! The log lines of a server without a log. Alone in its binary: the subscriber is the process's.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fmt::Debug;
use std::io::Write;
use std::sync::Mutex;

use capsock::{Concurrency, Framing};
use support::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static SEEN: Mutex<Vec<(String, Level, String)>> = Mutex::new(Vec::new());

/// Keeps the events, and fails once it has kept one.
struct Keeping;

impl Subscriber for Keeping {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                assert_eq!(field.name(), "message");
                self.0 = format!("{value:?}");
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let metadata = event.metadata();
        SEEN.lock().unwrap().push((metadata.target().to_owned(), *metadata.level(), message.0));
        panic!("it costs the line alone");
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn lines_without_a_log_are_events() {
    tracing::subscriber::set_global_default(Keeping).unwrap();
    let handler = |request: &[u8]| -> Vec<u8> {
        assert!(request != b"fail\n", "no reply to this");
        request.to_vec()
    };
    let options = tcp(Concurrency::Events).framing(Framing::Line).max_request(10);
    let server = options.handler(handler).start().unwrap();
    for (line, level, part) in
        [("fail\n", Level::ERROR, "no reply to this"), ("much too long\n", Level::WARN, "max_request")]
    {
        let client = connect(&server);
        (&client).write_all(line.as_bytes()).unwrap();
        assert_eq!(read_to_end(&client), b"");
        let (target, seen, message) = SEEN.lock().unwrap().pop().unwrap();
        assert_eq!((target.as_str(), seen), ("capsock", level));
        assert!(message.contains(part), "{message}");
    }
    ask(&connect(&server), b"go on\n", b"go on\n");
    assert!(SEEN.lock().unwrap().is_empty());
    assert_eq!(server.stats().handler_errors, 1);
}
