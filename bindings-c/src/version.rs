//! The version.

use std::ffi::{CStr, c_char};

use crate::guard::guard_or;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version has no NUL"),
};

/// The version of the library, `major.minor.patch`. The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_version() -> *const c_char {
    guard_or(VERSION.as_ptr(), || Ok(VERSION.as_ptr()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_cores() {
        assert_eq!(super::VERSION.to_str(), Ok(capsock::VERSION));
    }
}
