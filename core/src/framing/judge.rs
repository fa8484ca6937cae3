//! What a splitter has to do, said the slow way; a property test and a fuzz target ask it.

use super::{LineSplitter, LineTooLong};

/// Pushes the pieces through a splitter of lines of at most `longest` bytes that is stopped after each
/// `patience` lines, and compares it with a model that keeps the whole input.
pub(crate) fn judge(pieces: &[&[u8]], longest: usize, patience: usize, roomy: bool) {
    let mut splitter =
        if roomy { LineSplitter::with_room(longest).expect("room") } else { LineSplitter::default() };
    let place = (splitter.begun.as_ptr(), splitter.begun.capacity());
    let (patience, mut input, mut lines) = (patience.max(1), Vec::new(), Vec::<Vec<u8>>::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        let mut rest = *piece;
        loop {
            let begun = lines.len();
            let outcome = splitter.push(rest, longest, |line| {
                lines.push(line.to_vec());
                lines.len() - begun < patience
            });
            assert!(splitter.begun.len() <= longest, "no more is held than a line may have");
            if roomy {
                let now = (splitter.begun.as_ptr(), splitter.begun.capacity());
                assert_eq!(now, place, "a splitter with room neither allocates nor frees");
            }
            let cut = cut(&input, longest);
            match outcome {
                Err(LineTooLong) => {
                    assert_eq!((lines, true), (cut.lines, cut.last.is_none()), "{input:?}");
                    return;
                }
                Ok(used) => {
                    let stopped = lines.len() - begun == patience;
                    assert!(stopped || used == rest.len(), "it goes on until it is stopped");
                    assert_eq!(lines, cut.lines[..lines.len()], "{input:?}");
                    rest = &rest[used..];
                }
            }
            if rest.is_empty() {
                assert_eq!(lines, cut.lines, "{input:?}");
                assert!(cut.last.is_some(), "a line that is too long is told at once");
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

    use super::judge;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn lines_are_those_of_the_whole_input(
            pieces in vec(vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..12), 0..8),
            longest in 0..16_usize,
            patience in 1..4_usize,
            roomy: bool,
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            judge(&pieces, longest, patience, roomy);
        }
    }
}
