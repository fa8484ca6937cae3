//! The source filter: which datagrams are answered.
//!
//! The source address of a datagram may be forged. A server that trusts it can be made to answer itself, to answer
//! every host of a network, or to exchange datagrams with another server for ever, each taking the other's reply for
//! a request (CERT advisory CA-1996-01).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::net::{ReceiveMeta, canonical};

/// The least difference between the hop limits of a request and its reply. Two servers that answer each other run out
/// of hops after a few datagrams, while each request of a client starts with 64 hops or more. A client with a hop limit
/// of 64 gets its replies over paths of up to 28 hops.
const HOPS_PER_REPLY: u8 = 8;

/// The hop limit assumed for a request if the system does not report it: the recommended default (RFC 1700).
const DEFAULT_HOPS: u8 = 64;

/// The highest hop limit of a reply, which the replies to clients with the default one have.
pub(in crate::server) const REPLY_HOPS: u8 = DEFAULT_HOPS - HOPS_PER_REPLY;

/// The index of the loopback interface, in every network namespace (`LOOPBACK_IFINDEX` of the kernel).
const LOOPBACK: u32 = 1;

/// The hop limit of the reply to a datagram, or `None` if it gets no reply. `bound` is the address that the server is
/// bound to.
#[inline(always)]
pub(super) fn reply_hop_limit(received: &ReceiveMeta, bound: &SocketAddr) -> Option<u8> {
    // An IPv6 socket that also has IPv4 reports IPv4-mapped addresses.
    let source = canonical(received.source);
    let not_unicast = match source.ip() {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST,
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast(),
    };
    // A server that is bound to one address does not ask for the destination, which is that address. No other
    // socket of this machine has the port of a server that is bound to all addresses.
    let (destination, interface) = received.destination.unwrap_or((bound.ip(), 0));
    let destination = destination.to_canonical();
    let itself = source.port() == bound.port()
        && (destination == source.ip() || (bound.ip().is_unspecified() && interface == LOOPBACK));
    if not_unicast || itself || source.port() == 0 {
        return None;
    }
    match received.hop_limit.unwrap_or(DEFAULT_HOPS).saturating_sub(HOPS_PER_REPLY) {
        0 => None,
        hops => Some(hops.min(REPLY_HOPS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(source: &str, destination: &str, hop_limit: Option<u8>) -> Option<u8> {
        let source = source.parse().unwrap();
        let destination = destination.parse().ok().map(|ip| (ip, 1));
        reply_hop_limit(&ReceiveMeta { source, destination, hop_limit }, &"192.0.2.9:12000".parse().unwrap())
    }

    #[test]
    fn a_server_bound_to_all_addresses_does_not_answer_itself_on_any() {
        let asked = |source: &str, interface, bound: &str| {
            let destination = Some(("127.0.0.2".parse().unwrap(), interface));
            let received = ReceiveMeta { source: source.parse().unwrap(), destination, hop_limit: None };
            reply_hop_limit(&received, &bound.parse().unwrap()).is_some()
        };
        assert!(!asked("127.0.0.1:12000", LOOPBACK, "0.0.0.0:12000"));
        assert!(asked("127.0.0.1:5000", LOOPBACK, "0.0.0.0:12000"));
        assert!(asked("192.0.2.1:12000", LOOPBACK + 1, "0.0.0.0:12000"));
        assert!(asked("127.0.0.1:12000", LOOPBACK, "127.0.0.2:12000"));
    }

    #[test]
    fn sources_that_are_answered() {
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
            ("[::ffff:192.0.2.1]:5000", "192.0.2.9", Some(64), Some(56)),
            ("[::ffff:192.0.2.9]:12000", "192.0.2.9", Some(64), None),
            ("[::ffff:192.0.2.9]:12000", "::ffff:192.0.2.9", Some(64), None),
            ("[::ffff:255.255.255.255]:5000", "192.0.2.9", Some(64), None),
            ("[::ffff:224.0.0.1]:5000", "192.0.2.9", Some(64), None),
        ];
        for (source, destination, hops, expected) in table {
            assert_eq!(filtered(source, destination, hops), expected, "{source} to {destination}, {hops:?}");
        }
    }

    #[test]
    fn two_servers_answer_each_other_a_few_times() {
        let mut hops = Some(255);
        let mut replies = 0;
        while let Some(left) = filtered("192.0.2.1:12000", "192.0.2.9", hops) {
            (hops, replies) = (Some(left), replies + 1);
        }
        assert_eq!(replies, 7);
    }
}
