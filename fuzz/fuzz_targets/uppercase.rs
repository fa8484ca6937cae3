//! Upper case beside the standard library's, in any pieces.
#![no_main]

#[path = "../../core/tests/properties/judges.rs"]
#[allow(dead_code, reason = "each target asks some")]
mod judges;

libfuzzer_sys::fuzz_target!(|pieces: Vec<&[u8]>| judges::upper_case(&pieces));
