//! Compares the line framing of any pieces, with any length limit, with its reference model.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, u8, bool, Vec<&[u8]>)| {
    let (longest, patience, roomy, pieces) = input;
    capsock::fuzzing::framing(&pieces, usize::from(longest), usize::from(patience), roomy);
});
