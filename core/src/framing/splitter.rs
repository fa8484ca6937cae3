//! Cuts a byte stream into messages.

use std::collections::TryReserveError;

use super::{Frame, FrameError};

/// The memory that a splitter keeps once a message is complete, in bytes; an idle connection holds it.
pub(super) const KEPT: usize = 256;

/// Splits a byte stream into messages, and holds an incomplete one.
#[derive(Debug)]
pub(crate) struct Splitter<F> {
    /// The beginning of a message whose end has not arrived. It grows as bytes arrive, whatever a length prefix claims.
    pub(super) partial: Vec<u8>,
    /// The capacity kept for the next message, in bytes.
    kept: usize,
    frame: F,
}

impl<F: Frame> Splitter<F> {
    pub(crate) fn new(frame: F) -> Splitter<F> {
        Splitter { partial: Vec::new(), kept: KEPT, frame }
    }

    /// A splitter that neither allocates nor frees for messages of up to `longest` bytes.
    pub(crate) fn preallocated(frame: F, longest: usize) -> Result<Splitter<F>, TryReserveError> {
        let mut partial = Vec::new();
        partial.try_reserve_exact(frame.most_held(longest))?;
        let kept = partial.capacity();
        Ok(Splitter { partial, kept, frame })
    }

    pub(crate) fn frame(&self) -> &F {
        &self.frame
    }

    /// Calls `take` with the payload of each message that `input` completes, until it returns `false`. Returns the
    /// number of bytes used: all, or those up to the end of the last message taken.
    ///
    /// # Errors
    /// A message is malformed, or has more than `longest` bytes. Those before it were taken, and no more than
    /// [`most_held`](Frame::most_held) bytes are held.
    pub(crate) fn push(
        &mut self,
        input: &[u8],
        longest: usize,
        mut take: impl FnMut(&F, &[u8]) -> bool,
    ) -> Result<usize, FrameError> {
        let mut rest = input;
        while let Some(end) = self.frame.end(&self.partial, rest, longest)? {
            let (part, after) = rest.split_at(end);
            rest = after;
            let goes_on = if self.partial.is_empty() {
                take(&self.frame, self.frame.payload(part))
            } else {
                self.partial.extend_from_slice(part);
                let goes_on = take(&self.frame, self.frame.payload(&self.partial));
                self.partial.clear();
                self.partial.shrink_to(self.kept);
                goes_on
            };
            if !goes_on {
                return Ok(input.len() - rest.len());
            }
        }
        self.partial.extend_from_slice(rest);
        Ok(input.len())
    }

    /// Whether `input` completes more than one message.
    pub(crate) fn completes_several(&self, input: &[u8]) -> bool {
        let end = |held, input| self.frame.end(held, input, usize::MAX).ok().flatten();
        end(&self.partial, input).is_some_and(|first| end(&[], &input[first..]).is_some())
    }

    /// The number of bytes of `input`, which is not pushed, that belong to the incomplete message.
    pub(crate) fn rest_of_message(&self, input: &[u8]) -> usize {
        self.frame.end(&self.partial, input, usize::MAX).ok().flatten().unwrap_or(input.len())
    }

    /// Whether an incomplete message is held.
    pub(crate) fn has_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Calls `take` with the payload of the last message if the input ended without its end. It frees no memory.
    ///
    /// # Errors
    /// The message is malformed: with such a frame, each message has an end.
    pub(crate) fn finish(&mut self, take: impl FnOnce(&F, &[u8])) -> Result<(), FrameError> {
        if self.partial.is_empty() {
            return Ok(());
        }
        if !self.frame.may_end_with_stream() {
            return Err(FrameError::Malformed);
        }
        take(&self.frame, &self.partial);
        self.partial.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Delimiter, LengthPrefix, Newline};
    use super::*;
    use crate::choices::Endian;

    /// The payloads, the outcome of the last push, and that of the end with the last payload.
    type Split = (Vec<String>, Result<(), FrameError>, Result<Option<String>, FrameError>);

    fn split<F: Frame>(frame: F, pieces: &[&[u8]], longest: usize) -> Split {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let (mut splitter, mut payloads) = (Splitter::new(frame), Vec::new());
        for piece in pieces {
            let take = |_: &F, payload: &[u8]| {
                payloads.push(text(payload));
                true
            };
            if let Err(error) = splitter.push(piece, longest, take) {
                return (payloads, Err(error), Err(error));
            }
        }
        let mut last = None;
        let end = splitter.finish(|_, payload| last = Some(text(payload)));
        (payloads, Ok(()), end.map(|()| last))
    }

    const TOO_LONG: Result<(), FrameError> = Err(FrameError::TooLong);
    const MALFORMED: Result<(), FrameError> = Err(FrameError::Malformed);

    type Row = (
        &'static [&'static [u8]],
        usize,
        &'static [&'static str],
        Result<(), FrameError>,
        Option<&'static str>,
    );

    /// Each row has pieces, the limit, the payloads, the outcome, and the last payload if the stream ends it.
    fn check<F: Frame>(frame: impl Fn() -> F, table: &[Row]) {
        for (pieces, longest, payloads, outcome, last) in table {
            let (found, pushed, ended) = split(frame(), pieces, *longest);
            assert_eq!(found, *payloads, "{pieces:?}");
            assert_eq!(pushed.and(ended.clone().map(|_| ())), *outcome, "{pieces:?}");
            assert_eq!(ended.ok().flatten().as_deref(), *last, "{pieces:?}");
        }
    }

    #[test]
    fn lines_are_the_same_in_any_pieces() {
        check(
            || Newline,
            &[
                (&[], 9, &[], Ok(()), None),
                (&[b"a\n"], 9, &["a\\n"], Ok(()), None),
                (&[b"a", b"b", b"\n", b"c"], 9, &["ab\\n"], Ok(()), Some("c")),
                (&[b"\n\n"], 9, &["\\n", "\\n"], Ok(()), None),
                (&[b"a\nb\nc", b"d\n"], 9, &["a\\n", "b\\n", "cd\\n"], Ok(()), None),
                (&[b"abc\n"], 4, &["abc\\n"], Ok(()), None),
                (&[b"a\nabcd\n"], 4, &["a\\n"], TOO_LONG, None),
                (&[b"ab", b"cd\n"], 4, &[], TOO_LONG, None),
                (&[b"abcde"], 4, &[], TOO_LONG, None),
            ],
        );
    }

    #[test]
    fn messages_with_a_length_are_the_same_in_any_pieces() {
        check(
            || LengthPrefix::new(2, Endian::Big, false),
            &[
                (&[], 9, &[], Ok(()), None),
                (&[b"\0\x01a"], 9, &["a"], Ok(()), None),
                (&[b"\0", b"\x02", b"a", b"b"], 9, &["ab"], Ok(()), None),
                (&[b"\0\x01a\0\x02bc\0", b"\x01d"], 9, &["a", "bc", "d"], Ok(()), None),
                (&[b"\0\0\0\0"], 9, &["", ""], Ok(()), None),
                (&[b"\0", b"\0", b"\0\0\0"], 9, &["", ""], MALFORMED, None),
                (&[b"\0\x04abcd"], 4, &["abcd"], Ok(()), None),
                (&[b"\0\x01a\0\x05"], 4, &["a"], TOO_LONG, None),
                (&[b"\xff", b"\xff"], 4, &[], TOO_LONG, None),
                (&[b"\0\x02a"], 9, &[], MALFORMED, None),
                (&[b"\0"], 9, &[], MALFORMED, None),
            ],
        );
        check(
            || LengthPrefix::new(4, Endian::Little, true),
            &[
                (&[b"\x05\0\0\0a\x04\0\0\0"], 9, &["a", ""], Ok(()), None),
                (&[b"\x05\0\0\0a\x03", b"\0\0\0bc"], 9, &["a"], MALFORMED, None),
                (&[b"\0\0\0\0"], 9, &[], MALFORMED, None),
                (&[b"\xff\xff\xff\xff"], 9, &[], TOO_LONG, None),
            ],
        );
        check(|| LengthPrefix::new(1, Endian::Big, true), &[(&[b"\x01\x02a"], 9, &["", "a"], Ok(()), None)]);
    }

    #[test]
    fn delimited_messages_are_the_same_in_any_pieces() {
        check(
            || Delimiter::new(b"\r\n"),
            &[
                (&[], 9, &[], Ok(()), None),
                (&[b"a\r\n"], 9, &["a"], Ok(()), None),
                (&[b"a\r", b"\n\r", b"\nb\n\r"], 9, &["a", ""], Ok(()), Some("b\\n\\r")),
                (&[b"\r\r\n"], 9, &["\\r"], Ok(()), None),
                (&[b"\r\n\r\n"], 9, &["", ""], Ok(()), None),
                (&[b"ab\r\n"], 4, &["ab"], Ok(()), None),
                (&[b"a\r\nabc\r\n"], 4, &["a"], TOO_LONG, None),
                (&[b"abc", b"\r\n"], 4, &[], TOO_LONG, None),
                (&[b"abcde"], 4, &[], TOO_LONG, None),
            ],
        );
        check(
            || Delimiter::new(b"aab"),
            &[
                (&[b"a", b"a", b"a", b"b", b"a"], 9, &["a"], Ok(()), Some("a")),
                (&[b"aa", b"aab", b"aab"], 9, &["aa", ""], Ok(()), None),
            ],
        );
    }

    #[test]
    fn push_stops_where_take_returns_false() {
        fn stops<F: Frame>(frame: F, first: &[u8], rest: &[u8], used: usize) {
            let mut seen = 0;
            let mut splitter = Splitter::new(frame);
            splitter.push(first, 9, |_, _| true).unwrap();
            assert!(splitter.has_partial() && splitter.completes_several(rest));
            assert!(!splitter.completes_several(&rest[..used - 1]));
            let result = splitter.push(rest, 9, |_, _| {
                seen += 1;
                seen < 2
            });
            assert_eq!((result, seen), (Ok(used), 2));
        }
        stops(Newline, b"a", b"a\nb\nc\n", 4);
        stops(LengthPrefix::new(2, Endian::Big, false), b"\0", b"\x01a\0\x01b\0\x01c", 5);
        stops(Delimiter::new(b"--"), b"a-", b"-b--c--", 4);
    }

    #[test]
    fn the_rest_of_a_message_ends_with_it() {
        fn rest<F: Frame>(frame: F, held: &[u8], input: &[u8], expected: usize) {
            let mut splitter = Splitter::new(frame);
            splitter.push(held, 9, |_, _| true).unwrap();
            assert_eq!(splitter.rest_of_message(input), expected, "{held:?} {input:?}");
        }
        rest(Newline, b"a", b"b\nc", 2);
        rest(Newline, b"a", b"bc", 2);
        rest(LengthPrefix::new(2, Endian::Big, false), b"\0", b"\x01ab", 2);
        rest(LengthPrefix::new(2, Endian::Big, false), b"\0\x03a", b"b", 1);
        rest(Delimiter::new(b"--"), b"a-", b"-b--", 1);
        rest(Delimiter::new(b"--"), b"a-", b"b-", 2);
    }

    #[test]
    fn the_memory_of_a_long_message_is_freed() {
        fn check<F: Frame + Clone>(frame: F, begin: &[u8], end: &[u8]) {
            let mut splitter = Splitter::new(frame.clone());
            splitter.push(begin, 1 << 20, |_, _| true).unwrap();
            // Memory is reserved as bytes arrive.
            assert!(splitter.partial.capacity() <= 64);
            let piece = [b'a'; 1000];
            for _ in 0..100 {
                splitter.push(&piece, 1 << 20, |_, _| true).unwrap();
            }
            let mut taken = 0;
            let take = |_: &F, payload: &[u8]| {
                taken = payload.len();
                true
            };
            splitter.push(end, 1 << 20, take).unwrap();
            assert!(taken >= 100_000 && splitter.partial.capacity() <= KEPT);
            let mut preallocated = Splitter::preallocated(frame, 1 << 20).unwrap();
            preallocated.push(begin, 1 << 20, |_, _| true).unwrap();
            preallocated.push(&piece, 1 << 20, |_, _| true).unwrap();
            assert!(preallocated.partial.capacity() >= 1 << 20);
        }
        check(Newline, b"", b"\n");
        check(LengthPrefix::new(4, Endian::Big, false), &100_001_u32.to_be_bytes(), b"b");
        check(Delimiter::new(b"\r\n"), b"", b"\r\n");
    }
}
