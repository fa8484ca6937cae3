//! Stopping while clients send requests as fast as they can.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use capsock::{Concurrency, Framing, Server};

use crate::support::*;

const CLIENTS: usize = 8;

/// A request longer than what one receive or one send moves.
const LENGTH: usize = 100_000;

/// How often the lateness of a stop is measured, which another program may add to.
const ATTEMPTS: usize = 5;

/// What the clients know.
#[derive(Default)]
struct Known {
    whole: AtomicU64,
    broken: AtomicU64,
}

/// Asks until the server ends the connection.
fn ask_on_and_on(mut stream: TcpStream, known: &Known) {
    let mut request = vec![b'a'; LENGTH];
    request[LENGTH - 1] = b'\n';
    let expected = request.to_ascii_uppercase();
    let mut reply = vec![0; LENGTH];
    loop {
        // What the server does not take any more is an error here, and an end there.
        let _ = stream.write_all(&request);
        let mut begun = 0;
        while begun < LENGTH
            && let Ok(count @ 1..) = stream.read(&mut reply[begun..])
        {
            begun += count;
        }
        if begun < LENGTH {
            known.broken.fetch_add(u64::from(begun > 0), Ordering::Relaxed);
            return;
        }
        assert!(reply == expected);
        known.whole.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn every_reply_that_had_begun_is_whole_and_the_counts_are_the_clients() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).framing(Framing::Line).start().unwrap();
        let known = Known::default();
        let report = std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let stream = connect(&server);
                scope.spawn(|| ask_on_and_on(stream, &known));
            }
            eventually("they ask", || known.whole.load(Ordering::Relaxed) > 50);
            server.stop(TIME_LIMIT).unwrap()
        });
        let (whole, broken) = (known.whole.into_inner(), known.broken.into_inner());
        assert_eq!(
            (report.completed, report.cut, report.running, broken),
            (whole, 0, 0, 0),
            "{concurrency:?}"
        );
    }
}

#[test]
fn every_datagram_that_was_answered_comes_to_its_client() {
    for &concurrency in CONCURRENCIES {
        let server = udp(concurrency).start().unwrap();
        let known = AtomicU64::new(0);
        let clients: Vec<UdpSocket> = (0..CLIENTS).map(|_| udp_peer(server.local_addr())).collect();
        let report = std::thread::scope(|scope| {
            for client in &clients {
                scope.spawn(|| {
                    let mut reply = [0; 9];
                    // The test shuts the socket down; a closed port is told of by an error.
                    while client.send(b"hello").is_ok() && matches!(client.recv(&mut reply), Ok(5)) {
                        known.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            eventually("they ask", || known.load(Ordering::Relaxed) > 1000);
            let report = server.stop(TIME_LIMIT).unwrap();
            // What was sent has come, for it is this machine's own; nobody waits for more.
            clients.iter().for_each(|client| drop(socket2::SockRef::from(client).shutdown(Shutdown::Read)));
            report
        });
        assert_eq!((report.completed, report.cut), (known.into_inner(), 0), "{concurrency:?}");
    }
}

/// Sends requests without a pause and takes the replies, until the server ends the connection; how many came, and
/// whether the last one was whole.
fn ask_without_a_pause(stream: &TcpStream) -> (u64, bool) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let requests = [b"one of many requests".repeat(50), b"\n".to_vec()].concat().repeat(20);
            let mut sending = stream;
            while sending.write_all(&requests).is_ok() {}
        });
        let (mut whole, mut last) = (0, b'\n');
        let mut replies = vec![0; 1 << 16];
        let mut reading = stream;
        while let Ok(count @ 1..) = reading.read(&mut replies) {
            whole += replies[..count].iter().filter(|byte| **byte == b'\n').count() as u64;
            last = replies[count - 1];
        }
        let _ = stream.shutdown(Shutdown::Both);
        (whole, last == b'\n')
    })
}

#[test]
fn clients_that_never_pause_do_not_delay_a_stop() {
    let with_a_handler =
        [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events].map(|one| (one, true));
    for (concurrency, handled) in CONCURRENCIES.iter().map(|one| (*one, false)).chain(with_a_handler) {
        let options = tcp(concurrency).framing(Framing::Line);
        let server = match handled {
            true => options.handler(|request: &[u8]| request.to_ascii_uppercase()).start().unwrap(),
            false => options.start().unwrap(),
        };
        let clients: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
        let (report, took, known) = std::thread::scope(|scope| {
            let asking: Vec<_> =
                clients.iter().map(|client| scope.spawn(|| ask_without_a_pause(client))).collect();
            eventually("they ask", || server.stats().requests > 500);
            let begin = Instant::now();
            let report = server.stop(TIME_LIMIT).unwrap();
            let took = begin.elapsed();
            (report, took, asking.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>())
        });
        let what = format!("{concurrency:?}, handler {handled}: {report:?} after {took:?}, {known:?}");
        assert!(took < TIME_LIMIT / 2, "{what}");
        assert_eq!(report.completed, known.iter().map(|(whole, _)| whole).sum::<u64>(), "{what}");
        assert!(report.cut == 0 && known.iter().all(|(_, whole)| *whole), "{what}");
    }
}

/// A client that sends until nothing moves any more, and takes no reply.
fn greedy(server: &Server) -> TcpStream {
    let stream = connect(server);
    stream.set_nonblocking(true).unwrap();
    let text = [b"a".repeat(999), b"\n".to_vec()].concat().repeat(1000);
    let mut unmoved = None;
    while unmoved.is_none_or(|bytes| bytes == 0 || bytes != server.stats().bytes_sent) {
        unmoved = Some(server.stats().bytes_sent);
        while (&stream).write(&text).is_ok() {}
        std::thread::yield_now();
    }
    stream
}

/// How much longer than its own time a piece of work takes that the end of a stop may need, on a machine that has
/// other work too.
fn delay_of_the_machine() -> Duration {
    const WORK: Duration = Duration::from_millis(20);
    let own_time = || {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the call writes a whole timespec.
        assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let (begin, before) = (Instant::now(), own_time());
    while own_time() - before < WORK {
        std::hint::spin_loop();
    }
    begin.elapsed().saturating_sub(WORK)
}

/// How late a stop returns that has to cut, with others that ask meanwhile.
fn lateness(concurrency: Concurrency, deadline: Duration) -> Duration {
    let server = tcp(concurrency).framing(Framing::Line).log(|_, _| {}).start().unwrap();
    // One who is served alone is all there is.
    let (greedy_ones, others) = if concurrency == Concurrency::Iterative { (1, 0) } else { (3, CLIENTS) };
    let greedy: Vec<TcpStream> = (0..greedy_ones).map(|_| greedy(&server)).collect();
    let known = Known::default();
    let (report, took) = std::thread::scope(|scope| {
        for _ in 0..others {
            let stream = connect(&server);
            scope.spawn(|| ask_on_and_on(stream, &known));
        }
        eventually("they ask", || others == 0 || known.whole.load(Ordering::Relaxed) > 20);
        let begin = Instant::now();
        (server.stop(deadline).unwrap(), begin.elapsed())
    });
    drop(greedy);
    assert!(took >= deadline, "{concurrency:?} cut them after {took:?}");
    let (whole, broken) = (known.whole.into_inner(), known.broken.into_inner());
    // Those that take nothing, those whose reply broke off, and maybe some whose request had not been answered.
    let certain = greedy_ones as u64 + broken;
    let possible = certain..=(greedy_ones + others) as u64;
    assert!(
        possible.contains(&report.cut) && report.running == 0,
        "{concurrency:?}: {report:?}, {broken} broken"
    );
    assert!(report.completed >= whole, "{concurrency:?}");
    took - deadline
}

#[test]
fn a_stop_is_never_later_than_its_deadline_and_a_moment() {
    const MOMENT: Duration = Duration::from_millis(100);
    for &concurrency in CONCURRENCIES {
        let mut late = Vec::new();
        let in_time = |late: &(Duration, Duration)| late.0 <= MOMENT + late.1;
        while late.len() < ATTEMPTS && !late.last().is_some_and(in_time) {
            let this = lateness(concurrency, Duration::from_millis(150));
            late.push((this, delay_of_the_machine()));
        }
        eprintln!(
            "measured: a stop of {concurrency:?} returns {late:?} past its deadline, the machine's delay beside"
        );
        assert!(late.last().is_some_and(in_time), "{concurrency:?}: {late:?} past the deadline");
    }
}
