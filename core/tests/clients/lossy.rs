//! UDP through a network that loses, duplicates and reorders datagrams.

use std::collections::{BinaryHeap, VecDeque};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use capsock::{ErrorKind, Server, UdpClient, UdpClientOptions};

use crate::tools::{Chance, LIMIT, udp_server};

/// Percentages of the datagrams in each direction.
const LOST: u64 = 30;
const DOUBLED: u64 = 50;
const DELAYED: u64 = 30;

/// The longest delay, in microseconds: longer than many exchanges.
const DELAY: u64 = 2000;

/// The number of client ports that the network forwards for.
const PORTS: usize = 128;

/// A datagram in the network, ordered by its time of arrival, the earliest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OnItsWay {
    due: std::cmp::Reverse<Instant>,
    /// The client's address, and whether the datagram is sent to the client.
    client: SocketAddr,
    to_client: bool,
    bytes: Vec<u8>,
}

/// Counts of datagrams, by which the test checks that the network lost and delayed enough.
#[derive(Default)]
struct Traffic {
    over: AtomicBool,
    lost: AtomicU64,
    doubled: AtomicU64,
    delayed: AtomicU64,
}

/// Forwards between the clients and the server, for each client from a port of its own.
fn network(socket: &UdpSocket, server: SocketAddr, seed: u64, traffic: &Traffic) {
    socket.set_read_timeout(Some(Duration::from_micros(200))).unwrap();
    let mut chance = Chance(seed);
    let mut towards: VecDeque<(SocketAddr, UdpSocket)> = VecDeque::new();
    let mut on_its_way = BinaryHeap::new();
    let mut buffer = [0; 2000];
    while !traffic.over.load(Ordering::Relaxed) {
        let mut came = Vec::new();
        if let Ok((count, client)) = socket.recv_from(&mut buffer) {
            came.push((client, false, buffer[..count].to_vec()));
            if towards.iter().all(|(known, _)| *known != client) {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.connect(server).unwrap();
                socket.set_nonblocking(true).unwrap();
                towards.push_back((client, socket));
                // A client does not use more ports at once.
                if towards.len() > PORTS {
                    towards.pop_front();
                }
            }
        }
        for (client, socket) in &towards {
            while let Ok(count) = socket.recv(&mut buffer) {
                came.push((*client, true, buffer[..count].to_vec()));
            }
        }
        for (client, to_client, bytes) in came {
            let mut one_of = |count, counter: &AtomicU64| {
                let so = chance.below(100) < count;
                counter.fetch_add(u64::from(so), Ordering::Relaxed);
                (so, chance.below(DELAY))
            };
            if one_of(LOST, &traffic.lost).0 {
                continue;
            }
            let copies = if one_of(DOUBLED, &traffic.doubled).0 { 2 } else { 1 };
            for _ in 0..copies {
                let (delayed, micros) = one_of(DELAYED, &traffic.delayed);
                let delay = Duration::from_micros(if delayed { micros } else { 0 });
                let due = std::cmp::Reverse(Instant::now() + delay);
                on_its_way.push(OnItsWay { due, client, to_client, bytes: bytes.clone() });
            }
        }
        while on_its_way.peek().is_some_and(|next| next.due.0 <= Instant::now()) {
            let Some(next) = on_its_way.pop() else { break };
            // A port that its client has closed refuses.
            if next.to_client {
                let _ = socket.send_to(&next.bytes, next.client);
            } else if let Some((_, towards)) = towards.iter().find(|(client, _)| *client == next.client) {
                let _ = towards.send(&next.bytes);
            }
        }
    }
}

/// Runs `request` with clients of a server behind such a network.
fn behind_a_bad_network(seed: u64, request: impl FnOnce(&dyn Fn(u32) -> UdpClient)) {
    let server = Server::udp(("127.0.0.1", 0)).log(|_, _| {}).start().unwrap();
    let (socket, address) = udp_server("127.0.0.1");
    let traffic = Arc::new(Traffic::default());
    let between = {
        let (traffic, server) = (Arc::clone(&traffic), server.local_addr());
        thread::spawn(move || network(&socket, server, seed, &traffic))
    };
    request(&|retransmissions| {
        let options = UdpClientOptions {
            timeout: Some(if retransmissions > 10 { LIMIT } else { Duration::from_millis(20) }),
            // The interval doubles, and half of the exchanges fail.
            retransmit_after: Duration::from_micros(500),
            retransmissions,
            ..UdpClientOptions::default()
        };
        UdpClient::connect_with(address, options).unwrap()
    });
    traffic.over.store(true, Ordering::Relaxed);
    between.join().unwrap();
    for counter in [&traffic.lost, &traffic.doubled, &traffic.delayed] {
        assert!(counter.load(Ordering::Relaxed) > 30, "the network was too good");
    }
}

#[test]
fn a_request_ends_with_its_own_reply() {
    for seed in 0..2 {
        behind_a_bad_network(seed, |client| {
            let client = client(30);
            for number in 0..100 {
                let request = format!("request {number}");
                assert_eq!(client.request(&request), Ok(request.to_uppercase()), "seed {seed}");
            }
        });
    }
}

#[test]
fn a_request_ends_with_its_own_reply_or_its_timeout() {
    behind_a_bad_network(2, |client| {
        let client = client(1);
        let mut outcomes = [0, 0];
        for number in 0..100 {
            let request = format!("request {number}");
            let outcome = client.request(&request);
            outcomes[usize::from(outcome.is_ok())] += 1;
            match outcome {
                Ok(reply) => assert_eq!(reply, request.to_uppercase()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}"),
            }
        }
        assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
    });
}

#[test]
fn many_requests_end_with_their_own_replies() {
    behind_a_bad_network(3, |client| {
        let client = client(30);
        let requests: Vec<String> = (0..150).map(|number| format!("request {number}")).collect();
        let replies: Vec<String> = requests.iter().map(|text| text.to_uppercase()).collect();
        for _ in 0..2 {
            assert_eq!(client.request_many(&requests).unwrap(), replies);
        }
        assert_eq!(client.request("after them").as_deref(), Ok("AFTER THEM"));
    });
}
