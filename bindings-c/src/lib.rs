//! The C library: `capsock.h` with `libcapsock.so` and `libcapsock.a`.
//!
//! It translates types, errors and lifetimes between C and the core, and decides nothing. The header is
//! generated from these files, so that the documentation of each public item is written for C programmers.
//! The conventions of all functions are at the head of the header, in `cbindgen.toml`. The crate has no Rust
//! interface: Rust programs use the core.
//!
//! A C caller's pointers have these types:
//! - a handle: `Option<&T>` (`const T *`, shared by threads), or `Option<Box<T>>` where the function takes ownership;
//! - an out-parameter: `Option<&mut MaybeUninit<T>>`, which need not be initialised and is never read;
//! - text and bytes: raw pointers, which [`pointer`] alone reads.
//!
//! Every exported function calls [`guard`]; a test checks that.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(clippy::missing_safety_doc, reason = "the conventions of the header hold for every function")]

/// The types of descriptors.
pub mod descriptor;
mod guard;
mod last_error;
mod pointer;
mod sockaddr;
#[cfg(unix)]
mod sockaddr_un;
mod system;

// What the header shows, in its order.
pub mod version;

pub mod status;

pub mod error;

pub mod time;

pub mod bytes;

pub mod uppercase;

pub mod choices;

pub mod server_options;

pub mod request_context;

pub mod handler;

pub mod async_handler;

pub mod stats;

pub mod server;

pub mod server_sockets;

pub mod many;

pub mod client_options;

pub mod tcp_client;

pub mod udp_client;

pub mod address;

pub mod socket;

pub mod socket_setup;

pub mod socket_data;

pub mod trace;
