//! Whether others have the server's sockets as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once the server's sockets were given to it, or copies of them were given away: a stop then ends the server's own
/// threads, and leaves the sockets as they are.
#[derive(Debug, Default, Clone)]
pub(in crate::server) struct Sharing(Arc<AtomicBool>);

impl Sharing {
    pub(in crate::server) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(in crate::server) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
