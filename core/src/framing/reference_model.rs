//! A reference model of the line splitter, which keeps the whole input. A property test and a fuzz target compare the
//! two.

use super::{LineSplitter, LineTooLong};

/// Pushes the pieces through a splitter for lines of at most `longest` bytes, which is stopped after each `batch`
/// lines, and compares the lines with those of the model. With `preallocated` it must not allocate.
pub(crate) fn check(pieces: &[&[u8]], longest: usize, batch: usize, preallocated: bool) {
    let mut splitter = if preallocated {
        LineSplitter::preallocated(longest).expect("memory")
    } else {
        LineSplitter::default()
    };
    let memory = (splitter.partial.as_ptr(), splitter.partial.capacity());
    let (batch, mut input, mut lines) = (batch.max(1), Vec::new(), Vec::<Vec<u8>>::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        let mut rest = *piece;
        loop {
            let before = lines.len();
            let outcome = splitter.push(rest, longest, |line| {
                lines.push(line.to_vec());
                lines.len() - before < batch
            });
            assert!(splitter.partial.len() <= longest, "it holds no more than the longest line");
            if preallocated {
                let now = (splitter.partial.as_ptr(), splitter.partial.capacity());
                assert_eq!(now, memory, "a preallocated splitter neither allocates nor frees");
            }
            let cut = cut(&input, longest);
            match outcome {
                Err(LineTooLong) => {
                    assert_eq!((lines, true), (cut.lines, cut.last.is_none()), "{input:?}");
                    return;
                }
                Ok(used) => {
                    let stopped = lines.len() - before == batch;
                    assert!(stopped || used == rest.len(), "it continues until it is stopped");
                    assert_eq!(lines, cut.lines[..lines.len()], "{input:?}");
                    rest = &rest[used..];
                }
            }
            if rest.is_empty() {
                assert_eq!(lines, cut.lines, "{input:?}");
                assert!(cut.last.is_some(), "a line over the limit is reported at once");
                break;
            }
        }
    }
    let mut last = Vec::new();
    splitter.finish(|line| last = line.to_vec());
    assert_eq!(Some(last), cut(&input, longest).last);
}

struct Cut {
    lines: Vec<Vec<u8>>,
    /// What follows the last newline, unless a line was too long.
    last: Option<Vec<u8>>,
}

fn cut(input: &[u8], longest: usize) -> Cut {
    let mut lines = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        if line.len() > longest {
            return Cut { lines, last: None };
        }
        if !line.ends_with(b"\n") {
            return Cut { lines, last: Some(line.to_vec()) };
        }
        lines.push(line.to_vec());
    }
    Cut { lines, last: Some(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::check;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn lines_are_those_of_the_whole_input(
            pieces in vec(vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..12), 0..8),
            longest in 0..16_usize,
            batch in 1..4_usize,
            preallocated: bool,
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            check(&pieces, longest, batch, preallocated);
        }
    }
}
