//! The trace: a record of what every socket call did.

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::sync::Once;

use crate::guard::{guard, guard_or};
use crate::pointer::given;
use crate::status::capsock_status;

/// Says that this is a program in C, before its first call.
pub(crate) fn introduce() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| capsock::trace::introduce("c", ""));
}

/// Records the socket calls of this process from now on, those of servers and clients as well: a line of JSON
/// each, appended to `file`, whose bytes need not be UTF-8. Several processes may record to one file.
/// `payload` says whether the first 32 bytes of what is sent and received are recorded.
///
/// The environment variable CAPSOCK_TRACE=FILE does the same from a program's first call on
/// (CAPSOCK_TRACE_PAYLOAD=0 records no payload); such a recording gives way to this one. Where a line cannot be
/// written, the recording ends, standard error says so, and the program goes on.
///
/// Errors: `CAPSOCK_INPUT_OUTPUT` with open(2)'s number, or with EBUSY if a recording is running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_trace_start(file: *const c_char, payload: bool) -> capsock_status {
    guard(|| {
        introduce();
        let file = given((!file.is_null()).then_some(file), "file")?;
        // SAFETY: not NULL; text that ends with a NUL, by the contract of the header.
        let file = unsafe { CStr::from_ptr(file) };
        capsock::trace::start(OsStr::from_bytes(file.to_bytes()), payload)
    })
}

/// Ends the recording, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_trace_stop() {
    guard_or((), || {
        capsock::trace::stop();
        Ok(())
    });
}
