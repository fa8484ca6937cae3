//! Sockets in /proc/net (proc(5)).

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use capsock::Transport;

/// The states of the kernel's `TCP_LISTEN`, and of a UDP socket that is not connected.
const LISTENS: &str = "0A";
const UNCONNECTED: &str = "07";

/// A row of the tables.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    local: SocketAddr,
    peer: SocketAddr,
    state: String,
    unread: u64,
    inode: u64,
}

/// The addresses at which processes listen, or over UDP receive.
pub(crate) fn bound(processes: &[u32], transport: Transport) -> Option<Vec<SocketAddr>> {
    let inodes: HashSet<u64> = processes.iter().flat_map(|process| inodes(*process)).collect();
    let wanted = if transport == Transport::Tcp { LISTENS } else { UNCONNECTED };
    let rows = rows(transport).into_iter();
    let own = rows.filter(|row| row.state == wanted && row.local.port() != 0 && inodes.contains(&row.inode));
    Some(own.map(|row| row.local).collect())
}

/// The bytes that wait at a port for the program to receive them: over TCP those of the connection from `peer`. `None` if
/// there is no such socket.
pub(crate) fn unread(transport: Transport, port: u16, peer: Option<SocketAddr>) -> Option<u64> {
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let rows = rows(transport).into_iter().filter(|row| {
        row.local.port() == port
            && row.state != LISTENS
            && peer.is_none_or(|peer| canonical(row.peer) == canonical(peer))
    });
    rows.map(|row| row.unread).reduce(|sum, one| sum + one)
}

/// The connections that a listener of this port has not accepted. `None` if there is no listener.
pub(crate) fn queued(port: u16) -> Option<u64> {
    let rows =
        rows(Transport::Tcp).into_iter().filter(|row| row.local.port() == port && row.state == LISTENS);
    // The kernel tells the length of the queue in the place of the unread bytes.
    rows.map(|row| row.unread).reduce(|sum, one| sum + one)
}

fn rows(transport: Transport) -> Vec<Row> {
    let name = transport.name();
    let tables = [format!("/proc/net/{name}"), format!("/proc/net/{name}6")];
    let texts = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
    texts.flat_map(|text| text.lines().skip(1).filter_map(row).collect::<Vec<_>>()).collect()
}

fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (_, unread) = fields.get(4)?.split_once(':')?;
    Some(Row {
        local: address(fields.get(1)?)?,
        peer: address(fields.get(2)?)?,
        state: (*fields.get(3)?).to_owned(),
        unread: u64::from_str_radix(unread, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// An address of the tables: words of the machine's order in hexadecimal digits, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |place: usize| {
        u32::from_str_radix(host.get(8 * place..8 * place + 8)?, 16).ok().map(u32::to_ne_bytes)
    };
    let ip = match host.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut octets = [0; 16];
            for place in 0..4 {
                octets[4 * place..4 * place + 4].copy_from_slice(&word(place)?);
            }
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// The inodes of a process's sockets.
fn inodes(process: u32) -> Vec<u64> {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let targets = descriptors.flatten().filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
    targets
        .filter_map(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};

    #[test]
    fn sockets_are_found_by_their_process_and_unread_bytes_by_their_connection() {
        let own = [std::process::id()];
        for (host, asked) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1")] {
            // Without IPv6, the first alone.
            let Ok(listener) = TcpListener::bind(host) else { continue };
            let address = listener.local_addr().unwrap();
            assert!(bound(&own, Transport::Tcp).unwrap().contains(&address), "{host}");
            assert!(!bound(&own, Transport::Udp).unwrap().contains(&address), "{host}");
            let mut client = TcpStream::connect((asked, address.port())).unwrap();
            client.write_all(b"hello").unwrap();
            let peer = client.local_addr().unwrap();
            assert_eq!(unread(Transport::Tcp, address.port(), Some(peer)), Some(5), "{host}");
            assert_eq!(queued(address.port()), Some(1), "{host}");
            let (mut served, _) = listener.accept().unwrap();
            served.read_exact(&mut [0; 5]).unwrap();
            assert_eq!(unread(Transport::Tcp, address.port(), Some(peer)), Some(0), "{host}");
        }
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert!(bound(&own, Transport::Udp).unwrap().contains(&address));
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"hello", address).unwrap();
        assert!(unread(Transport::Udp, address.port(), None).unwrap() > 0);
    }
}
