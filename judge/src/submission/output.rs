//! What a program writes: read as it comes, and kept in part.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The bytes that are kept from the beginning on: a client prints a reply of 100,000.
const HEAD: usize = 1 << 20;
/// The bytes that are kept from the end back, beyond those.
const TAIL: usize = 8 << 10;
/// The longest line in a sentence, in characters.
const LINE: usize = 200;

/// One output of a program.
pub(super) struct Output {
    kept: Mutex<Vec<u8>>,
    total: AtomicU64,
    closed: AtomicBool,
    limit: u64,
}

impl Output {
    /// Reads it on a thread up to its end. Beyond `limit` the program is about to be killed, and not to end by SIGPIPE.
    pub(super) fn read(from: Option<impl Read + Send + 'static>, limit: u64) -> Arc<Output> {
        let output = Arc::new(Output {
            kept: Mutex::default(),
            total: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            limit,
        });
        let shared = Arc::clone(&output);
        thread::spawn(move || {
            if let Some(mut from) = from {
                let mut chunk = vec![0; 64 << 10];
                while let Ok(length @ 1..) = from.read(&mut chunk) {
                    shared.add(&chunk[..length]);
                }
            }
            shared.closed.store(true, Ordering::SeqCst);
        });
        output
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        if kept.len() > HEAD + 2 * TAIL {
            let surplus = kept.len() - HEAD - TAIL;
            kept.drain(HEAD..HEAD + surplus);
        }
        self.total.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    }

    /// Whether it was more than the limit.
    pub(super) fn flooded(&self) -> bool {
        self.total.load(Ordering::SeqCst) > self.limit
    }

    /// Whether nothing more comes.
    pub(super) fn closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn text(&self) -> Vec<u8> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last line that is not empty, as one line of a sentence. Of a stack trace of Java's, which ends with the callers,
    /// the line before it.
    pub(super) fn last_line(&self) -> Option<String> {
        let text = self.text();
        let tail = &text[text.len().saturating_sub(TAIL)..];
        let tail = String::from_utf8_lossy(tail);
        let place_in_code = |line: &&str| line.starts_with("\tat ") || line.starts_with("\t... ");
        let line = tail.lines().rev().find(|line| !line.trim().is_empty() && !place_in_code(line))?;
        let printable = |one: char| if one.is_control() { ' ' } else { one };
        let line: String = line.trim().chars().take(LINE).map(printable).collect();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8], limit: u64) -> Arc<Output> {
        let output = Output::read(Some(bytes), limit);
        while !output.closed() {
            thread::yield_now();
        }
        output
    }

    #[test]
    fn the_last_line_is_the_one_that_explains() {
        for (text, line) in [
            (&b""[..], None),
            (b"\n\n", None),
            (b"Traceback\n  File\nValueError: no\n\n", Some("ValueError: no")),
            (b"Exception in thread\n\tat A.main(A.java)\n\t... 3 more\n", Some("Exception in thread")),
            (b"a\x1b[31mb\xff", Some("a [31mb\u{fffd}")),
        ] {
            assert_eq!(read(text, 1000).last_line().as_deref(), line);
        }
    }

    #[test]
    fn a_flood_is_noticed_and_kept_in_part() {
        static FLOOD: [u8; 3 << 20] = [b'x'; 3 << 20];
        let output = read(&FLOOD, u64::MAX);
        assert!(!output.flooded());
        assert!(output.text().len() <= HEAD + 2 * TAIL);
        assert!(read(&FLOOD, 1 << 20).flooded());
    }
}
