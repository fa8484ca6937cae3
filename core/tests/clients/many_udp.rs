//! Many UDP requests in one call.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use capsock::{Error, ErrorKind, Features, UdpClient, UdpClientOptions};

use crate::numbers;
use crate::tools::{Chance, LIMIT, NOBODY, datagram, udp_options, udp_server};

const SHORT: Duration = Duration::from_millis(20);

/// A server that replies to each datagram with what `serve` returns.
fn serve(host: &str, serve: impl Fn(Vec<u8>) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let (socket, address) = udp_server(host);
    thread::spawn(move || {
        let mut buffer = vec![0; 70_000];
        while let Ok((count, source)) = socket.recv_from(&mut buffer) {
            if let Some(reply) = serve(buffer[..count].to_vec()) {
                socket.send_to(&reply, source).unwrap_or_default();
            }
        }
    });
    address
}

fn uppercase(host: &str) -> SocketAddr {
    serve(host, |request| Some(request.to_ascii_uppercase()))
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("item {index}")).collect()
}

fn impatient() -> UdpClientOptions {
    UdpClientOptions { retransmit_after: SHORT, retransmissions: 200, ..udp_options() }
}

/// The variable that disables optional system calls.
const WITHOUT: &str = "CAPSOCK_WITHOUT";

/// The other tests of this file, in a process for each way of sending from distinct sources that is not the default on
/// Linux.
#[test]
fn the_other_ways_pass_the_same_tests() {
    let this = "many_udp::the_other_ways_pass_the_same_tests";
    for without in ["orig-dst", "loopback-addresses", "orig-dst,loopback-addresses"] {
        let mut tests = Command::new(std::env::current_exe().unwrap());
        let output =
            tests.args(["many_udp::", "lossy::many", "--skip", this]).env(WITHOUT, without).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !text.contains(" 0 passed"), "without {without}: {text}");
    }
}

#[test]
fn an_unknown_feature_in_the_environment_is_an_error_of_the_client() {
    let this = "many_udp::an_unknown_feature_in_the_environment_is_an_error_of_the_client";
    if std::env::var(WITHOUT).as_deref() == Ok("nonsense") {
        let error = UdpClient::connect(("127.0.0.1", 9)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("unknown feature \"nonsense\""), "{error}");
    } else {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let output = test.args(["--exact", this]).env(WITHOUT, "nonsense").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(" 1 passed"), "{text}");
    }
}

#[test]
fn replies_are_in_the_order_of_the_requests() {
    for host in ["127.0.0.1", "::1"] {
        let client = UdpClient::connect_with(uppercase(host), impatient()).unwrap();
        for count in [0, 1, 2, 3, 64, 65, 66, 1000] {
            let requests = texts(count);
            let expected: Vec<String> = requests.iter().map(|text| text.to_uppercase()).collect();
            assert_eq!(client.request_many(&requests).unwrap(), expected, "{host}");
            assert_eq!(client.request("between").as_deref(), Ok("BETWEEN"));
        }
    }
}

#[test]
fn datagrams_of_every_length() {
    for (host, limit) in [("127.0.0.1", 65_507), ("::1", 65_527)] {
        let client = UdpClient::connect_with(uppercase(host), impatient()).unwrap();
        let requests: Vec<Vec<u8>> =
            [0, 1, limit, 5, limit, limit - 1, 30_000, 30_000, 30_000, 30_000, 30_000, 0, 0, 0]
                .map(|length| vec![b'x'; length])
                .to_vec();
        let replies = client.request_many_bytes(&requests).unwrap();
        assert!(replies.iter().zip(&requests).all(|(a, b)| *a == b.to_ascii_uppercase()), "{host}");
        let error = client.request_many_bytes(&[vec![], vec![], vec![b'x'; limit + 1]]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("item 2 of 3"), "{error}");
    }
}

#[test]
fn nothing_is_sent_if_one_is_too_large_or_there_is_none() {
    let (socket, address) = udp_server("127.0.0.1");
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    client.request_many(&["one".to_owned(), "x".repeat(70_000)]).unwrap_err();
    client.request_many::<&str>(&[]).unwrap();
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0]).is_err());
}

/// A network between the client and a server that loses, duplicates and delays datagrams in both directions. The
/// server's replies to two copies of a request differ.
fn bad_network(socket: &UdpSocket, seed: u64) {
    socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    let mut chance = Chance(seed);
    // Replies, and the number of events that each is delayed by.
    let mut held: VecDeque<(u64, Vec<u8>, SocketAddr)> = VecDeque::new();
    let mut buffer = vec![0; 2000];
    let mut copies = 0_u64;
    let mut idle = 0;
    while idle < 2000 {
        let mut add = |chance: &mut Chance, request: &[u8], source| {
            let repeated = [1, 1, 1, 2, 3][chance.below(5) as usize];
            for _ in 0..repeated {
                copies += 1;
                let reply = [&request.to_ascii_uppercase()[..], format!(" {copies}").as_bytes()].concat();
                let doubled = [0, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4][chance.below(11) as usize];
                for _ in 0..doubled {
                    let delay = [0, 0, 0, 1, 5, 30, 100][chance.below(7) as usize];
                    held.push_back((delay, reply.clone(), source));
                }
            }
        };
        match socket.recv_from(&mut buffer) {
            Ok((count, source)) => {
                idle = 0;
                if chance.below(50) > 0 {
                    add(&mut chance, &buffer[..count], source);
                }
            }
            Err(_) => idle += 1,
        }
        for _ in 0..held.len() {
            let (delay, reply, to) = held.pop_front().unwrap();
            match delay {
                0 => drop(socket.send_to(&reply, to)),
                _ => held.push_back((delay - 1, reply, to)),
            }
        }
    }
}

#[test]
fn no_reply_is_another_ones_whatever_the_network_does() {
    for seed in 0..4 {
        let (socket, address) = udp_server("127.0.0.1");
        thread::spawn(move || bad_network(&socket, seed));
        let client = UdpClient::connect_with(address, impatient()).unwrap();
        let requests = texts(1000);
        let mut seen = vec![0; requests.len()];
        client
            .request_many_with(&requests, |index, reply| {
                let reply = std::str::from_utf8(reply).unwrap();
                let (text, _copy) = reply.rsplit_once(' ').unwrap();
                assert_eq!(text, requests[index].to_uppercase(), "seed {seed}");
                seen[index] += 1;
                Ok(())
            })
            .unwrap();
        assert!(seen.iter().all(|times| *times == 1), "each reply once");
    }
}

#[test]
fn no_port_is_used_again_soon() {
    let table: [(_, _, &[usize]); 3] =
        [("127.0.0.1", 3, &[999, 1001]), ("127.0.0.1", 0, &[2000]), ("::1", 3, &[2000])];
    for (host, retransmissions, calls) in table {
        let (socket, address) = udp_server(host);
        let server = thread::spawn(move || {
            let mut sources: HashMap<SocketAddr, usize> = HashMap::new();
            for _ in 0..2000 {
                let (request, source) = datagram(&socket);
                *sources.entry(source).or_default() += 1;
                socket.send_to(&request, source).unwrap();
            }
            sources
        });
        let client =
            UdpClient::connect_with(address, UdpClientOptions { retransmissions, ..udp_options() }).unwrap();
        for count in calls {
            client.request_many(&texts(*count)).unwrap();
        }
        let sources = server.join().unwrap();
        assert_eq!(sources.len(), 2000, "{host}");
        let addresses: HashSet<_> = sources.keys().map(SocketAddr::ip).collect();
        // The first request of a call is sent like a single request.
        let has_addresses =
            Features::of_this_machine().has(Features::ORIG_DST.union(Features::LOOPBACK_ADDRESSES));
        let by_address = calls.len() > 1 && has_addresses && std::env::var_os(WITHOUT).is_none();
        let expected = if by_address { 2001 - calls.len() } else { 1 };
        assert_eq!(addresses.len(), expected, "{host}");
    }
}

/// Servers of this machine that receive from some of its addresses only, as behind a packet filter.
#[test]
fn a_server_that_does_not_answer_other_addresses() {
    let (socket, address) = udp_server("127.0.0.1");
    thread::spawn(move || {
        let mut buffer = [0; 100];
        while let Ok((count, source)) = socket.recv_from(&mut buffer) {
            if source.ip() == Ipv4Addr::LOCALHOST {
                socket.send_to(&buffer[..count].to_ascii_uppercase(), source).unwrap_or_default();
            }
        }
    });
    let client = UdpClient::connect_with(address, impatient()).unwrap();
    let expected: Vec<String> = texts(300).iter().map(|text| text.to_uppercase()).collect();
    assert_eq!(client.request_many(&texts(300)).unwrap(), expected);
}

#[test]
fn replies_that_are_much_longer_than_requests() {
    let address = serve("127.0.0.1", |request| Some(request.repeat(20_000)));
    let client = UdpClient::connect_with(address, impatient()).unwrap();
    let requests: Vec<Vec<u8>> = (0..100).map(|index| vec![index, index, index]).collect();
    let replies = client.request_many_bytes(&requests).unwrap();
    assert!(replies.iter().zip(&requests).all(|(reply, request)| *reply == request.repeat(20_000)));
}

#[test]
fn one_that_is_lost_is_sent_again_and_holds_up_no_other() {
    let (last, wait) = mpsc::channel();
    let (others, lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let address = serve("127.0.0.1", move |request| {
        let is_lost = request == b"item 7" && lost.fetch_add(1, Ordering::Relaxed) < 2;
        let number = others.fetch_add(1, Ordering::Relaxed);
        if request == b"item 7" && !is_lost {
            last.send(number).unwrap_or_default();
        }
        (!is_lost).then(|| request.to_ascii_uppercase())
    });
    let client = UdpClient::connect_with(address, impatient()).unwrap();
    let expected: Vec<String> = texts(300).iter().map(|text| text.to_uppercase()).collect();
    assert_eq!(client.request_many(&texts(300)).unwrap(), expected);
    assert!(wait.recv_timeout(LIMIT).unwrap() > 64, "the others went on");
}

#[test]
fn a_request_without_a_reply_fails_and_tells_its_place() {
    let address = serve("127.0.0.1", |request| (request != b"item 9").then_some(request));
    let table = [(0, "the time allowed ran out"), (2, "the request was sent 3 times")];
    for (retransmissions, text) in table {
        let options = UdpClientOptions {
            timeout: Some(Duration::from_millis(300)),
            retransmit_after: SHORT,
            retransmissions,
            ..udp_options()
        };
        let client = UdpClient::connect_with(address, options).unwrap();
        let error = client.request_many(&texts(20)).unwrap_err();
        assert_eq!((error.kind(), error.errno()), (ErrorKind::TimedOut, Some(numbers::ETIMEDOUT)));
        let told = error.to_string();
        for part in [text, "item 9 of 20, counted from 0; 19 replies had come", "the limit is 0.3 s"] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(client.request("next").as_deref(), Ok("next"));
    }
}

#[test]
#[cfg_attr(windows, ignore = "wine reports no refusal")]
fn a_refused_port_says_so_at_the_first_and_later() {
    let client = UdpClient::connect_with((NOBODY, 9), udp_options()).unwrap();
    let error = client.request_many(&texts(20)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains("127.0.0.77:9"), "{error}");
    assert!(error.to_string().contains("item 0 of 20"), "{error}");
    for host in ["127.0.0.1", "::1"] {
        let (socket, address) = udp_server(host);
        thread::spawn(move || {
            for _ in 0..100 {
                let (request, source) = datagram(&socket);
                socket.send_to(&request, source).unwrap();
            }
        });
        // Nothing is sent again before the server has gone, whose replies would be fewer.
        let options = UdpClientOptions { retransmit_after: Duration::from_millis(500), ..impatient() };
        let client = UdpClient::connect_with(address, options).unwrap();
        let error = client.request_many(&texts(1000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
        assert!(error.to_string().contains("100 replies had come"), "{error}");
    }
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
    assert_eq!(client.request_many(&["one", "two", "three"]).unwrap(), ["ONE", "TWO", "THREE"]);
    assert_eq!(client.peer_addr(), Ok(v6));
}

#[test]
#[cfg_attr(windows, ignore = "nobody is at 0.0.0.0 there")]
fn the_address_that_means_this_machine() {
    let port = uppercase("127.0.0.1").port();
    let client = UdpClient::connect_with(("0.0.0.0", port), udp_options()).unwrap();
    assert_eq!(client.request_many(&["one", "two", "three"]).unwrap(), ["ONE", "TWO", "THREE"]);
}

#[test]
fn closing_ends_it_whether_it_waits_or_not() {
    let (socket, address) = udp_server("127.0.0.1");
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    thread::scope(|scope| {
        let asking = scope.spawn(|| client.request_many(&texts(100)).unwrap_err().kind());
        let (request, source) = datagram(&socket);
        socket.send_to(&request, source).unwrap();
        datagram(&socket);
        client.close();
        assert_eq!(asking.join().unwrap(), ErrorKind::Closed);
    });
    assert_eq!(client.request_many(&texts(2)).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.request_many::<&str>(&[]).unwrap_err().kind(), ErrorKind::Closed);

    let client = UdpClient::connect_with(uppercase("127.0.0.1"), udp_options()).unwrap();
    let mut replies = 0;
    let outcome = client.request_many_with(&texts(100_000), |_, _| {
        replies += 1;
        if replies == 100 {
            client.close();
        }
        Ok(())
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
    assert!(replies < 200, "{replies}");
}

#[test]
fn an_error_of_the_caller_ends_it_and_the_next_call_gets_its_own_reply() {
    let client = UdpClient::connect_with(uppercase("127.0.0.1"), udp_options()).unwrap();
    for stop_after in [1, 2, 70] {
        let mut seen = 0;
        let outcome = client.request_many_with(&texts(500), |_, _| {
            seen += 1;
            if seen == stop_after { Err(Error::invalid("go on", "enough")) } else { Ok(()) }
        });
        assert_eq!(outcome.unwrap_err(), Error::invalid("go on", "enough"));
        assert_eq!(seen, stop_after);
        assert_eq!(client.request("next").as_deref(), Ok("NEXT"));
    }
}

#[test]
fn a_reply_that_is_not_text() {
    let address = serve("127.0.0.1", |request| Some(if request == b"item 3" { vec![0xff] } else { request }));
    let client = UdpClient::connect_with(address, udp_options()).unwrap();
    let error = client.request_many(&texts(5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidText);
    assert!(error.to_string().contains("item 3"), "{error}");
    assert_eq!(client.request_many_bytes(&texts(5)).unwrap()[3], [0xff]);
}
