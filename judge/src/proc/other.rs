//! Nothing: these systems have no proc(5) of Linux.

use std::net::SocketAddr;

use capsock::Transport;

use super::Usage;

/// The children of a process: not told.
pub(crate) fn children(_process: u32) -> Vec<u32> {
    Vec::new()
}

/// The processes of a program: the one that was started.
pub(crate) fn tree(root: u32, _not: &[u32]) -> Vec<u32> {
    vec![root]
}

/// What processes hold: not told.
pub(crate) fn usage(_processes: &[u32]) -> Option<Usage> {
    None
}

/// The addresses that processes have bound: not told.
pub(crate) fn bound(_processes: &[u32], _transport: Transport) -> Option<Vec<SocketAddr>> {
    None
}

/// What has arrived from `peer` and was not received: not told.
pub(crate) fn unread(_transport: Transport, _port: u16, _peer: Option<SocketAddr>) -> Option<u64> {
    None
}

/// The connections that a listener has not accepted: not told.
pub(crate) fn queued(_port: u16) -> Option<u64> {
    None
}

/// Whether a thread of the processes is about to run: not told.
pub(crate) fn busy(_processes: &[u32]) -> bool {
    false
}
