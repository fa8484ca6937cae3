//! Where one request ends in a byte stream.

use std::collections::TryReserveError;

/// The memory that a splitter keeps when a line has come to its end, in bytes: a connection holds it while it is idle.
const KEPT: usize = 256;

/// Cuts a byte stream into lines, each with its newline, holding what has none yet.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    /// The beginning of a line whose newline has not come.
    begun: Vec<u8>,
    /// How much memory is kept for the next one.
    kept: usize,
}

impl Default for LineSplitter {
    fn default() -> LineSplitter {
        LineSplitter { begun: Vec::new(), kept: KEPT }
    }
}

/// A line longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineTooLong;

impl LineSplitter {
    /// A splitter that neither allocates nor frees for lines of up to `longest` bytes.
    pub(crate) fn with_room(longest: usize) -> Result<LineSplitter, TryReserveError> {
        let mut begun = Vec::new();
        begun.try_reserve_exact(longest)?;
        let kept = begun.capacity();
        Ok(LineSplitter { begun, kept })
    }

    /// Calls `take` with each line that `input` completes, until it says to stop with `false`. Returns how
    /// much of the input was used: all, or up to the line at which it stopped.
    ///
    /// # Errors
    /// A line of more than `longest` bytes, its newline included. The lines before it were taken,
    /// and no more than `longest` bytes are ever held.
    pub(crate) fn push(
        &mut self,
        input: &[u8],
        longest: usize,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<usize, LineTooLong> {
        let mut rest = input;
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(newline + 1);
            rest = behind;
            if self.begun.len() + line.len() > longest {
                return Err(LineTooLong);
            }
            let go_on = if self.begun.is_empty() {
                take(line)
            } else {
                self.begun.extend_from_slice(line);
                let go_on = take(&self.begun);
                self.begun.clear();
                self.begun.shrink_to(self.kept);
                go_on
            };
            if !go_on {
                return Ok(input.len() - rest.len());
            }
        }
        if self.begun.len() + rest.len() > longest {
            return Err(LineTooLong);
        }
        self.begun.extend_from_slice(rest);
        Ok(input.len())
    }

    /// Whether the newline of a line that was begun has not come.
    pub(crate) fn is_within_a_line(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Calls `take` with the last line, if the input ended without a newline. Frees nothing.
    pub(crate) fn finish(&mut self, take: impl FnOnce(&[u8])) {
        if !self.begun.is_empty() {
            take(&self.begun);
            self.begun.clear();
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(crate) mod judge;

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
    fn lines_come_whole_however_they_were_cut() {
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
    fn a_taker_can_stop() {
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
    fn a_long_line_leaves_no_memory_behind() {
        let mut splitter = LineSplitter::default();
        let piece = [b'a'; 1000];
        for _ in 0..100 {
            splitter.push(&piece, 1 << 20, |_| true).unwrap();
        }
        splitter.push(b"\n", 1 << 20, |line| line.len() == 100_001).unwrap();
        assert!(splitter.begun.capacity() <= KEPT);
        let mut roomy = LineSplitter::with_room(1 << 20).unwrap();
        roomy.push(&piece, 1 << 20, |_| true).unwrap();
        roomy.push(b"\n", 1 << 20, |_| true).unwrap();
        assert!(roomy.begun.capacity() >= 1 << 20);
    }
}
