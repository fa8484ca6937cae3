//! Compares the reader of a header of the PROXY protocol, in any pieces, with its reference model.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let pieces: Vec<&[u8]> = bytes.chunks(usize::from(size).max(1)).collect();
    capsock::fuzzing::proxy_header(&pieces);
});
