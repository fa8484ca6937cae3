//! Misbehaving peers, and their effect on the others.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::measure::{as_fast, ask, turn};
use crate::remote::Remote;

/// How much longer others may wait for their replies.
const TIMES: f64 = 3.0;

/// How much memory the server may take for all of them, in bytes: far less than one of them sends.
const MEMORY: u64 = 48 << 20;

/// The length of a line that does not end.
const ENDLESS: usize = 100 << 20;

/// What is repeated by one who takes no replies.
const LINES: &[u8] = b"takes no reply\n";

/// How many of each kind are connected.
const OF_EACH: usize = 4;

fn connect_without_waiting(server: &Remote) -> TcpStream {
    let stream = server.connect();
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Each sends what the server takes of the bytes; one whose connection has ended comes again.
fn send_some(peers: &mut [TcpStream], bytes: &[u8], server: &Remote) {
    for peer in peers {
        match peer.write(bytes) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => *peer = connect_without_waiting(server),
            _ => {}
        }
    }
}

/// Sends a line of 100 MB, as far as it is taken.
fn send_endless_line(server: &Remote) {
    let mut peer = server.connect();
    let piece = vec![b'a'; 1 << 20];
    let _ = (0..ENDLESS / piece.len()).try_for_each(|_| peer.write_all(&piece));
    assert!(!matches!(peer.read(&mut [0; 9]), Ok(1..)), "an endless line was answered");
}

/// One who ends its input and then reads.
fn half_close(server: &Remote) {
    let mut peer = server.connect();
    peer.write_all(b"one\nlast").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let mut reply = Vec::new();
    peer.read_to_end(&mut reply).unwrap();
    assert_eq!(reply, b"ONE\nLAST");
}

/// One who breaks off within a line.
fn reset(server: &Remote) {
    let mut peer = server.connect();
    peer.write_all(b"one\nbegun").unwrap();
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
}

/// All kinds at once, until it is enough; the most memory that the server had meanwhile, and those that are left.
fn attack(server: &Remote, enough: &AtomicBool, rounds: &AtomicU64) -> (u64, [Vec<TcpStream>; 3]) {
    let peers = || (0..OF_EACH).map(|_| connect_without_waiting(server)).collect::<Vec<_>>();
    let (mut slow, mut slower, mut never_reads) = (peers(), peers(), peers());
    send_some(&mut slower, b"a", server);
    let lines = LINES.repeat(70_000);
    let mut most = 0;
    while !enough.load(Ordering::Relaxed) {
        send_some(&mut slow, b"a", server);
        send_some(&mut never_reads, &lines, server);
        half_close(server);
        reset(server);
        send_endless_line(server);
        most = most.max(server.memory());
        rounds.fetch_add(1, Ordering::Relaxed);
    }
    (most, [slow, slower, never_reads])
}

#[test]
fn others_are_served_as_fast_and_memory_is_bounded() {
    let _turn = turn();
    for concurrency in ["threads", "processes", "events"] {
        // A byte a second is too slow for it.
        let words = format!("tcp {concurrency} alone framing=line idle=900 write=900");
        let (mut attacked, quiet) = (Remote::start(&words), Remote::start(&words));
        ask(&attacked.connect());
        let before = attacked.memory();
        let (enough, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
        let (most, left) = std::thread::scope(|scope| {
            let attack = scope.spawn(|| attack(&attacked, &enough, &rounds));
            while rounds.load(Ordering::Relaxed) == 0 && !attack.is_finished() {
                std::thread::yield_now();
            }
            let new = |server: &Remote| ask(&server.connect());
            let what = format!("a request beside bad peers of {concurrency}");
            as_fast(&what, TIMES, 100, || new(&attacked), || new(&quiet));
            let (inside, alone) = (attacked.connect(), quiet.connect());
            as_fast(&what, TIMES, 100, || ask(&inside), || ask(&alone));
            enough.store(true, Ordering::Relaxed);
            attack.join().unwrap()
        });
        eprintln!("measured: {} KiB for bad peers of {concurrency}", most.saturating_sub(before) / 1024);
        assert!(most.saturating_sub(before) < MEMORY, "{most} bytes, before {before}");
        let (mut left, lines) = (left, LINES.repeat(70_000));
        while attacked.total("write_timeouts") < OF_EACH as u64 {
            send_some(&mut left[2], &lines, &attacked);
        }
        attacked.until("idle_timeouts", |times| times >= OF_EACH as u64);
        attacked.until("oversized_requests", |times| times >= rounds.load(Ordering::Relaxed));
        drop(left);
        attacked.until("connections_active", |active| active == 0);
        ask(&attacked.connect());
    }
}
