//! The C library: `capsock.h` with `libcapsock.so` and `libcapsock.a`.
//!
//! It translates C's types, errors and lifetimes to the core's and decides nothing. The header is
//! generated from these files, so a documentation comment on a public item here is written for C
//! programmers; the conventions that hold for all of it stand in `cbindgen.toml`, at the head of
//! the header. It is no Rust interface: Rust programs use the core.
//!
//! How the pointers of a C caller are held to their contract:
//! - a handle is `Option<&T>` (`const T *`, shared by threads), `Option<Box<T>>` where it is given up;
//! - an out-parameter is `Option<&mut MaybeUninit<T>>`: it need not hold anything, and is never read;
//! - text and bytes are raw pointers, read by [`pointer`] alone.
//!
//! Every exported function is a call of [`guard`], which a test checks.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(clippy::missing_safety_doc, reason = "the conventions of the header hold for every function")]

mod descriptor;
mod guard;
mod last_error;
mod pointer;
mod sockaddr;

// What the header shows, in its order.
pub mod version;

pub mod status;

pub mod error;

pub mod time;

pub mod bytes;

pub mod uppercase;

pub mod choices;

pub mod server_options;

pub mod handler;

pub mod stats;

pub mod server;

pub mod many;

pub mod client_options;

pub mod tcp_client;

pub mod udp_client;

pub mod address;

pub mod socket;

pub mod socket_setup;

pub mod socket_data;

pub mod trace;
