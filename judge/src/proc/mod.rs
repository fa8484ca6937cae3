//! What the system tells of a program's processes and sockets. Linux tells it in proc(5); other systems tell nothing here.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod sockets;

#[cfg(target_os = "linux")]
pub(crate) use linux::{busy, children, tree, usage};
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{bound, busy, children, queued, tree, unread, usage};
#[cfg(target_os = "linux")]
pub(crate) use sockets::{bound, queued, unread};

/// What the processes of a program hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processes, zombies included.
    pub(crate) processes: usize,
    /// Those that are no zombies.
    pub(crate) living: usize,
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
    /// Resident memory in bytes.
    pub(crate) memory: u64,
    /// Processor time in hundredths of a second.
    pub(crate) cpu: u64,
}
