//! Addresses as numbers, so that no object is allocated for each datagram. An IPv4 address is passed as an
//! IPv4-mapped IPv6 address, `::ffff:192.0.2.1` (RFC 4291, 2.5.5.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use capsock::net::{Errno, Family};
use jni::sys::{jint, jlong};

use super::numbers::{EAFNOSUPPORT, EINVAL};

/// An address as Java passes it.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) high: jlong,
    pub(super) low: jlong,
    pub(super) scope: jint,
    pub(super) port: jint,
}

pub(super) fn ip(high: jlong, low: jlong) -> Ipv6Addr {
    Ipv6Addr::from((u128::from(high as u64) << 64) | u128::from(low as u64))
}

impl Given {
    /// The address for a socket of that family. EAFNOSUPPORT for an IPv6 address and an IPv4 socket.
    pub(super) fn for_family(self, family: Family) -> Result<SocketAddr, Errno> {
        let port = u16::try_from(self.port).map_err(|_| Errno(EINVAL))?;
        let ip = ip(self.high, self.low);
        match family {
            Family::V4 => {
                let ip = ip.to_ipv4_mapped().ok_or(Errno(EAFNOSUPPORT))?;
                Ok(SocketAddr::from((ip, port)))
            }
            Family::V6 => Ok(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, self.scope as u32))),
        }
    }
}

/// How many numbers an address is for Java.
pub(super) const NUMBERS: usize = 3;

/// The high and the low half, and the scope above the port.
pub(super) fn numbers(address: &SocketAddr) -> [jlong; NUMBERS] {
    let (ip, scope) = match address {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), 0),
        SocketAddr::V6(v6) => (*v6.ip(), v6.scope_id()),
    };
    let bits = u128::from(ip);
    [(bits >> 64) as jlong, bits as jlong, (jlong::from(scope) << 16) | jlong::from(address.port())]
}

/// The IPv4 address, if it is one.
pub(super) fn v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match IpAddr::V6(ip).to_canonical() {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(address: &str) -> Given {
        let [high, low, rest] = numbers(&address.parse().unwrap());
        Given { high, low, scope: (rest >> 16) as jint, port: (rest & 0xffff) as jint }
    }

    #[test]
    fn an_address_arrives_as_the_socket_has_it() {
        let table = [
            ("192.0.2.1:65535", Family::V4, Some("192.0.2.1:65535")),
            ("192.0.2.1:7", Family::V6, Some("[::ffff:192.0.2.1]:7")),
            ("0.0.0.0:0", Family::V4, Some("0.0.0.0:0")),
            ("0.0.0.0:0", Family::V6, Some("[::ffff:0.0.0.0]:0")),
            ("[::]:7", Family::V6, Some("[::]:7")),
            ("[fe80::1%4294967295]:7", Family::V6, Some("[fe80::1%4294967295]:7")),
            ("[::1]:7", Family::V4, None),
        ];
        for (address, family, expected) in table {
            let arrived = given(address).for_family(family).ok().map(|address| address.to_string());
            assert_eq!(arrived.as_deref(), expected, "{address}");
        }
        for port in [-1, 65536] {
            assert!(Given { port, ..given("[::1]:7") }.for_family(Family::V6).is_err());
        }
    }
}
