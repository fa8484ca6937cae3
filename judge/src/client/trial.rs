//! What a probe of a client works with.

use std::path::Path;
use std::time::Duration;

use capsock::Transport;

use crate::options::Options;
use crate::recorder::Recorder;

/// What a probe works with.
pub(super) struct Trial<'a> {
    pub(super) options: &'a Options,
    pub(super) home: &'a Path,
    pub(super) record: Recorder,
    pub(super) port: u16,
    /// How long a whole run of the client took that had an answer at once; part of it is the start of its runtime.
    pub(super) run_time: Duration,
}

impl Trial<'_> {
    /// Whether the client is one of TCP.
    pub(super) fn tcp(&self) -> bool {
        self.options.transport == Transport::Tcp
    }
}
