//! `CAPSOCK_TRACE`: a recording that nobody has to ask for in the program.

use std::env;
use std::io::Write;
use std::path::Path;
use std::sync::Once;

use super::recorder::{start_for, stay_off};
use super::system;

/// The file to record to; empty is none.
const FILE: &str = "CAPSOCK_TRACE";

/// `0` for no payload.
const PAYLOAD: &str = "CAPSOCK_TRACE_PAYLOAD";

/// Starts the recording that the environment asks for, the first time.
pub(super) fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A program with more rights than its user writes no file that its user names.
        let file = env::var_os(FILE).filter(|file| !file.is_empty() && !system::is_privileged());
        if let Some(file) = file {
            // What is not understood keeps the payload to itself.
            let payload = env::var_os(PAYLOAD).is_none_or(|value| value.is_empty() || value == "1");
            if let Err(error) = start_for(Path::new(&file), payload, true) {
                let _ = writeln!(std::io::stderr().lock(), "capsock: {FILE}: {error}");
            }
        }
        stay_off();
    });
}
