//! Line framing: where a request ends in a byte stream.

use std::collections::TryReserveError;

/// The memory that a splitter keeps once a line is complete, in bytes; an idle connection holds it.
const KEPT: usize = 256;

/// Splits a byte stream into lines, each with its newline, and holds an incomplete line.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    /// The beginning of a line whose newline has not arrived.
    partial: Vec<u8>,
    /// The capacity kept for the next line, in bytes.
    kept: usize,
}

impl Default for LineSplitter {
    fn default() -> LineSplitter {
        LineSplitter { partial: Vec::new(), kept: KEPT }
    }
}

/// A line is over the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineTooLong;

impl LineSplitter {
    /// A splitter that neither allocates nor frees for lines of up to `longest` bytes.
    pub(crate) fn preallocated(longest: usize) -> Result<LineSplitter, TryReserveError> {
        let mut partial = Vec::new();
        partial.try_reserve_exact(longest)?;
        let kept = partial.capacity();
        Ok(LineSplitter { partial, kept })
    }

    /// Calls `take` with each line that `input` completes, until it returns `false`. Returns the number of bytes
    /// used: all, or those up to the end of the last line taken.
    ///
    /// # Errors
    /// A line has more than `longest` bytes, its newline included. The lines before it were taken, and no more than
    /// `longest` bytes are held.
    pub(crate) fn push(
        &mut self,
        input: &[u8],
        longest: usize,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<usize, LineTooLong> {
        let mut rest = input;
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(newline + 1);
            rest = after;
            if self.partial.len() + line.len() > longest {
                return Err(LineTooLong);
            }
            let goes_on = if self.partial.is_empty() {
                take(line)
            } else {
                self.partial.extend_from_slice(line);
                let goes_on = take(&self.partial);
                self.partial.clear();
                self.partial.shrink_to(self.kept);
                goes_on
            };
            if !goes_on {
                return Ok(input.len() - rest.len());
            }
        }
        if self.partial.len() + rest.len() > longest {
            return Err(LineTooLong);
        }
        self.partial.extend_from_slice(rest);
        Ok(input.len())
    }

    /// Whether an incomplete line is held.
    pub(crate) fn has_partial_line(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Calls `take` with the last line if the input ended without a newline. It frees no memory.
    pub(crate) fn finish(&mut self, take: impl FnOnce(&[u8])) {
        if !self.partial.is_empty() {
            take(&self.partial);
            self.partial.clear();
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(crate) mod reference_model;

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str], longest: usize) -> (Vec<String>, bool, Option<String>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (mut splitter, mut lines) = (LineSplitter::default(), Vec::new());
        let fits = pieces.iter().all(|piece| {
            let take = |line: &[u8]| {
                lines.push(text(line));
                true
            };
            splitter.push(piece.as_bytes(), longest, take).is_ok()
        });
        let mut last = None;
        splitter.finish(|line| last = Some(text(line)));
        (lines, fits, last)
    }

    #[test]
    fn lines_are_the_same_in_any_pieces() {
        type Row = (&'static [&'static str], usize, &'static [&'static str], bool, Option<&'static str>);
        let table: [Row; 9] = [
            (&[], 9, &[], true, None),
            (&["a\n"], 9, &["a\n"], true, None),
            (&["a", "b", "\n", "c"], 9, &["ab\n"], true, Some("c")),
            (&["\n\n"], 9, &["\n", "\n"], true, None),
            (&["a\nb\nc", "d\n"], 9, &["a\n", "b\n", "cd\n"], true, None),
            (&["abc\n"], 4, &["abc\n"], true, None),
            (&["a\nabcd\n"], 4, &["a\n"], false, None),
            (&["ab", "cd\n"], 4, &[], false, Some("ab")),
            (&["abcde"], 4, &[], false, None),
        ];
        for (pieces, longest, lines, fits, last) in table {
            let expected = (lines.iter().map(ToString::to_string).collect(), fits, last.map(str::to_owned));
            assert_eq!(split(pieces, longest), expected, "{pieces:?}");
        }
    }

    #[test]
    fn push_stops_where_take_returns_false() {
        let mut seen = 0;
        let mut splitter = LineSplitter::default();
        splitter.push(b"a", 9, |_| true).unwrap();
        let result = splitter.push(b"a\nb\nc\n", 9, |_| {
            seen += 1;
            seen < 2
        });
        assert_eq!((result, seen), (Ok(4), 2));
    }

    #[test]
    fn the_memory_of_a_long_line_is_freed() {
        let mut splitter = LineSplitter::default();
        let piece = [b'a'; 1000];
        for _ in 0..100 {
            splitter.push(&piece, 1 << 20, |_| true).unwrap();
        }
        splitter.push(b"\n", 1 << 20, |line| line.len() == 100_001).unwrap();
        assert!(splitter.partial.capacity() <= KEPT);
        let mut preallocated = LineSplitter::preallocated(1 << 20).unwrap();
        preallocated.push(&piece, 1 << 20, |_| true).unwrap();
        preallocated.push(b"\n", 1 << 20, |_| true).unwrap();
        assert!(preallocated.partial.capacity() >= 1 << 20);
    }
}
