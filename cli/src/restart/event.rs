//! What the command passes to the thread that replaces its server, and what it is told.

use std::sync::{Arc, Mutex};

use capsock::Server;

use crate::metrics::Endpoint;

/// What happens to the server, for its user.
#[cfg_attr(not(unix), allow(dead_code, reason = "nothing happens"))]
pub(crate) enum Event<'a> {
    /// The successor has been started.
    Starting { process: u32 },
    /// The successor accepts, and this server serves so many connections to their ends.
    Replaced { process: u32, connections: u64 },
    /// There is no successor.
    Kept { why: &'a str },
}

/// What is replaced.
#[cfg_attr(not(unix), allow(dead_code, reason = "nothing is"))]
pub(crate) struct Served {
    pub(crate) server: Arc<Server>,
    pub(crate) metrics: Arc<Mutex<Option<Endpoint>>>,
}
