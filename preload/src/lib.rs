//! `libcapsock_preload.so`: records the TCP and UDP calls of a program that knows nothing of capsock.
//!
//! The dynamic loader loads it into the program (`LD_PRELOAD` of ld.so(8)), where its functions take the place of those of
//! the C library with the same names. Each calls that of the C library, with the arguments of the program, and returns what
//! that returned, errno included; of a call on a TCP or UDP socket over IPv4 or IPv6 it writes a line of the trace by the
//! core's recorder. Without `CAPSOCK_TRACE` it does nothing else.
//!
//! What holds in all files:
//! - A call on another descriptor costs a look into the table of descriptors (`descriptors`).
//! - A function may be called before the library's initialiser and after its end, by any thread, in a signal handler, and in
//!   a child of fork(2) or vfork(2). So a wrapper takes no lock and allocates nothing, and while it records, this thread's
//!   signals are blocked (`guard`).
//! - A thread may be cancelled in a call (pthread_cancel(3)), which unwinds its stack: the functions are `C-unwind`, and
//!   nothing that has to be undone is in effect while the C library's function runs.
//! - No function panics: a panic would unwind into the program.
#![cfg_attr(not(target_os = "linux"), allow(unused))]

#[cfg(target_os = "linux")]
mod addresses;
#[cfg(target_os = "linux")]
mod buffers;
#[cfg(target_os = "linux")]
mod connects;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
mod epolls;
#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod real;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod step;
#[cfg(target_os = "linux")]
mod streams;
#[cfg(target_os = "linux")]
mod waits;
#[cfg(target_os = "linux")]
mod wrap;
