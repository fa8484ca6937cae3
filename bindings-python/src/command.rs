//! The `capsock` command, run inside Python.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command with these arguments, the first being the program's name, and returns its exit
/// code. It prints by itself, and handles Ctrl-C by itself while it runs.
#[pyfunction]
#[pyo3(signature = (arguments, /))]
pub(crate) fn main(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    py.detach(|| capsock_cli::run(arguments))
}
