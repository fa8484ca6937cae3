//! Which datagrams are answered.
//!
//! The source address of a datagram is a claim. A server that believes any claim can be made to
//! answer itself, to answer everybody on a network, or to keep another server busy for ever: each
//! takes the other's reply for a request (CERT advisory CA-1996-01).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::net::ReceiveMeta;

/// What a reply's hop limit is below that of its request, at least. Two servers that answer each
/// other so run out of hops after a handful of datagrams, whatever they say, while a client's
/// request starts with 64 hops or more every time. A path may be 28 hops long before a client with
/// 64 of them misses a reply.
const TOLL: u8 = 8;

/// The hop limit that requests count as having had when the system does not tell: the recommended
/// default (RFC 1700).
const DEFAULT_HOPS: u8 = 64;

/// The hop limit that replies have at most. Those to clients with the default one have just that.
pub(in crate::server) const REPLY_HOPS: u8 = DEFAULT_HOPS - TOLL;

/// The index of the loopback interface, in every network namespace (`LOOPBACK_IFINDEX` of the kernel).
const LOOPBACK: u32 = 1;

/// The hop limit to answer with, or `None` if a datagram gets no reply. `bound` is the server's own
/// address.
pub(super) fn judge(envelope: &ReceiveMeta, bound: &SocketAddr) -> Option<u8> {
    let source = envelope.source;
    let nobody = match source.ip() {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST,
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast(),
    };
    // On this machine nobody else has the port of a server of all its addresses.
    // Where the system is not asked, what comes was sent to the one address that the server has.
    let (destination, interface) = envelope.destination.unwrap_or((bound.ip(), 0));
    let itself = source.port() == bound.port()
        && (destination == source.ip() || (bound.ip().is_unspecified() && interface == LOOPBACK));
    if nobody || itself || source.port() == 0 {
        return None;
    }
    match envelope.hop_limit.unwrap_or(DEFAULT_HOPS).saturating_sub(TOLL) {
        0 => None,
        hops => Some(hops.min(REPLY_HOPS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(source: &str, destination: &str, hop_limit: Option<u8>) -> Option<u8> {
        let source = source.parse().unwrap();
        let destination = destination.parse().ok().map(|ip| (ip, 1));
        judge(&ReceiveMeta { source, destination, hop_limit }, &"192.0.2.9:12000".parse().unwrap())
    }

    #[test]
    fn a_server_of_all_addresses_knows_itself_by_any_of_them() {
        let asked = |source: &str, interface, bound: &str| {
            let destination = Some(("127.0.0.2".parse().unwrap(), interface));
            let envelope = ReceiveMeta { source: source.parse().unwrap(), destination, hop_limit: None };
            judge(&envelope, &bound.parse().unwrap()).is_some()
        };
        assert!(!asked("127.0.0.1:12000", LOOPBACK, "0.0.0.0:12000"));
        assert!(asked("127.0.0.1:5000", LOOPBACK, "0.0.0.0:12000"));
        assert!(asked("192.0.2.1:12000", LOOPBACK + 1, "0.0.0.0:12000"));
        assert!(asked("127.0.0.1:12000", LOOPBACK, "127.0.0.2:12000"));
    }

    #[test]
    fn whom_a_server_answers() {
        let table = [
            ("192.0.2.1:5000", "192.0.2.9", Some(64), Some(56)),
            ("192.0.2.1:5000", "192.0.2.9", Some(255), Some(56)),
            ("192.0.2.1:5000", "192.0.2.9", None, Some(56)),
            ("192.0.2.1:5000", "192.0.2.9", Some(9), Some(1)),
            ("192.0.2.1:5000", "192.0.2.9", Some(8), None),
            ("192.0.2.1:5000", "192.0.2.9", Some(0), None),
            ("192.0.2.1:12000", "192.0.2.9", Some(64), Some(56)),
            ("192.0.2.9:12000", "192.0.2.9", Some(64), None),
            ("192.0.2.9:5000", "192.0.2.9", Some(64), Some(56)),
            ("192.0.2.1:0", "192.0.2.9", Some(64), None),
            ("255.255.255.255:5000", "192.0.2.9", Some(64), None),
            ("224.0.0.1:5000", "192.0.2.9", Some(64), None),
            ("0.0.0.0:5000", "192.0.2.9", Some(64), None),
            ("[::1]:12000", "::1", Some(64), None),
            ("[::1]:5000", "::1", Some(64), Some(56)),
            ("[ff02::1]:5000", "2001:db8::9", Some(64), None),
            ("[::]:5000", "2001:db8::9", Some(64), None),
        ];
        for (source, destination, hops, expected) in table {
            assert_eq!(verdict(source, destination, hops), expected, "{source} to {destination}, {hops:?}");
        }
    }

    #[test]
    fn two_servers_soon_have_nothing_to_say() {
        let mut hops = Some(255);
        let mut replies = 0;
        while let Some(left) = verdict("192.0.2.1:12000", "192.0.2.9", hops) {
            (hops, replies) = (Some(left), replies + 1);
        }
        assert_eq!(replies, 7);
    }
}
