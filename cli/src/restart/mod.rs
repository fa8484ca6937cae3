//! Replacing a running server by another process without losing a request.
//!
//! The successor is started by the server itself, upon SIGUSR2, or by anyone with `--replace PATH`, where PATH is a Unix
//! socket at which the server waits. Either way the two talk over a connection (`message`, `channel`): the server hands
//! over copies of its sockets, and both have the same backlog and the same queue of datagrams. The successor starts without
//! accepting, says that it is ready, and accepts; then the server accepts no more, serves its connections until they end,
//! and ends itself. Whatever goes wrong before, the server goes on.
//!
//! From the bottom up: `message`, `channel`, `control` and `program`; `predecessor` is the successor's side, `successor`
//! the server's, `coordinator` the thread that waits for both ways, and `lifecycle` what the command does of it.

#[cfg(unix)]
mod channel;
#[cfg(unix)]
mod control;
#[cfg(unix)]
mod coordinator;
mod event;
#[cfg(unix)]
mod lifecycle;
#[cfg(unix)]
mod message;
#[cfg(not(unix))]
mod none;
mod options;
#[cfg(unix)]
mod predecessor;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod successor;

pub(crate) use event::{Event, Served};
#[cfg(unix)]
pub(crate) use lifecycle::Lifecycle;
#[cfg(not(unix))]
pub(crate) use none::Lifecycle;
pub(crate) use options::Replacement;
