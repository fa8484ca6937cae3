//! The native part of the Python package `capsock`.
//!
//! It translates types, errors and lifetimes between Python and the core, and decides nothing: no
//! default, no check and no behaviour is written here that another language would need too. It is
//! not a Rust library; `capsock._native` is imported by the package `capsock` alone.
//!
//! Every class is frozen over a core type that is `Send + Sync`, so two threads may call the same
//! object at the same time, and every call that can block runs without the GIL.

mod arguments;
mod blocking;
mod callback;
mod command;
mod errors;
mod exit;
mod files;
mod handler;
mod many;
mod script;
mod server;
mod socket;
mod stats;
mod tcp_client;
mod trace;
mod udp_client;
mod uppercase;

/// Sockets, servers and clients of the uppercase service, from the core in Rust.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::command::main;
    #[pymodule_export]
    use crate::errors::_raise_kind;
    #[pymodule_export]
    use crate::script::_run_file;
    #[pymodule_export]
    use crate::server::Server;
    #[pymodule_export]
    use crate::socket::{_pause_watch, _resume_watch, _set_hints, InetSocket, SocketCalls};
    #[pymodule_export]
    use crate::stats::{Stats, StopReport};
    #[pymodule_export]
    use crate::tcp_client::TcpClient;
    #[pymodule_export]
    use crate::trace::{_introduce, _trace_start, _trace_stop};
    #[pymodule_export]
    use crate::udp_client::UdpClient;
    #[pymodule_export]
    use crate::uppercase::{UppercaseStream, uppercase};

    #[pymodule_export]
    const DEFAULT_HOST: &str = capsock::DEFAULT_HOST;
    #[pymodule_export]
    const DEFAULT_PORT: u16 = capsock::DEFAULT_PORT;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", capsock::VERSION)?;
        module.add("UNICODE_VERSION", capsock::UNICODE_VERSION)?;
        crate::trace::introduce(module.py());
        crate::exit::register(module.py())
    }
}
