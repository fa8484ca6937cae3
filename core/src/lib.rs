//! Sockets, servers and clients for the programs of the classic socket-programming lecture
//! (Kurose & Ross, *Computer Networking: A Top-Down Approach*, 2.7): a client sends text, a
//! server sends it back in upper case, over UDP and TCP.
//!
//! The crate holds all behaviour of capsock and knows no other language; the C, Python and Java
//! packages and the `capsock` command translate types, errors and lifetimes, and decide nothing.
//! It is not a general asynchronous runtime: a server here is a request-reply server, run by one
//! of four [`Concurrency`] models, and a client asks one question at a time, or many in one call.
//!
//! ```
//! use capsock::{Concurrency, Server, TcpClient};
//!
//! let server = Server::tcp(("127.0.0.1", 0)).concurrency(Concurrency::Threads).start()?;
//! assert_eq!(TcpClient::connect(server.local_addr())?.request("hello")?, "HELLO");
//! # Ok::<(), capsock::Error>(())
//! ```
//!
//! It runs on Linux 5.9 and later: `epoll`, `eventfd`, `pidfd` and `close_range` are used
//! without a second way round them.

#[cfg(not(target_os = "linux"))]
compile_error!("capsock needs Linux (epoll, eventfd, pidfd)");

mod choices;
mod client;
mod error;
mod framing;
mod kinds;
mod named;
pub mod net;
mod server;
mod service;
pub mod trace;
mod uppercase;

pub use choices::{Concurrency, Framing, Level, Transport};
pub use client::{Copied, TcpClient, TcpClientOptions, UdpClient, UdpClientOptions, reply_text};
pub use error::{Error, ErrorKind, Result};
pub use net::{Endpoint, InterruptHook};
pub use server::{
    DEFAULT_STOP_TIMEOUT, Features, Log, Server, ServerOptions, ServerSettings, Stats, StopReport,
};
pub use service::{HandlerError, Service, Uppercase};
pub use uppercase::{UppercaseStream, uppercase};

/// What is not public, for the fuzz targets; it is no part of the library.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    /// Compares the line splitter with its reference model.
    pub fn framing(pieces: &[&[u8]], longest: usize, batch: usize, preallocated: bool) {
        crate::framing::reference_model::check(pieces, longest, batch, preallocated);
    }

    /// Compares an exchange on one connection with its reference model.
    pub fn exchange(
        framing: crate::Framing,
        pieces: &[&[u8]],
        longest: usize,
        handled: bool,
        preallocated: bool,
    ) {
        crate::server::check_exchange(framing, pieces, longest, handled, preallocated);
    }
}

/// The port that servers listen on and clients ask unless told otherwise: the textbook's.
pub const DEFAULT_PORT: u16 = 12000;

/// The host that servers listen on unless told otherwise: this machine alone, over IPv4 and IPv6.
pub const DEFAULT_HOST: &str = "localhost";

/// The version of this library, `major.minor.patch`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of Unicode whose upper-casing [`uppercase`](crate::uppercase()) applies, whichever Rust built the
/// library.
pub const UNICODE_VERSION: (u8, u8, u8) = uppercase::UNICODE_VERSION;
