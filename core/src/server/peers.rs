//! How many TCP connections each address has open: `max_connections_per_peer`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::Met;
use super::shared::Shared;
use crate::net::Socket;

/// The network that an IPv6 host has to itself (RFC 6177): it may take any address of it.
const HOST_BITS: u32 = 64;

/// The connections of each peer that has any.
#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<HashMap<IpAddr, usize>>);

impl Peers {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more connection of the peer, unless it has `most`.
    fn enter(&self, peer: IpAddr, most: usize) -> bool {
        let mut open = self.lock();
        let count = open.entry(peer).or_default();
        let enters = *count < most;
        *count += usize::from(enters);
        enters
    }

    fn leave(&self, peer: IpAddr) {
        let mut open = self.lock();
        if let Some(count) = open.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&peer);
            }
        }
    }
}

/// A connection that counts for its peer until this is dropped; `None` in it where there is no limit, or the peer has
/// gone.
pub(super) struct OfPeer(Option<(Arc<Shared>, IpAddr)>);

impl OfPeer {
    /// Counts a connection for its peer. `None` if the peer has as many as it may: that is counted and logged, and
    /// the connection is to be closed.
    #[inline]
    pub(super) fn count(socket: &Socket, shared: &Arc<Shared>) -> Option<OfPeer> {
        match shared.limits.max_connections_per_peer {
            0 => Some(OfPeer(None)),
            most => OfPeer::count_up_to(most, socket, shared),
        }
    }

    fn count_up_to(most: usize, socket: &Socket, shared: &Arc<Shared>) -> Option<OfPeer> {
        let Ok(address) = socket.peer_addr() else { return Some(OfPeer(None)) };
        let peer = network(address.ip());
        if !shared.peers().enter(peer, most) {
            shared.counters().connections_refused.add(1);
            shared.met(Met::Crowded);
            return None;
        }
        Some(OfPeer(Some((Arc::clone(shared), peer))))
    }
}

impl Drop for OfPeer {
    fn drop(&mut self) {
        if let Some((shared, peer)) = &self.0 {
            shared.peers().leave(*peer);
        }
    }
}

/// What counts as one peer: an IPv4 address, also where IPv6 maps it, or the first half of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> HOST_BITS << HOST_BITS).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_an_ipv4_address_or_an_ipv6_network() {
        let table = [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
            ("2001:db8:1:3::", "2001:db8:1:3::"),
        ];
        for (address, expected) in table {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected, "{address}");
        }
    }

    #[test]
    fn those_that_leave_make_room_and_are_forgotten() {
        let (peers, peer) = (Peers::default(), IpAddr::from([192, 0, 2, 1]));
        assert!(peers.enter(peer, 2) && peers.enter(peer, 2) && !peers.enter(peer, 2));
        assert!(peers.enter(IpAddr::from([192, 0, 2, 2]), 2));
        peers.leave(peer);
        assert!(peers.enter(peer, 2) && !peers.enter(peer, 2));
        for _ in 0..2 {
            peers.leave(peer);
        }
        assert_eq!(peers.lock().len(), 1);
    }
}
