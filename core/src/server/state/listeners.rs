//! The sockets that a TCP server listens on.

use std::ops::Deref;

use crate::net::Socket;

/// A stop shuts them down, and so does the drop of the last reference: connections are refused from then on, also if
/// a process that the host forked has the sockets open.
#[derive(Debug, Default)]
pub(in crate::server) struct Listeners(Vec<Socket>);

impl Listeners {
    pub(in crate::server) fn new(sockets: Vec<Socket>) -> Listeners {
        Listeners(sockets)
    }

    /// Refuses further connections, and interrupts an accept that blocks.
    pub(in crate::server) fn shut_down(&self) {
        for socket in &self.0 {
            let _ = socket.stop_listening();
        }
    }
}

impl Deref for Listeners {
    type Target = [Socket];

    fn deref(&self) -> &[Socket] {
        &self.0
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.shut_down();
    }
}
