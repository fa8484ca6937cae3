//! Many idle connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;

use crate::measure::{as_fast, ask, turn};
use crate::remote::{Remote, limit_descriptors};

/// What the server's process and the tests need besides.
const OWN_DESCRIPTORS: u64 = 600;

/// How many are connected before the server has to have let them in: its backlog holds no more.
const AT_ONCE: usize = 500;

/// A connection from one of several addresses of this machine, since one has 28,000 ports to give.
fn connect_from(place: usize, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let on: libc::c_int = 1;
    // SAFETY: the value is an int and its size is given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    assert_eq!(result, 0);
    let from = SocketAddr::from(([127, 0, 1, u8::try_from(place % 8 + 1).unwrap()], 0));
    socket.bind(&from.into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

fn descriptors() -> u64 {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is written to a whole struct.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut now) }, 0);
    // Not everybody may raise the hard limit; whoever may not takes what there is.
    let wanted = 20_000 + OWN_DESCRIPTORS;
    if limit_descriptors(wanted.max(now.rlim_max)).is_ok() {
        return wanted.max(now.rlim_max);
    }
    limit_descriptors(now.rlim_max).unwrap();
    now.rlim_max
}

#[test]
fn twenty_thousand_idle_connections() {
    let _turn = turn();
    let descriptors = descriptors();
    let count = (descriptors - OWN_DESCRIPTORS).min(20_000) as usize;
    if count < 5_000 {
        eprintln!("skipped: {descriptors} descriptors are too few to tell (ulimit -Hn)");
        return;
    }
    let words = format!("tcp events alone framing=line nofile={descriptors}");
    let (mut crowded, quiet) = (Remote::start(&words), Remote::start(&words));
    let warm = crowded.connect();
    ask(&warm);
    let before = crowded.memory();
    let mut crowd: Vec<TcpStream> = Vec::with_capacity(count);
    while crowd.len() < count {
        let from = crowd.len();
        for place in from..count.min(from + AT_ONCE) {
            crowd.push(connect_from(place, crowded.address));
        }
        // Each has asked once, in two pieces, so that what a request needs was there and has gone.
        crowd[from..].iter_mut().for_each(|stream| stream.write_all(b"hel").unwrap());
        let all_bytes = 6 + 3 * from as u64 + 3 * crowd.len() as u64;
        crowded.until("bytes_received", |bytes| bytes == all_bytes);
        crowd[from..].iter_mut().for_each(|stream| stream.write_all(b"lo\n").unwrap());
        let mut reply = [0; 6];
        crowd[from..].iter_mut().for_each(|stream| stream.read_exact(&mut reply).unwrap());
    }
    assert_eq!(crowded.total("connections_active"), count as u64 + 1);
    let each = crowded.memory().saturating_sub(before) / count as u64;
    eprintln!("measured: {count} idle connections, {each} bytes of memory for each");
    assert!(each < 1024, "{each} bytes for each of {count} idle connections");

    let new = |server: &Remote| ask(&server.connect());
    as_fast("a new connection's request beside the idle", 2.0, 300, || new(&crowded), || new(&quiet));
    let (inside, alone) = (crowded.connect(), quiet.connect());
    as_fast("a request beside the idle", 2.0, 1000, || ask(&inside), || ask(&alone));
}
