//! Compares each framing of any pieces, with any length limit, with its reference model.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, u8, bool, u8, &[u8], Vec<&[u8]>)| {
    let (longest, patience, roomy, number, delimiter, pieces) = input;
    capsock::fuzzing::framing(
        (number, delimiter),
        &pieces,
        usize::from(longest),
        usize::from(patience),
        roomy,
    );
});
