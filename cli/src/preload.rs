//! The library that is loaded before a program's own and records its calls.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// The environment variable of the loader.
pub(crate) const VARIABLE: &str = "LD_PRELOAD";

/// Refuses a program into which no library is loaded.
pub(crate) fn check(_program: &Path) -> Result<()> {
    Ok(())
}

/// Where the library is.
pub(crate) fn library() -> Result<PathBuf> {
    Err(Failure::usage("this program cannot be recorded: there is no preload library"))
}
