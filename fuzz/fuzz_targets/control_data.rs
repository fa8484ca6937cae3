//! Reads any bytes as the control data of a message.
#![no_main]

#[path = "../../core/tests/properties/invariants.rs"]
#[allow(dead_code, reason = "each target checks some of them")]
mod invariants;

libfuzzer_sys::fuzz_target!(|input: (usize, &[u8])| {
    invariants::control_sizes(input.0);
    invariants::control_data(input.1);
});
