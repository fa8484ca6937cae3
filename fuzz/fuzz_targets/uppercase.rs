//! Compares the upper case of any bytes, in any pieces, with the standard library's.
#![no_main]

#[path = "../../core/tests/properties/invariants.rs"]
#[allow(dead_code, reason = "each target checks some of them")]
mod invariants;

libfuzzer_sys::fuzz_target!(|pieces: Vec<&[u8]>| invariants::upper_case(&pieces));
