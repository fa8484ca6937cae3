//! UDP requests.

use std::collections::HashSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use capsock::{ErrorKind, UdpClient, UdpClientOptions};

use crate::numbers;
use crate::tools::{LIMIT, NOBODY, datagram, udp_options, udp_server, wait_for_datagram_at};

const SHORT: Duration = Duration::from_millis(20);

/// A server that replies to each datagram in upper case.
fn uppercase(host: &str) -> SocketAddr {
    let (socket, address) = udp_server(host);
    thread::spawn(move || answer(&socket));
    address
}

fn answer(socket: &UdpSocket) {
    let mut buffer = vec![0; 70_000];
    while let Ok((count, source)) = socket.recv_from(&mut buffer) {
        socket.send_to(&buffer[..count].to_ascii_uppercase(), source).unwrap_or_default();
    }
}

fn impatient() -> UdpClientOptions {
    UdpClientOptions { retransmit_after: SHORT, retransmissions: 100, ..udp_options() }
}

#[test]
fn datagrams_of_every_length() {
    for (host, limit) in [("127.0.0.1", 65_507), ("::1", 65_527)] {
        let address = uppercase(host);
        let client = UdpClient::connect_with(address, udp_options()).unwrap();
        let mut ports = HashSet::new();
        for length in [5, 0, 1, limit, limit - 1, 0] {
            assert!(ports.insert(client.local_addr().unwrap()), "each has a port of its own");
            let reply = client.request(&"x".repeat(length)).unwrap();
            assert!(reply == "X".repeat(length), "{host}: {length} bytes");
        }
        for length in [limit + 1, 100_000] {
            let error = client.request(&"x".repeat(length)).unwrap_err();
            assert_eq!((error.kind(), error.errno()), (ErrorKind::TooLarge, Some(numbers::EMSGSIZE)));
            for part in [length.to_string(), limit.to_string(), address.to_string()] {
                assert!(error.to_string().contains(&part), "{error}");
            }
        }
        assert_eq!(client.request("nothing of that was sent").as_deref(), Ok("NOTHING OF THAT WAS SENT"));
        assert_eq!(client.peer_addr(), Ok(address));
    }
}

/// The next datagram from this address. On a busy machine more retransmissions arrive than the test expects.
fn datagram_from(socket: &UdpSocket, port: SocketAddr) -> Vec<u8> {
    std::iter::repeat_with(|| datagram(socket)).find(|(_, source)| *source == port).unwrap().0
}

#[test]
fn a_request_is_sent_again_and_the_next_one_leaves_from_another_port() {
    let (socket, address) = udp_server("127.0.0.1");
    let client = UdpClient::connect_with(address, impatient()).unwrap();
    let mut ports = vec![client.local_addr().unwrap()];
    for _ in 0..2 {
        thread::scope(|scope| {
            let asking = scope.spawn(|| client.request("one"));
            let port = *ports.last().unwrap();
            for _ in 0..3 {
                assert_eq!(datagram_from(&socket, port), b"one");
            }
            // A reply to each copy: those after the first are late.
            for _ in 0..3 {
                socket.send_to(b"ONE", port).unwrap();
            }
            assert_eq!(asking.join().unwrap().as_deref(), Ok("ONE"));
        });
        let next = client.local_addr().unwrap();
        assert!(!ports.contains(&next), "{next} was used before: {ports:?}");
        ports.push(next);
    }
    thread::scope(|scope| {
        let asking = scope.spawn(|| client.request("two"));
        assert_eq!(datagram_from(&socket, ports[2]), b"two");
        socket.send_to(b"TWO", ports[2]).unwrap();
        assert_eq!(asking.join().unwrap().as_deref(), Ok("TWO"));
    });
}

#[test]
fn a_duplicate_is_not_the_next_reply() {
    let (socket, address) = udp_server("127.0.0.1");
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    let server = thread::spawn(move || {
        let (_, first) = datagram(&socket);
        socket.send_to(b"ONE", first).unwrap();
        // The duplicate arrives while the next request waits.
        let (_, second) = datagram(&socket);
        socket.send_to(b"ONE", first).unwrap();
        socket.send_to(b"TWO", second).unwrap();
    });
    assert_eq!(client.request("one").as_deref(), Ok("ONE"));
    assert_eq!(client.request("two").as_deref(), Ok("TWO"));
    server.join().unwrap();
}

#[test]
fn what_came_unasked_is_not_a_reply() {
    let (socket, address) = udp_server("127.0.0.1");
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    let port = client.local_addr().unwrap();
    socket.send_to(b"UNASKED", port).unwrap();
    wait_for_datagram_at(port.port());
    thread::spawn(move || answer(&socket));
    assert_eq!(client.request("one").as_deref(), Ok("ONE"));
}

#[test]
fn a_late_reply_is_not_the_next_one() {
    let (socket, address) = udp_server("127.0.0.1");
    let options = UdpClientOptions {
        timeout: Some(Duration::from_secs(2)),
        retransmit_after: SHORT,
        retransmissions: 2,
        ..udp_options()
    };
    let client = UdpClient::connect_with(address, options).unwrap();
    let error = client.request("one").unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::TimedOut, Some(numbers::ETIMEDOUT)));
    assert!(error.to_string().contains("(the limit is 2 s)"), "{error}");
    assert!(error.to_string().contains("sent 3 times"), "{error}");
    let copies = [(); 3].map(|()| datagram(&socket));
    for (_, source) in &copies {
        socket.send_to(b"ONE", source).unwrap();
    }
    assert_ne!(client.local_addr(), Ok(copies[0].1));
    thread::spawn(move || answer(&socket));
    assert_eq!(client.request("two").as_deref(), Ok("TWO"));
}

#[test]
fn no_retransmission_means_one_datagram() {
    let (socket, address) = udp_server("127.0.0.1");
    let options = UdpClientOptions {
        timeout: Some(SHORT * 5),
        retransmit_after: Duration::ZERO,
        retransmissions: 0,
        ..udp_options()
    };
    let client = UdpClient::connect_with(address, options).unwrap();
    assert_eq!(client.request("one").unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(datagram(&socket).0, b"one");
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0]).is_err());
}

#[test]
#[cfg_attr(windows, ignore = "wine reports no refusal")]
fn a_refused_port_says_so() {
    let client = UdpClient::connect_with((NOBODY, 9), udp_options()).unwrap();
    let mut ports = Vec::new();
    for _ in 0..2 {
        ports.push(client.local_addr().unwrap());
        let error = client.request("one").unwrap_err();
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::ConnectionRefused, Some(numbers::ECONNREFUSED))
        );
        assert!(error.to_string().contains("127.0.0.77:9"), "{error}");
    }
    assert_ne!(ports[0], ports[1]);
}

#[test]
#[cfg_attr(windows, ignore = "wine reports no refusal")]
fn a_name_with_two_addresses_of_which_one_answers() {
    // This socket receives from port 9 alone, and no other socket can bind its port over IPv4.
    let (v6, holder) = (0..100)
        .find_map(|_| {
            let v6 = uppercase("::1");
            UdpSocket::bind(("127.0.0.1", v6.port())).ok().map(|holder| (v6, holder))
        })
        .unwrap();
    holder.connect((NOBODY, 9)).unwrap();
    let client = UdpClient::connect_with(("localhost", v6.port()), udp_options()).unwrap();
    assert!(client.peer_addr().unwrap().is_ipv4());
    assert_eq!(client.request("one").as_deref(), Ok("ONE"));
    assert_eq!(client.peer_addr(), Ok(v6));
    assert_eq!(client.request("two").as_deref(), Ok("TWO"));
    assert_eq!(client.peer_addr(), Ok(v6), "the client stays with the address that answers");
}

#[test]
fn what_is_refused_before_anything_is_sent() {
    let port_zero = UdpClient::connect(("127.0.0.1", 0)).unwrap_err();
    assert_eq!(port_zero.kind(), ErrorKind::InvalidArgument);
    let no_pause = UdpClientOptions { retransmit_after: Duration::ZERO, ..udp_options() };
    let no_pause = UdpClient::connect_with(("127.0.0.1", 9), no_pause).unwrap_err();
    assert_eq!(no_pause.kind(), ErrorKind::InvalidArgument);
    let unknown = UdpClient::connect(("nobody.invalid", 9)).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NameNotResolved);
}

#[test]
fn a_reply_that_is_not_text() {
    let address = uppercase("127.0.0.1");
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    assert_eq!(client.request_bytes(b"a\xff\0b").unwrap(), b"A\xff\0B");
    let (socket, address) = udp_server("127.0.0.1");
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    thread::spawn(move || socket.send_to(b"\xff", datagram(&socket).1));
    assert_eq!(client.request("one").unwrap_err().kind(), ErrorKind::InvalidText);
}

#[test]
fn closing_ends_a_request_and_those_that_wait_for_their_turn() {
    let (socket, address) = udp_server("127.0.0.1");
    let client =
        UdpClient::connect_with(address, UdpClientOptions { timeout: None, ..udp_options() }).unwrap();
    thread::scope(|scope| {
        let calls = [(); 2].map(|()| scope.spawn(|| client.request("one").unwrap_err().kind()));
        datagram(&socket);
        client.close();
        for call in calls {
            assert_eq!(call.join().unwrap(), ErrorKind::Closed);
        }
    });
    client.close();
    assert_eq!(client.request("one").unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.local_addr().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.peer_addr().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn two_threads_get_their_own_replies() {
    let client = UdpClient::connect_with(uppercase("127.0.0.1"), udp_options()).unwrap();
    let (done, wait) = mpsc::channel();
    thread::scope(|scope| {
        for name in ["one", "two"] {
            let (client, done) = (&client, done.clone());
            scope.spawn(move || {
                for number in 0..200 {
                    let request = format!("{name} {number}");
                    assert_eq!(client.request(&request), Ok(request.to_uppercase()));
                }
                done.send(()).unwrap();
            });
        }
        for _ in 0..2 {
            wait.recv_timeout(LIMIT).unwrap();
        }
    });
}
