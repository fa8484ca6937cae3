//! The recording of socket calls.

use std::ffi::{CStr, OsStr, c_char};
use std::sync::Once;

use capsock::Result;

use crate::guard::{guard, guard_or};
use crate::pointer::given;
use crate::status::capsock_status;

/// Sets the language in the trace to C, before the first call.
pub(crate) fn set_process_info() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| capsock::trace::set_process_info("c", ""));
}

/// Starts a recording of the socket calls of this process, including those of servers and clients.
/// Each call is one line of JSON, appended to `file`, whose name need not be UTF-8, except on
/// Windows. Several processes may record to one file. `payload` sets whether the first 32 bytes of
/// sent and received data are recorded.
///
/// The environment variable CAPSOCK_TRACE=FILE starts a recording with the program's first call
/// (CAPSOCK_TRACE_PAYLOAD=0: without payload); this function replaces such a recording. If a line
/// cannot be written, the recording stops with a message on standard error, and the program
/// continues.
///
/// Errors: `CAPSOCK_INPUT_OUTPUT` with the error number of open(2), or with EBUSY if a recording is
/// running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_trace_start(file: *const c_char, payload: bool) -> capsock_status {
    guard(|| {
        set_process_info();
        let file = given((!file.is_null()).then_some(file), "file")?;
        // SAFETY: not NULL; text that ends with a NUL, by the contract of the header.
        let file = unsafe { CStr::from_ptr(file) };
        capsock::trace::start(file_name(file)?, payload)
    })
}

/// Stops the recording, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_trace_stop() {
    guard_or((), || {
        capsock::trace::stop();
        Ok(())
    });
}

/// The name of a file: any bytes.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "that of Windows can fail")]
fn file_name(name: &CStr) -> Result<&OsStr> {
    Ok(std::os::unix::ffi::OsStrExt::from_bytes(name.to_bytes()))
}

/// The name of a file: UTF-8.
#[cfg(windows)]
fn file_name(name: &CStr) -> Result<&OsStr> {
    name.to_str().map(OsStr::new).map_err(|_| crate::pointer::refused("file", "it is not UTF-8"))
}
