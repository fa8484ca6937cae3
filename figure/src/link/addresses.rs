//! Addresses, as far as they tell one socket from another.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address as a key.
pub(super) type AddressKey = (IpAddr, u16);

/// An address without what does not tell sockets apart: an IPv4 address in IPv6 form is an IPv4 address, and flow
/// and scope are left out.
pub(super) fn address_key(address: SocketAddr) -> AddressKey {
    (address.ip().to_canonical(), address.port())
}

/// Whether a socket bound to `own` is at `meant`: the wildcard is every address of the machine, as destination it is
/// the machine itself, and one group of multicast or broadcast may have many sockets.
pub(super) fn reaches(own: AddressKey, meant: AddressKey) -> bool {
    let everywhere = |address: IpAddr| {
        address.is_unspecified() || address.is_multicast() || address == Ipv4Addr::BROADCAST
    };
    own.1 == meant.1 && (own.0 == meant.0 || everywhere(own.0) || everywhere(meant.0))
}

/// Whether two addresses of one end may be the same, where one of them may not be known yet.
pub(super) fn agree(one: Option<SocketAddr>, other: Option<SocketAddr>) -> bool {
    match (one.map(address_key), other.map(address_key)) {
        (Some(one), Some(other)) => one.1 == 0 || other.1 == 0 || reaches(one, other),
        _ => true,
    }
}
