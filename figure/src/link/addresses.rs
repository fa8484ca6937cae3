//! Addresses as keys that identify sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address as a key.
pub(super) type AddressKey = (IpAddr, u16);

/// The key of an address: IPv4-mapped addresses as IPv4, without flow information and scope.
pub(super) fn address_key(address: SocketAddr) -> AddressKey {
    (address.ip().to_canonical(), address.port())
}

/// Whether a socket bound to `own` receives what is sent to `meant`. The wildcard address matches every address; as a
/// destination it is this machine. Several sockets may receive a multicast or broadcast datagram.
pub(super) fn reaches(own: AddressKey, meant: AddressKey) -> bool {
    let everywhere = |address: IpAddr| {
        address.is_unspecified() || address.is_multicast() || address == Ipv4Addr::BROADCAST
    };
    own.1 == meant.1 && (own.0 == meant.0 || everywhere(own.0) || everywhere(meant.0))
}

/// Whether two addresses of a socket are consistent; either may be unknown.
pub(super) fn agree(one: Option<SocketAddr>, other: Option<SocketAddr>) -> bool {
    match (one.map(address_key), other.map(address_key)) {
        (Some(one), Some(other)) => one.1 == 0 || other.1 == 0 || reaches(one, other),
        _ => true,
    }
}
