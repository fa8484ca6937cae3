//! Any bytes as control data of a message.
#![no_main]

#[path = "../../core/tests/properties/judges.rs"]
#[allow(dead_code, reason = "each target asks some")]
mod judges;

libfuzzer_sys::fuzz_target!(|input: (usize, &[u8])| {
    judges::control_sizes(input.0);
    judges::control_data(input.1);
});
