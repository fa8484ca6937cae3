//! The sockets that a TCP server listens on.

use std::ops::Deref;

use super::sharing::Sharing;
use crate::net::Socket;

/// A stop shuts them down, and so does the drop of the last reference: connections are refused from then on, also if
/// a process that the host forked has the sockets open. Those that are shared are left as they are: whoever else has them
/// accepts what is in their backlogs.
#[derive(Debug, Default)]
pub(in crate::server) struct Listeners {
    sockets: Vec<Socket>,
    sharing: Sharing,
}

impl Listeners {
    pub(in crate::server) fn new(sockets: Vec<Socket>, sharing: Sharing) -> Listeners {
        Listeners { sockets, sharing }
    }

    /// Refuses further connections, and interrupts an accept that blocks, unless they are shared.
    pub(in crate::server) fn shut_down(&self) {
        if self.sharing.has_begun() {
            return;
        }
        for socket in &self.sockets {
            let _ = socket.stop_listening();
        }
    }
}

impl Deref for Listeners {
    type Target = [Socket];

    fn deref(&self) -> &[Socket] {
        &self.sockets
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.shut_down();
    }
}
