//! `capsock.trace`: the record of socket calls.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::errors::Result;
use crate::system::MAIN_FILES;

/// Sets the name of the program in the trace to that of the script, or of the interpreter if there is none.
#[pyfunction]
#[pyo3(signature = (script, /))]
pub(crate) fn _set_process_info(script: &str) {
    // `python -m PACKAGE` runs PACKAGE/__main__.py; `-c` and `-m` are no files.
    let package = MAIN_FILES.iter().find_map(|file| script.strip_suffix(file));
    let script = package.unwrap_or(script);
    capsock::trace::set_process_info("python", if script.starts_with('-') { "" } else { script });
}

/// Sets the program's name from sys.argv.
pub(crate) fn set_process_info_from_argv(py: Python<'_>) {
    let script = py.import("sys").and_then(|sys| sys.getattr("argv")?.get_item(0)?.extract::<String>());
    _set_process_info(script.as_deref().unwrap_or_default());
}

#[pyfunction]
#[pyo3(signature = (path, payload, /))]
pub(crate) fn _trace_start(py: Python<'_>, path: PathBuf, payload: bool) -> Result<()> {
    Ok(py.detach(|| capsock::trace::start(path, payload))?)
}

#[pyfunction]
pub(crate) fn _trace_stop(py: Python<'_>) {
    py.detach(capsock::trace::stop);
}
