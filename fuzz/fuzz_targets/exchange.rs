//! Compares a server's side of one connection, without a socket, with its reference model.
#![no_main]

use capsock::Framing;

libfuzzer_sys::fuzz_target!(|input: (u8, u16, bool, bool, Vec<&[u8]>)| {
    let (framing, longest, handled, roomy, pieces) = input;
    let framing = [Framing::Stream, Framing::Line, Framing::Once][usize::from(framing % 3)];
    capsock::fuzzing::exchange(framing, &pieces, usize::from(longest).max(1), handled, roomy);
});
