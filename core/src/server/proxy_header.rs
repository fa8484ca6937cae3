//! The header of the PROXY protocol before the requests of a connection, and before that of a datagram.
//!
//! It is required of a server with `proxy_protocol`, and believed from the networks that the option names. What has none
//! is closed or discarded, and counted.

use std::net::IpAddr;
use std::time::Instant;

use super::state::{Context, HeaderFault, LimitEvent, OpenConnection};
use crate::net::{Deadline, Errno, Socket, WaitError, WaitOptions, wait_readable};
use crate::netc;
use crate::proxy_protocol::{HeaderReader, Malformed, Networks, Progress, Proxied};

/// How much of a header is received at once. Few are longer.
const WINDOW: usize = 512;

/// The header of a connection while it arrives.
#[derive(Debug)]
pub(super) struct PendingHeader {
    /// The proxy.
    pub(super) peer: IpAddr,
    reader: HeaderReader,
    deadline: Deadline,
}

/// What there is of a header.
pub(super) enum Arrived {
    /// All of it: the addresses that it tells.
    All(Option<Proxied>),
    /// Not all of it yet.
    Part,
    /// The connection is to be closed: it is broken, or its header was rejected and counted.
    Nothing,
}

impl PendingHeader {
    /// The header of an accepted connection. `None` if the peer is no proxy, which is counted, or has gone already: the
    /// caller closes the connection.
    pub(super) fn expect(socket: &Socket, proxies: &Networks, context: &Context) -> Option<PendingHeader> {
        let peer = socket.peer_addr().ok()?.ip();
        if !proxies.contains(peer) {
            context.limit_reached(LimitEvent::ProxyHeader(peer, HeaderFault::Untrusted));
            return None;
        }
        let settings = &context.settings;
        let deadline = Deadline::after(settings.proxy_header_timeout);
        let deadline = deadline.earlier(Deadline::after(settings.idle_timeout));
        Some(PendingHeader { peer, reader: HeaderReader::of_stream(), deadline })
    }

    /// Receives what has arrived of the header, and nothing behind it. It does not block.
    pub(super) fn receive(&mut self, socket: &Socket, context: &Context) -> Arrived {
        let mut window = [0; WINDOW];
        loop {
            let available = match socket.peek(&mut window) {
                Ok(0) => return self.reject(HeaderFault::Missing, context),
                Ok(available) => available,
                Err(errno) if errno.would_block() || errno == Errno(netc::EINTR) => return Arrived::Part,
                Err(_) => return Arrived::Nothing,
            };
            let (length, progress) = match self.reader.read(&window[..available]) {
                Ok(read) => read,
                Err(Malformed(why)) => return self.reject(HeaderFault::Malformed(why), context),
            };
            if socket.receive(&mut window[..length]) != Ok(length) {
                return Arrived::Nothing;
            }
            if let Progress::Complete(proxied) = progress {
                return Arrived::All(proxied);
            }
        }
    }

    /// [`receive`](PendingHeader::receive), which waits for the rest until a stop is requested. Returns the addresses
    /// that the header tells; `Err` if the connection is to be closed.
    pub(super) fn wait(
        &mut self,
        connection: &OpenConnection,
        context: &Context,
    ) -> Result<Option<Proxied>, ()> {
        loop {
            match self.receive(&connection.socket, context) {
                Arrived::All(proxied) => return Ok(proxied),
                Arrived::Nothing => return Err(()),
                Arrived::Part => {}
            }
            let options = WaitOptions::until(self.deadline).woken_by(context.stop.waker());
            match wait_readable(connection.socket.fd(), options) {
                Ok(()) => {}
                Err(WaitError::TimedOut) => {
                    self.reject_late(context);
                    return Err(());
                }
                Err(_) => return Err(()),
            }
        }
    }

    /// Whether it is late.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.deadline.0.is_some_and(|moment| moment <= now)
    }

    pub(super) fn reject_late(&self, context: &Context) {
        self.reject(HeaderFault::Late, context);
    }

    fn reject(&self, fault: HeaderFault, context: &Context) -> Arrived {
        context.limit_reached(LimitEvent::ProxyHeader(self.peer, fault));
        Arrived::Nothing
    }
}

/// The payload of a datagram from `source`, and the addresses that its header tells. `None` if the datagram is to be
/// discarded, which is counted. It allocates nothing.
pub(super) fn split_datagram<'a>(
    datagram: &'a [u8],
    source: IpAddr,
    proxies: &Networks,
    context: &Context,
) -> Option<(Option<Proxied>, &'a [u8])> {
    let split = if proxies.contains(source) {
        HeaderReader::split_datagram(datagram).map_err(|Malformed(why)| HeaderFault::Malformed(why))
    } else {
        Err(HeaderFault::Untrusted)
    };
    split.map_err(|fault| context.limit_reached(LimitEvent::ProxyHeader(source, fault))).ok()
}
