//! Admission of TCP connections: how many are served at once, in all and for each peer.

use std::net::IpAddr;
use std::sync::Arc;

use super::state::{Context, LimitEvent, OpenConnection, State, peer_of};
use crate::choices::Transport;
use crate::net::{Errno, Socket};
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
            most => PeerGuard::with_limit(most, socket, state),
        }
    }

    fn with_limit(most: usize, socket: &Socket, state: &Arc<State>) -> Option<PeerGuard> {
        let Ok(address) = socket.peer_addr() else { return Some(PeerGuard(None)) };
        let peer = peer_of(address.ip());
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
    key: usize,
    active: ActiveGuard,
    _peer: PeerGuard,
}

impl Admitted {
    /// Admits a connection, whose receives block if `blocks`. `None` if a limit is reached, or the handler takes the
    /// addresses of a peer that has gone already: the connection is closed.
    pub(super) fn admit(socket: Socket, blocks: bool, state: &Arc<State>) -> Option<Admitted> {
        let (active, count) = ActiveGuard::new(state);
        if count > state.context.settings.max_connections as u64 {
            state.context.limit_reached(LimitEvent::Refused("max_connections is reached"));
            return None;
        }
        let peer = PeerGuard::new(&socket, state)?;
        let request_context = request_context(&socket, &state.context).ok()?;
        let connection = Arc::new(OpenConnection::new(socket, blocks, request_context));
        let key = state.connections.insert(Arc::clone(&connection));
        Some(Admitted { connection, key, active, _peer: peer })
    }
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
    let (peer, local) = (socket.peer_addr()?, socket.local_addr()?);
    Ok(Some(Box::new(RequestContext::new(Transport::Tcp, peer, local))))
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.active.0.connections.remove(self.key);
    }
}
