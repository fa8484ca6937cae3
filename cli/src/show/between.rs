//! The link between the server and the clients: it takes the address that the server asked for, and the server is at another
//! port, as its record tells.
//!
//! A server that asked for all addresses is served on loopback alone: for IPv4 on 127.0.0.1, for IPv6, whose sockets usually
//! take both, wherever `localhost` is; so is one that asked for loopback or all addresses by a socket for each family.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use capsock::net::Endpoint;

use super::record::Moved;
use crate::link::Between;

/// The place of the link.
pub(super) fn between(moved: &Moved) -> Between {
    let listen = match moved.both_families {
        true => ("localhost", moved.asked.port()).into(),
        false => listen(moved.asked),
    };
    Between { datagrams: moved.datagrams, listen, to: to(moved.bound, has_v6()).into() }
}

fn listen(asked: SocketAddr) -> Endpoint {
    match asked.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => (IpAddr::from(Ipv4Addr::LOCALHOST), asked.port()).into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => ("localhost", asked.port()).into(),
        _ => asked.into(),
    }
}

/// The server's address, from this machine. Where there is IPv6, a socket for all of its addresses has that of loopback,
/// whether it takes IPv4 or not.
fn to(mut bound: SocketAddr, has_v6: bool) -> SocketAddr {
    if bound.ip().is_unspecified() {
        let loopback = if bound.is_ipv6() && has_v6 {
            IpAddr::from(Ipv6Addr::LOCALHOST)
        } else {
            Ipv4Addr::LOCALHOST.into()
        };
        bound.set_ip(loopback);
    }
    bound
}

fn has_v6() -> bool {
    UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_those_of_loopback() {
        for (address, has_v6, clients, server) in [
            ("0.0.0.0:12000", true, "127.0.0.1:12000", "127.0.0.1:12000"),
            ("[::]:12000", true, "localhost:12000", "[::1]:12000"),
            ("[::]:12000", false, "localhost:12000", "127.0.0.1:12000"),
            ("127.0.0.2:12000", true, "127.0.0.2:12000", "127.0.0.2:12000"),
            ("[2001:db8::1]:12000", true, "[2001:db8::1]:12000", "[2001:db8::1]:12000"),
        ] {
            let address: SocketAddr = address.parse().expect("an address");
            assert_eq!(listen(address).to_string(), clients, "{address}");
            assert_eq!(to(address, has_v6).to_string(), server, "{address}");
        }
    }
}
