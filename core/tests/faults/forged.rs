//! Datagrams with a forged source address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use capsock::Server;

use crate::support::*;

/// How many datagrams two servers may exchange before they fall silent.
const HANDFUL: u64 = 8;

/// Sends datagrams with sources of one's choice (raw(7)); `None` where that is not permitted.
fn forger() -> Option<socket2::Socket> {
    let raw = socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::RAW,
        Some(socket2::Protocol::from(libc::IPPROTO_RAW)),
    );
    raw.inspect_err(|error| eprintln!("skipped: cannot open a raw socket: {error}")).ok()
}

/// A datagram over IPv4 (RFC 791, RFC 768), without checksums: the kernel writes IPv4's, and UDP's may be left out.
fn send_as(forger: &socket2::Socket, source: SocketAddr, to: SocketAddr, payload: &[u8]) {
    let (IpAddr::V4(source_ip), IpAddr::V4(to_ip)) = (source.ip(), to.ip()) else { panic!("not IPv4") };
    let length = u16::try_from(28 + payload.len()).unwrap();
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, libc::IPPROTO_UDP as u8, 0, 0];
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet.extend(source_ip.octets());
    packet.extend(to_ip.octets());
    for part in [source.port(), to.port(), length - 20, 0] {
        packet.extend(part.to_be_bytes());
    }
    packet.extend(payload);
    assert_eq!(forger.send_to(&packet, &to.into()).unwrap(), packet.len());
}

fn source(ip: [u8; 4], port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from(ip)), port)
}

#[test]
fn a_forged_source_gets_no_reply_and_is_counted() {
    let Some(forger) = forger() else { return };
    for &concurrency in CONCURRENCIES {
        for host in ["127.0.0.1", "0.0.0.0"] {
            let server = Server::udp((host, 0)).concurrency(concurrency).log(|_, _| {}).start().unwrap();
            let to = source([127, 0, 0, 1], server.local_addr().port());
            let sources = [
                to,
                source([127, 0, 0, 1], 0),
                source([255, 255, 255, 255], 5000),
                source([127, 255, 255, 255], 5000),
                source([224, 0, 0, 1], 5000),
                source([239, 1, 2, 3], 5000),
            ];
            for (place, source) in (1..).zip(sources) {
                send_as(&forger, source, to, b"hello");
                // To the broadcast address of a network the system refuses to send.
                let refused = || server.stats().datagrams_filtered + server.stats().replies_unsent;
                eventually("it is counted", || refused() == place);
            }
            // An honest one is told from those.
            let honest = UdpSocket::bind("127.0.0.1:0").unwrap();
            honest.set_read_timeout(Some(TIME_LIMIT)).unwrap();
            send_as(&forger, honest.local_addr().unwrap(), to, b"hello");
            assert_eq!(receive(&honest), b"HELLO");
            let stats = server.stats();
            assert_eq!(
                (stats.datagrams_received, stats.requests - stats.replies_unsent),
                (7, 1),
                "{concurrency:?}"
            );
            eventually("it is counted", || server.stats().datagrams_sent == 1);
        }
    }
}

#[test]
fn two_servers_that_a_forger_makes_talk_exchange_a_handful_of_datagrams() {
    let Some(forger) = forger() else { return };
    for &concurrency in CONCURRENCIES {
        let servers = ["127.0.0.1", "127.0.0.2"]
            .map(|host| Server::udp((host, 0)).concurrency(concurrency).log(|_, _| {}).start().unwrap());
        let [one, other] = servers.each_ref().map(Server::local_addr);
        for conversation in 1..4 {
            send_as(&forger, other, one, b"hello");
            let silent = || servers.iter().map(|server| server.stats().datagrams_filtered).sum::<u64>();
            eventually("one has the last word", || silent() == conversation);
            let received: u64 = servers.iter().map(|server| server.stats().datagrams_received).sum();
            assert!(received <= HANDFUL * conversation, "{concurrency:?}: {received}");
        }
        for server in &servers {
            assert_eq!(exchange(&udp_peer(server.local_addr()), b"hello"), b"HELLO");
        }
    }
}
