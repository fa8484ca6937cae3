//! Property tests of the invariants: a bounded number of random inputs, different in each run.

mod invariants;

use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes, many of them at the boundaries of UTF-8 sequences.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let edges = b"az \n\x00\x80\x9f\xa0\xbf\xc3\xc4\xce\xe0\xe1\xe2\xed\xef\xf0\xf4\xff";
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        (0..edges.len()).prop_map(|at| vec![edges[at]]),
        any::<char>().prop_map(|character| character.to_string().into_bytes()),
        "[a-zß-ÿά-ώа-я]{1,24}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Numbers that occur in the header of a control message, and others.
fn control_buffer() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![(0..40_u64), any::<u64>(), any::<u64>().prop_map(|any| u64::MAX - any % 64)];
    let word = prop_oneof![number.prop_map(|number| number.to_ne_bytes().to_vec()), vec(any::<u8>(), 0..9)];
    vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn upper_case_is_the_same_in_any_pieces(pieces in vec(text(), 0..6)) {
        invariants::upper_case(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_can_be_read_as_control_data(buffer in control_buffer()) {
        invariants::control_data(&buffer);
    }

    #[test]
    fn control_data_takes_the_space_of_its_length(data in prop_oneof![0..100_usize, any::<usize>(), (i32::MAX as usize - 100)..(i32::MAX as usize + 100)]) {
        invariants::control_sizes(data);
    }

    #[test]
    fn any_text_is_an_endpoint_or_an_error(text in prop_oneof![".{0,20}", r"\[?[a-z0-9:.%]{0,12}\]?:\+?[0-9]{0,6}", r"[\[\]:%0-9a-f]{0,16}"]) {
        invariants::endpoint(&text);
    }
}
