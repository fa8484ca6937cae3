//! Many clients at one of a server's addresses, and one at another.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use crate::measure::turn;
use crate::remote::Remote;
use crate::support::TIME_LIMIT;

const CROWD: usize = 120;

/// So many of the crowd are served before at most, for each that makes room: those that are taken in a row, one that
/// waits inside already, and one whose turn it is.
const BEFORE: usize = 18;

fn client(to: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(to).unwrap();
    client.write_all(b"hello\n").unwrap();
    client.set_nonblocking(true).unwrap();
    client
}

fn has_its_reply(client: &TcpStream) -> bool {
    (&mut &*client).read(&mut [0; 9]).is_ok_and(|count| count == 6)
}

#[test]
fn many_clients_of_one_address_do_not_starve_another() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let _turn = turn();
    for concurrency in ["iterative", "processes", "events"] {
        let words = format!("tcp {concurrency} host=localhost framing=line workers=1 nofile=64");
        let mut server = Remote::start(&words);
        // The crowd is at the first one, which is looked at first.
        let first = server.address;
        let ip = if first.is_ipv4() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        let other = SocketAddr::new(ip, first.port());
        let mut outside: Vec<TcpStream> = (0..CROWD).map(|_| client(first)).collect();
        // With one process for each, one more has been let in and waits for its process.
        let waits = match concurrency {
            "iterative" => {
                server.until("requests", |served| served == 1);
                0
            }
            _ => {
                server.until("descriptor_shortages", |times| times > 0);
                u64::from(concurrency == "processes")
            }
        };
        let count = (server.total("connections_accepted") - waits) as usize;
        let mut inside = Vec::new();
        let mut admit = |inside: &mut Vec<TcpStream>| match outside.iter().position(has_its_reply) {
            Some(place) => inside.push(outside.remove(place)),
            None => std::thread::yield_now(),
        };
        let end = Instant::now() + TIME_LIMIT;
        while inside.len() < count && Instant::now() < end {
            admit(&mut inside);
        }
        let late = client(other);
        let mut left = 0;
        while !has_its_reply(&late) {
            assert!(Instant::now() < end, "{concurrency}: nobody is served: {:?}", server.log());
            if inside.len() == count {
                drop(inside.pop());
                left += 1;
            }
            admit(&mut inside);
        }
        assert!(left <= BEFORE, "{concurrency}: {left} of the crowd left before the other one was served");
    }
}
