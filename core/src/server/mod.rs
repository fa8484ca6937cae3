//! Servers: how connections and datagrams are served.
//!
//! From the bottom up: [`log`] is where log lines go, [`config`] what a server is configured with, [`state`] what its
//! threads and processes share, [`proxy_header`] what a proxy sends before the requests, [`admission`] which connections
//! are served, [`children`] how forked processes are supervised. [`tcp`] and [`udp`] have one file for each
//! concurrency. [`bind`] opens the sockets, [`start`] starts the engine, and [`handle`] is the running server, which
//! [`pause`] pauses and drains, and whose totals [`open_metrics`] writes as text.

mod admission;
mod bind;
mod children;
mod config;
mod handle;
mod log;
mod open_metrics;
mod pause;
mod proxy_header;
mod start;
mod state;
mod tcp;
mod udp;

pub use config::{ServerOptions, ServerSettings};
pub use handle::Server;
pub use log::Log;
pub use pause::DEFAULT_DRAIN_TIMEOUT;
pub use state::{DEFAULT_STOP_TIMEOUT, Stats, StopReport};
#[cfg(fuzzing)]
pub(crate) use tcp::check_exchange;
