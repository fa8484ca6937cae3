//! The systems without a preload library.

use std::ffi::OsStr;

use super::Variable;
use crate::failure::{Failure, Result};

/// Why there is none.
const WHY: &str = if cfg!(windows) {
    "Windows has nothing like LD_PRELOAD, by which a program is recorded that is neither Python nor Java: record it on Linux, \
     or in WSL"
} else {
    "a program that is neither Python nor Java is recorded on Linux alone"
};

/// Always the error that says so.
pub(crate) fn preload(_: &OsStr) -> Result<Variable> {
    Err(Failure::new(WHY))
}
