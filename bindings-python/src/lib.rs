//! The native part of the Python package `capsock`.
//!
//! It translates types, errors and lifetimes between Python and the core. Defaults, checks and behaviour that another
//! language needs too belong in the core. It is not a Rust library: only the package `capsock` imports it.
//!
//! Every class is frozen and holds a core type that is `Send + Sync`, so that two threads may call the same object at the
//! same time. Every call that can block releases the GIL.
//!
//! The module declares that it does not need the GIL (`gil_used = false`), so a free-threaded CPython keeps running
//! without one. What that relies on:
//!
//! - Nothing is borrowed from Python across threads: no class has `&mut self`, and the state that threads share is an
//!   atomic, a `Mutex` or a [`OnceObject`](once_object::OnceObject).
//! - A `Mutex` that a thread locks while it is attached to the interpreter is released before the thread runs Python code,
//!   detaches, or blocks. So no thread waits for another in it, and fork() does not find it locked: CPython forks when
//!   each other thread is detached, or at a point where it may detach.
//! - Memory of Python objects is used by an export (`buffer::Export`), which pins its place and size, or copied. Another
//!   thread may write to exported bytes at any time, with a GIL as well; they are therefore passed to the system or
//!   copied, and never interpreted where they are.
//! - Where two calls of Python have to see the same state, they are in a critical section (`socket::options`).
//!
//! `tests/test_races.py` tests it.

mod address;
mod arguments;
mod blocking;
mod callback;
mod coroutines;
mod descriptors;
mod errors;
mod exit;
mod files;
mod forced_unwind;
mod handler;
mod lookup;
mod many;
mod once_object;
mod options;
mod pending_reply;
mod polls;
mod reports;
mod request_context;
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
#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    symbols::look_up(py);
    // Before the first object is made: this library's objects would be shared by all interpreters.
    exit::refuse_subinterpreter(py)?;
    forced_unwind::install();
    blocking::step_without_gil();

    module.add_class::<server::Server>()?;
    module.add_class::<stats::Stats>()?;
    module.add_class::<stats::StopReport>()?;
    module.add_class::<pending_reply::PendingReply>()?;
    module.add_class::<request_context::RequestContext>()?;
    module.add_class::<tcp_client::TcpClient>()?;
    module.add_class::<udp_client::UdpClient>()?;
    module.add_class::<uppercase::UppercaseStream>()?;
    module.add_class::<socket::InetSocket>()?;
    module.add_class::<socket::SocketCalls>()?;
    uppercase::add_to(module)?;
    module.add_function(wrap_pyfunction!(descriptors::systemd_sockets, module)?)?;
    module.add_function(wrap_pyfunction!(errors::_panic, module)?)?;
    module.add_function(wrap_pyfunction!(errors::_raise_kind, module)?)?;
    module.add_function(wrap_pyfunction!(script::_run_file, module)?)?;
    module.add_function(wrap_pyfunction!(symbols::_use_stable_abi_only, module)?)?;
    module.add_function(wrap_pyfunction!(socket::_set_hints, module)?)?;
    module.add_function(wrap_pyfunction!(socket::_pause_watchdog, module)?)?;
    module.add_function(wrap_pyfunction!(socket::_resume_watchdog, module)?)?;
    module.add_function(wrap_pyfunction!(trace::_set_process_info, module)?)?;
    module.add_function(wrap_pyfunction!(polls::_poll_begin, module)?)?;
    module.add_function(wrap_pyfunction!(trace::_trace_start, module)?)?;
    module.add_function(wrap_pyfunction!(trace::_trace_stop, module)?)?;
    module.add("DEFAULT_HOST", capsock::DEFAULT_HOST)?;
    module.add("DEFAULT_PORT", capsock::DEFAULT_PORT)?;
    module.add("__version__", capsock::VERSION)?;
    module.add("UNICODE_VERSION", capsock::UNICODE_VERSION)?;

    trace::set_process_info_from_argv(py);
    exit::register(py)
}
