//! The judge's ends of the exchange: sockets whose calls are recorded, and whose waits look out for the program's end.

mod errno;
mod tcp;
mod udp;

pub(crate) use tcp::{Connection, Received};
pub(crate) use udp::Peer;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use capsock::Transport;

use crate::proc;
use crate::stop::Stop;
use crate::watch::Watch;

/// How long the program's receive is awaited where it can be seen.
const RECEIVED: Duration = Duration::from_secs(2);
/// What a program gets to act on what it has received, or where that cannot be seen, to receive it as well.
const ACTED: Duration = Duration::from_millis(50);
const UNSEEN: Duration = Duration::from_millis(300);

/// Waits until the program has received what was sent to its socket of this port, over TCP by `peer`, and has had a moment to
/// act on it.
pub(crate) fn until_received(
    watch: &Watch<'_>,
    transport: Transport,
    port: u16,
    peer: Option<SocketAddr>,
) -> Result<(), Stop> {
    if proc::unread(transport, port, peer).is_none() {
        thread::sleep(UNSEEN);
        return Ok(());
    }
    watch.until(RECEIVED, || proc::unread(transport, port, peer).unwrap_or(0) == 0)?;
    thread::sleep(ACTED);
    Ok(())
}
