//! A server with fewer descriptors than clients.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::measure::turn;
use crate::remote::Remote;
use crate::support::TIME_LIMIT;

const CLIENTS: usize = 200;

/// How long the servers are watched while they lack descriptors.
const WATCHED: Duration = Duration::from_millis(1100);

/// What they may use of a processor meanwhile.
const SHARE: f64 = 0.02;

/// Those that have their reply leave, and make room for those that wait.
fn serve_all(mut waiting: VecDeque<TcpStream>, server: &Remote) {
    let end = Instant::now() + TIME_LIMIT;
    while let Some(mut client) = waiting.pop_front() {
        assert!(Instant::now() < end, "{} clients wait for ever: {:?}", waiting.len(), server.log());
        match client.read(&mut [0; 9]) {
            Ok(6) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                waiting.push_back(client);
                std::thread::yield_now();
            }
            other => panic!("a client got {other:?}"),
        }
    }
}

#[test]
fn two_hundred_clients_of_64_descriptors() {
    let _turn = turn();
    let servers: Vec<_> = ["threads", "processes", "events"]
        .map(|concurrency| {
            let mut server = Remote::start(&format!("tcp {concurrency} framing=line nofile=64"));
            let clients: VecDeque<_> = (0..CLIENTS)
                .map(|_| {
                    let mut client = server.connect();
                    client.write_all(b"hello\n").unwrap();
                    client.set_nonblocking(true).unwrap();
                    client
                })
                .collect();
            server.until("descriptor_shortages", |times| times > 0);
            (concurrency, server, clients)
        })
        .into_iter()
        .collect();
    let used = || servers.iter().map(|(_, server, _)| server.processor_time()).collect::<Vec<_>>();
    let told = || servers.iter().map(|(_, server, _)| server.logged("no descriptors")).collect::<Vec<_>>();
    let begin = Instant::now();
    let before = (used(), told());
    // Nothing is to happen meanwhile: a wait for input that nobody sends.
    let (silence, _held) = std::io::pipe().unwrap();
    let mut interest =
        libc::pollfd { fd: std::os::fd::AsRawFd::as_raw_fd(&silence), events: libc::POLLIN, revents: 0 };
    // SAFETY: one pollfd is given, and lives until the call returns.
    assert_eq!(unsafe { libc::poll(&raw mut interest, 1, WATCHED.as_millis() as i32) }, 0);
    let (after, took) = ((used(), told()), begin.elapsed());
    for (index, (concurrency, server, clients)) in servers.into_iter().enumerate() {
        let share = (after.0[index] - before.0[index]).as_secs_f64() / took.as_secs_f64();
        let lines = after.1[index] - before.1[index];
        eprintln!("measured: {concurrency}, out of descriptors: {:.2} % of a processor", share * 100.0);
        assert!(share < SHARE, "{concurrency} used {share} of a processor while it waited");
        // At the seconds that begin within the time.
        assert!(lines as f64 <= took.as_secs_f64() + 1.0, "{concurrency} told {lines} times in {took:?}");
        assert!(server.logged("no descriptors") > 0, "{concurrency}: {:?}", server.log());
        serve_all(clients, &server);
    }
}
