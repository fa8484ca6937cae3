//! Sockets that are already bound: given to a server, and given away by one; they are shared, and a stop leaves them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use capsock::net::fd::{AsFd, OwnedFd};
use capsock::{
    Concurrency, ContextService, ErrorKind, Features, Framing, HandlerError, RequestContext, Server,
    ServerOptions, Transport,
};
use socket2::{Domain, Socket, Type};
use support::*;

/// Well above what a stop takes that has nothing to wait for, and below its timeout.
const SOON: Duration = Duration::from_secs(5);

fn bound(transport: Transport) -> OwnedFd {
    match transport {
        Transport::Tcp => TcpListener::bind(("127.0.0.1", 0)).unwrap().into(),
        _ => UdpSocket::bind(("127.0.0.1", 0)).unwrap().into(),
    }
}

fn copy(socket: &OwnedFd) -> OwnedFd {
    socket.try_clone().unwrap()
}

fn served_on(transport: Transport, concurrency: Concurrency, socket: OwnedFd) -> Server {
    options(transport, concurrency).sockets([socket]).start().unwrap()
}

/// Sends a request before anybody serves it, and returns what checks the reply.
fn ask_early(transport: Transport, address: SocketAddr) -> impl FnOnce() {
    let (stream, datagrams) = match transport {
        Transport::Tcp => (Some(TcpStream::connect(address).unwrap()), None),
        _ => (None, Some(udp_peer(address))),
    };
    if let Some(socket) = &datagrams {
        socket.send(b"early").unwrap();
    }
    move || {
        if let Some(stream) = stream {
            stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
            ask(&stream, b"early", b"EARLY");
        }
        if let Some(socket) = datagrams {
            assert_eq!(receive(&socket), b"EARLY");
        }
    }
}

fn ask_now(transport: Transport, address: SocketAddr) {
    match transport {
        Transport::Tcp => {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
            ask(&stream, b"now", b"NOW");
        }
        _ => assert_eq!(exchange(&udp_peer(address), b"now"), b"NOW"),
    }
}

fn stop_soon(server: &Server, what: &str) {
    let begin = Instant::now();
    assert_eq!(server.stop(TIME_LIMIT).unwrap().cut, 0, "{what}");
    assert!(begin.elapsed() < SOON, "{what}: the stop took {:?}", begin.elapsed());
    assert!(server.wait(Some(Duration::ZERO), None).unwrap(), "{what}: a thread is left");
}

const TRANSPORTS: [Transport; 2] = [Transport::Tcp, Transport::Udp];

#[test]
fn a_stop_leaves_a_given_socket_to_whoever_serves_next() {
    for transport in TRANSPORTS {
        for &concurrency in CONCURRENCIES {
            let what = format!("{transport:?} {concurrency:?}");
            let socket = bound(transport);
            let first = served_on(transport, concurrency, copy(&socket));
            let address = first.local_addr();
            ask_now(transport, address);
            stop_soon(&first, &what);
            // What comes now waits, and is lost with nobody.
            let replied = ask_early(transport, address);
            let second = served_on(transport, concurrency, socket);
            assert_eq!(second.local_addr(), address, "{what}");
            replied();
            ask_now(transport, address);
            stop_soon(&second, &what);
            if transport == Transport::Tcp {
                drop(second);
                // A process that another test forks at this moment has a copy until it has closed it.
                eventually("the last copy is closed", || TcpStream::connect(address).is_err());
            }
        }
    }
}

#[test]
fn a_server_gives_its_sockets_to_its_successor() {
    for without in [Features::NONE, Features::BLOCKING_RECEIVE] {
        for transport in TRANSPORTS {
            for &concurrency in CONCURRENCIES {
                let what = format!("{transport:?} {concurrency:?} without {without}");
                // On two addresses, if the machine has both.
                let first = ServerOptions::new(transport, ("localhost", 0))
                    .concurrency(concurrency)
                    .without(without)
                    .start()
                    .unwrap();
                ask_now(transport, first.local_addr());
                let sockets = first.sockets().unwrap();
                assert_eq!(sockets.len(), first.local_addrs().len(), "{what}");
                ask_now(transport, first.local_addr());
                stop_soon(&first, &what);
                assert_eq!(first.sockets().unwrap_err().kind(), ErrorKind::Closed, "{what}");
                let replied = ask_early(transport, first.local_addr());
                let second = options(transport, concurrency).sockets(sockets).start().unwrap();
                assert_eq!(second.local_addrs(), first.local_addrs(), "{what}");
                replied();
                stop_soon(&second, &what);
            }
        }
    }
}

/// Requests of a client that waits for each reply, until a stop: none is lost while servers follow each other.
#[test]
fn requests_are_answered_while_one_server_follows_another() {
    for &concurrency in CONCURRENCIES {
        let socket = bound(Transport::Udp);
        let mut server = served_on(Transport::Udp, concurrency, copy(&socket));
        let address = server.local_addr();
        let more = Mutex::new(true);
        std::thread::scope(|scope| {
            let client = scope.spawn(|| {
                let peer = udp_peer(address);
                let mut count = 0;
                while *more.lock().unwrap() {
                    assert_eq!(exchange(&peer, b"datagram"), b"DATAGRAM");
                    count += 1;
                }
                count
            });
            for _ in 0..5 {
                ask_now(Transport::Udp, address);
                let next = served_on(Transport::Udp, concurrency, copy(&socket));
                stop_soon(&server, "the one before");
                server = next;
            }
            *more.lock().unwrap() = false;
            assert!(client.join().unwrap() > 0);
        });
    }
}

#[test]
fn a_bound_socket_is_made_to_listen() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let server = Server::tcp(("192.0.2.1", 1)).sockets([socket]).start().unwrap();
    ask_now(Transport::Tcp, server.local_addr());
}

#[test]
fn several_sockets_are_served_by_one_server() {
    for transport in TRANSPORTS {
        for &concurrency in CONCURRENCIES {
            let server = options(transport, concurrency).sockets((0..3).map(|_| bound(transport)));
            // The options are a value: each server that they start has copies of its own.
            let servers = [server.clone().start().unwrap(), server.start().unwrap()];
            assert_eq!(servers[0].local_addrs(), servers[1].local_addrs());
            for server in servers {
                assert_eq!(server.local_addrs().len(), 3);
                server.local_addrs().iter().for_each(|address| ask_now(transport, *address));
            }
        }
    }
}

/// The peers of the requests.
#[derive(Default)]
struct Peers(Mutex<Vec<RequestContext>>);

impl ContextService for Peers {
    fn reply(
        &self,
        request: &[u8],
        context: &RequestContext,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        self.0.lock().unwrap().push(context.clone());
        reply.extend(request.to_ascii_uppercase());
        Ok(())
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_socket_of_both_families_serves_both() {
    for transport in TRANSPORTS {
        for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
            let (kind, domain) = match transport {
                Transport::Tcp => (Type::STREAM, Domain::IPV6),
                _ => (Type::DGRAM, Domain::IPV6),
            };
            let Ok(socket) = Socket::new(domain, kind, None) else { return };
            socket.set_only_v6(false).unwrap();
            if socket.bind(&"[::]:0".parse::<SocketAddr>().unwrap().into()).is_err() {
                return;
            }
            let peers = Arc::new(Peers::default());
            let server = options(transport, concurrency)
                .framing(Framing::Once)
                .sockets([socket])
                .shared_handler_with_context(Arc::clone(&peers) as Arc<dyn ContextService>)
                .start()
                .unwrap();
            let port = server.local_addr().port();
            for address in
                [SocketAddr::from(([127, 0, 0, 1], port)), format!("[::1]:{port}").parse().unwrap()]
            {
                ask_now(transport, address);
                let context = peers.0.lock().unwrap().pop().unwrap();
                assert_eq!(context.peer().ip(), address.ip(), "{transport:?}");
                assert_eq!(context.local(), address, "{transport:?}");
            }
            stop_soon(&server, "both families");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_on_both_families_does_not_answer_itself() {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
    socket.set_only_v6(false).unwrap();
    if socket.bind(&"[::]:0".parse::<SocketAddr>().unwrap().into()).is_err() {
        return;
    }
    let socket = UdpSocket::from(socket);
    let port = socket.local_addr().unwrap().port();
    let server = Server::udp(("", 0)).sockets([socket.try_clone().unwrap()]).start().unwrap();
    // From the server's own address to itself: over IPv4, on a socket of both families.
    socket.send_to(b"loop", ("::ffff:127.0.0.1", port)).unwrap();
    eventually("the datagram is received", || server.stats().datagrams_received == 1);
    assert_eq!(server.stop(TIME_LIMIT).unwrap().completed, 0);
    assert_eq!(server.stats().datagrams_filtered, 1);
}

#[test]
fn a_socket_that_cannot_be_served_is_refused_and_closed() {
    let unbound = |kind| OwnedFd::from(Socket::new(Domain::IPV4, kind, None).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let connected = OwnedFd::from(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let udp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let udp_address = udp.local_addr().unwrap();
    let talking = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    talking.connect(udp_address).unwrap();
    let mut table = vec![
        (
            Transport::Tcp,
            OwnedFd::from(udp.try_clone().unwrap()),
            "it is a UDP socket, and this is a TCP server",
        ),
        (
            Transport::Udp,
            OwnedFd::from(listener.try_clone().unwrap()),
            "it is a TCP socket, and this is a UDP server",
        ),
        (Transport::Tcp, unbound(Type::STREAM), "it is not bound"),
        (Transport::Udp, unbound(Type::DGRAM), "it is not bound"),
        (Transport::Tcp, connected, "it is connected to a peer"),
        (Transport::Udp, OwnedFd::from(talking), "it is connected to a peer"),
    ];
    #[cfg(unix)]
    {
        use std::os::unix::net::UnixDatagram;
        let file = std::fs::File::open("/dev/null").unwrap();
        table.push((Transport::Tcp, OwnedFd::from(file), "it is no socket"));
        let pair = UnixDatagram::pair().unwrap().0;
        table.push((Transport::Udp, OwnedFd::from(pair), "it is connected to a peer"));
    }
    for (transport, socket, why) in table {
        let error = options(transport, Concurrency::Events).sockets([socket]).start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{why}");
        assert!(error.to_string().contains(why), "{error} instead of {why}");
    }
    // One of several, which is named; all are closed with the options.
    let first = bound(Transport::Tcp);
    let error = Server::tcp(("", 0)).sockets([first, udp.into()]).start().unwrap_err();
    assert!(error.to_string().contains("number 2 of 2 is a UDP socket"), "{error}");
    drop(UdpSocket::bind(udp_address).unwrap());
}

#[test]
#[cfg(unix)]
fn only_a_listener_is_made_non_blocking() {
    for (transport, expected) in [(Transport::Tcp, true), (Transport::Udp, false)] {
        for &concurrency in CONCURRENCIES {
            let socket = bound(transport);
            let server = served_on(transport, concurrency, copy(&socket));
            ask_now(transport, server.local_addr());
            drop(server);
            let socket = socket2::SockRef::from(&socket).nonblocking().unwrap();
            assert_eq!(socket, expected, "{transport:?} {concurrency:?}");
        }
    }
}

#[test]
fn shared_sockets_are_not_coalesced() {
    let server = udp(Concurrency::Events).start().unwrap();
    let sockets = server.sockets().unwrap();
    let second = udp(Concurrency::Events).sockets(sockets).start().unwrap();
    let features = Features::from_bits(second.stats().features);
    assert_eq!(features.intersection(Features::UDP_GRO.union(Features::BLOCKING_RECEIVE)), Features::NONE);
    drop(server);

    assert!(second.sockets().unwrap().iter().all(|socket| !has_gro(socket)));
}

#[cfg(target_os = "linux")]
fn has_gro(socket: &OwnedFd) -> bool {
    use std::os::fd::AsRawFd;
    let (mut value, mut length) = (0, size_of::<libc::c_int>() as libc::socklen_t);
    // SAFETY: the value is an int, and its size is given.
    let result = unsafe {
        let value = (&raw mut value).cast();
        libc::getsockopt(socket.as_fd().as_raw_fd(), libc::SOL_UDP, libc::UDP_GRO, value, &raw mut length)
    };
    result == 0 && value != 0
}

#[cfg(not(target_os = "linux"))]
fn has_gro(_socket: &OwnedFd) -> bool {
    false
}
