//! The native part of the Python package `capsock`.
//!
//! It translates types, errors and lifetimes between Python and the core. Defaults, checks and behaviour that another
//! language needs too belong in the core. It is not a Rust library: only the package `capsock` imports it.
//!
//! Every class is frozen and holds a core type that is `Send + Sync`, so that two threads may call the same object at the
//! same time. Every call that can block releases the GIL.

mod arguments;
mod blocking;
mod callback;
mod errors;
mod exit;
mod files;
mod forced_unwind;
mod handler;
mod lookup;
mod many;
mod once_object;
mod options;
mod reports;
mod script;
mod server;
mod socket;
mod stats;
mod symbols;
mod system;
mod tcp_client;
mod trace;
mod udp_client;
mod uppercase;

use pyo3::prelude::*;

/// Sockets, servers and clients of the uppercase service, from the core in Rust.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    symbols::look_up(py);
    // Before the first object is made: this library's objects would be shared by all interpreters.
    exit::refuse_subinterpreter(py)?;
    forced_unwind::install();

    module.add_class::<server::Server>()?;
    module.add_class::<stats::Stats>()?;
    module.add_class::<stats::StopReport>()?;
    module.add_class::<tcp_client::TcpClient>()?;
    module.add_class::<udp_client::UdpClient>()?;
    module.add_class::<uppercase::UppercaseStream>()?;
    module.add_class::<socket::InetSocket>()?;
    module.add_class::<socket::SocketCalls>()?;
    module.add_function(wrap_pyfunction!(uppercase::uppercase, module)?)?;
    module.add_function(wrap_pyfunction!(errors::_panic, module)?)?;
    module.add_function(wrap_pyfunction!(errors::_raise_kind, module)?)?;
    module.add_function(wrap_pyfunction!(script::_run_file, module)?)?;
    module.add_function(wrap_pyfunction!(symbols::_use_stable_abi_only, module)?)?;
    module.add_function(wrap_pyfunction!(socket::_set_hints, module)?)?;
    module.add_function(wrap_pyfunction!(socket::_pause_watchdog, module)?)?;
    module.add_function(wrap_pyfunction!(socket::_resume_watchdog, module)?)?;
    module.add_function(wrap_pyfunction!(trace::_set_process_info, module)?)?;
    module.add_function(wrap_pyfunction!(trace::_trace_start, module)?)?;
    module.add_function(wrap_pyfunction!(trace::_trace_stop, module)?)?;
    module.add("DEFAULT_HOST", capsock::DEFAULT_HOST)?;
    module.add("DEFAULT_PORT", capsock::DEFAULT_PORT)?;
    module.add("__version__", capsock::VERSION)?;
    module.add("UNICODE_VERSION", capsock::UNICODE_VERSION)?;

    trace::set_process_info_from_argv(py);
    exit::register(py)
}
