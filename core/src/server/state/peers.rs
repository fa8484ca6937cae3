//! The number of open TCP connections of each peer, for `max_connections_per_peer`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The length of the prefix that is one host's (RFC 6177): it may use any address of it.
const PREFIX_BITS: u32 = 64;

/// The number of connections of each peer that has any.
#[derive(Debug, Default)]
pub(in crate::server) struct Peers(Mutex<HashMap<IpAddr, usize>>);

impl Peers {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more connection of the peer, unless it has `most`.
    pub(in crate::server) fn add(&self, peer: IpAddr, most: usize) -> bool {
        let mut open = self.lock();
        let count = open.entry(peer).or_default();
        let added = *count < most;
        *count += usize::from(added);
        added
    }

    pub(in crate::server) fn remove(&self, peer: IpAddr) {
        let mut open = self.lock();
        if let Some(count) = open.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&peer);
            }
        }
    }
}

/// The peer that an address belongs to: an IPv4 address, also if it is IPv6-mapped, or the /64 prefix of an IPv6
/// address.
pub(in crate::server) fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> PREFIX_BITS << PREFIX_BITS).into(),
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
            assert_eq!(peer_of(address.parse().unwrap()).to_string(), expected, "{address}");
        }
    }

    #[test]
    fn a_removed_connection_allows_another_and_leaves_no_entry() {
        let (peers, peer) = (Peers::default(), IpAddr::from([192, 0, 2, 1]));
        assert!(peers.add(peer, 2) && peers.add(peer, 2) && !peers.add(peer, 2));
        assert!(peers.add(IpAddr::from([192, 0, 2, 2]), 2));
        peers.remove(peer);
        assert!(peers.add(peer, 2) && !peers.add(peer, 2));
        for _ in 0..2 {
            peers.remove(peer);
        }
        assert_eq!(peers.lock().len(), 1);
    }
}
