//! Admission of TCP connections: how many are served at once, in all and for each peer.

use std::net::IpAddr;
use std::sync::Arc;

use super::proxy_header::PendingHeader;
use super::state::{Context, LimitEvent, OpenConnection, State, peer_of};
use crate::choices::Transport;
use crate::net::{Errno, Socket, canonical};
use crate::proxy_protocol::{Networks, Proxied};
use crate::request_context::RequestContext;

/// Counts a connection as active until it is dropped.
pub(super) struct ActiveGuard(Arc<State>);

impl ActiveGuard {
    /// The guard, and the number of active connections including this one.
    pub(super) fn new(state: &Arc<State>) -> (ActiveGuard, u64) {
        let active = state.context.common_counters().connections_active.next();
        (ActiveGuard(Arc::clone(state)), active)
    }
}

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        self.0.context.common_counters().connections_active.subtract(1);
    }
}

/// Counts a connection for its peer until it is dropped. It is empty if there is no limit, or the peer has gone.
pub(super) struct PeerGuard(Option<(Arc<State>, IpAddr)>);

impl PeerGuard {
    /// `None` if the peer has `max_connections_per_peer` connections, which is counted and logged: the caller closes
    /// this one.
    #[inline]
    pub(super) fn new(socket: &Socket, state: &Arc<State>) -> Option<PeerGuard> {
        match state.context.settings.max_connections_per_peer {
            0 => Some(PeerGuard(None)),
            most => match socket.peer_addr() {
                Ok(address) => PeerGuard::with_limit(most, address.ip(), state),
                Err(_) => Some(PeerGuard(None)),
            },
        }
    }

    fn with_limit(most: usize, address: IpAddr, state: &Arc<State>) -> Option<PeerGuard> {
        let peer = peer_of(address);
        if !state.peers.add(peer, most) {
            state.context.counters().connections_refused.add(1);
            state.context.limit_reached(LimitEvent::RefusedPeer);
            return None;
        }
        Some(PeerGuard(Some((Arc::clone(state), peer))))
    }
}

impl Drop for PeerGuard {
    fn drop(&mut self) {
        if let Some((state, peer)) = &self.0 {
            state.peers.remove(*peer);
        }
    }
}

/// An admitted connection: it is one of the open connections until it is dropped.
pub(super) struct Admitted {
    pub(super) connection: Arc<OpenConnection>,
    /// That of its requests, if the handler takes it.
    pub(super) request_context: Option<Box<RequestContext>>,
    /// The header that is due before its requests, if it comes from a proxy.
    pub(super) header: Option<Box<PendingHeader>>,
    key: usize,
    active: ActiveGuard,
    peer: PeerGuard,
}

impl Admitted {
    /// Admits a connection, whose receives block if `blocks`. `None` if a limit is reached, or the handler takes the
    /// addresses of a peer that has gone already: the connection is closed.
    #[inline(always)]
    pub(super) fn admit(socket: Socket, blocks: bool, state: &Arc<State>) -> Option<Admitted> {
        let (active, count) = ActiveGuard::new(state);
        if count > state.context.settings.max_connections as u64 {
            state.context.limit_reached(LimitEvent::Refused("max_connections is reached"));
            return None;
        }
        let (header, peer) = match &state.context.proxies {
            None => (None, PeerGuard::new(&socket, state)?),
            // Its client is counted once the header tells who that is.
            Some(proxies) => (Some(expect_header(&socket, proxies, &state.context)?), PeerGuard(None)),
        };
        let request_context = request_context(&socket, &state.context).ok()?;
        let connection = Arc::new(OpenConnection::new(socket, blocks));
        let key = state.connections.insert(Arc::clone(&connection));
        Some(Admitted { connection, request_context, header, key, active, peer })
    }

    /// Waits for the header, if one is due. `false` if the connection is to be closed.
    pub(super) fn wait_for_header(&mut self) -> bool {
        let Some(header) = &mut self.header else { return true };
        match header.wait(&self.connection, &self.active.0.context) {
            Ok(proxied) => self.complete_header(proxied),
            Err(()) => false,
        }
    }

    /// The header has arrived. `false` if its client has `max_connections_per_peer` connections, which is counted: the
    /// caller closes this one.
    pub(super) fn complete_header(&mut self, proxied: Option<Proxied>) -> bool {
        let Some(header) = self.header.take() else { return true };
        if let Some(context) = &mut self.request_context {
            context.set_proxied(proxied);
        }
        let state = &self.active.0;
        let client = proxied.map_or(header.peer, |proxied| proxied.source.ip());
        let most = state.context.settings.max_connections_per_peer;
        if most > 0 {
            let Some(guard) = PeerGuard::with_limit(most, client, state) else { return false };
            self.peer = guard;
        }
        true
    }
}

#[cold]
fn expect_header(socket: &Socket, proxies: &Networks, context: &Context) -> Option<Box<PendingHeader>> {
    PendingHeader::expect(socket, proxies, context).map(Box::new)
}

/// The context of the requests of a connection, if the handler takes it. It is made while the system knows the addresses: a
/// peer that resets the connection takes its own along (ENOTCONN of getpeername(2)), and what it sent before is answered.
fn request_context(socket: &Socket, context: &Context) -> Result<Option<Box<RequestContext>>, Errno> {
    if !context.takes_request_context() {
        return Ok(None);
    }
    if context.is_unix {
        let (peer, local) = (socket.peer_unix()?, socket.local_unix()?);
        return Ok(Some(Box::new(RequestContext::unix(Transport::Tcp, peer, local))));
    }
    let (peer, local) = (canonical(socket.peer_addr()?), canonical(socket.local_addr()?));
    Ok(Some(Box::new(RequestContext::new(Transport::Tcp, peer, local))))
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.active.0.connections.remove(self.key);
    }
}
