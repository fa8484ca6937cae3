//! Sockets that somebody else has bound, as systemd does for a `ListenStream=` with a path.

use std::cell::Cell;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use capsock::{Concurrency, ErrorKind, Server, ServerOptions, TcpClient, Transport, UdpClient, UnixAddress};

use crate::folder::{Folder, TRANSPORTS, options};
use crate::support::{CONCURRENCIES, eventually};

fn bound(transport: Transport, path: &Path) -> OwnedFd {
    match transport {
        Transport::Tcp => UnixListener::bind(path).unwrap().into(),
        Transport::Udp => UnixDatagram::bind(path).unwrap().into(),
    }
}

fn serving(transport: Transport, socket: &OwnedFd) -> ServerOptions {
    let options = match transport {
        Transport::Tcp => Server::tcp(("", 0)),
        Transport::Udp => Server::udp(("", 0)),
    };
    options.sockets([socket.try_clone().unwrap()])
}

fn ask(transport: Transport, path: &Path) -> String {
    let address = UnixAddress::from_path(path);
    match transport {
        Transport::Tcp => TcpClient::connect(address).unwrap().request("hello").unwrap(),
        Transport::Udp => UdpClient::connect(address).unwrap().request("hello").unwrap(),
    }
}

#[test]
fn a_given_socket_is_served_and_stays_when_the_server_stops() {
    for transport in TRANSPORTS {
        for &concurrency in CONCURRENCIES {
            let folder = Folder::new();
            let path = folder.join("s");
            let socket = bound(transport, &path);
            let mode = socket2::SockRef::from(&socket).nonblocking().unwrap();
            for _ in 0..2 {
                let server = serving(transport, &socket).concurrency(concurrency).start().unwrap();
                assert_eq!(server.unix_addr(), Some(&UnixAddress::from_path(&path)));
                assert_eq!(ask(transport, &path), "HELLO", "{transport:?} {concurrency:?}");
                assert_eq!(server.stop(Duration::from_secs(5)).unwrap().cut, 0);
                assert_eq!(folder.names(), ["s"], "the file is that of whoever bound the socket");
            }
            if transport == Transport::Udp {
                assert_eq!(socket2::SockRef::from(&socket).nonblocking().unwrap(), mode);
            }
        }
    }
}

#[test]
fn two_servers_share_a_given_socket() {
    for transport in TRANSPORTS {
        let folder = Folder::new();
        let path = folder.join("s");
        let socket = bound(transport, &path);
        let first = serving(transport, &socket).start().unwrap();
        let second = serving(transport, &socket).start().unwrap();
        first.stop(Duration::from_secs(5)).unwrap();
        for _ in 0..3 {
            assert_eq!(ask(transport, &path), "HELLO", "the stop of one does not end the other");
        }
        assert_eq!(second.stats().requests, 3, "{transport:?}");
    }
}

#[test]
fn a_socket_that_cannot_be_served_is_refused() {
    let folder = Folder::new();
    let stream = bound(Transport::Tcp, &folder.join("stream"));
    let datagrams = bound(Transport::Udp, &folder.join("datagrams"));
    let connected: OwnedFd = UnixStream::connect(folder.join("stream")).unwrap().into();
    let unbound: OwnedFd = UnixDatagram::unbound().unwrap().into();
    let pair: OwnedFd = UnixDatagram::pair().unwrap().0.into();
    let table = [
        (Transport::Tcp, &datagrams, "it is a Unix domain socket for datagrams, and this is a TCP server"),
        (Transport::Udp, &stream, "it is a Unix domain socket for streams, and this is a UDP server"),
        (Transport::Tcp, &connected, "it is connected to a peer"),
        (Transport::Udp, &pair, "it is connected to a peer"),
        (Transport::Udp, &unbound, "it is not bound"),
    ];
    for (transport, socket, why) in table {
        let error = serving(transport, socket).start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{why}");
        assert!(error.to_string().contains(why), "{error} instead of {why}");
    }
    let both = [stream.as_fd().try_clone_to_owned().unwrap(), stream.as_fd().try_clone_to_owned().unwrap()];
    let error = Server::tcp(("", 0)).sockets(both).start().unwrap_err();
    assert!(
        error.to_string().contains("number 1 of 2 is a Unix domain socket, of which a server has one"),
        "{error}"
    );
    let proxied =
        serving(Transport::Tcp, &stream).proxy_protocol("127.0.0.0/8").concurrency(Concurrency::Events);
    assert!(proxied.start().unwrap_err().to_string().contains("Unix domain socket"));
}

#[test]
fn a_server_hands_its_socket_to_its_successor() {
    for transport in TRANSPORTS {
        for &concurrency in CONCURRENCIES {
            let folder = Folder::new();
            let path = folder.join("s");
            let first = options(transport, &path).concurrency(concurrency).start().unwrap();
            assert_eq!(ask(transport, &path), "HELLO");
            let mut shared = first.sockets().unwrap();
            let socket = shared.remove(0);
            assert!(shared.is_empty());
            let second = serving(transport, &socket).concurrency(concurrency).start().unwrap();
            assert!(first.stop(Duration::from_secs(5)).unwrap().cut == 0, "{transport:?} {concurrency:?}");
            assert_eq!(first.sockets().unwrap_err().kind(), ErrorKind::Closed);
            drop(first);
            assert_eq!(ask(transport, &path), "HELLO", "{transport:?} {concurrency:?}");
            second.stop(Duration::from_secs(5)).unwrap();
            drop((second, socket));
            assert_eq!(folder.names(), ["s"], "{transport:?} {concurrency:?}");
            // It is left over now, and no obstacle once the children of other tests have closed their copies of the socket.
            let third = Cell::new(None);
            eventually("the path is free", || {
                options(transport, &path).start().map(|one| third.set(Some(one))).is_ok()
            });
            assert_eq!(ask(transport, &path), "HELLO");
            drop(third);
            assert!(folder.names().is_empty());
        }
    }
}
