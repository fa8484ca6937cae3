//! Compares a server's side of one connection, without a socket, with its reference model.
#![no_main]

use capsock::Framing;

libfuzzer_sys::fuzz_target!(|input: (u8, u16, bool, bool, u8, &[u8], Vec<&[u8]>)| {
    let (framing, longest, handled, roomy, number, delimiter, pieces) = input;
    let framing = Framing::ALL[usize::from(framing) % Framing::ALL.len()];
    let longest = usize::from(longest).max(1);
    capsock::fuzzing::exchange(framing, (number, delimiter), &pieces, longest, handled, roomy);
});
