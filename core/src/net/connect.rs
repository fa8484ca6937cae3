//! One connection out of several addresses: RFC 8305, Happy Eyeballs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::socket::Socket;
use super::sys::Errno;
use super::wait::{Deadline, Fault, Waiting, interest, wait_for};
use crate::error::Error;

/// How long one attempt has before the next address is tried beside it (RFC 8305, section 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The addresses with their families taking turns, the first one's family first (RFC 8305, section 4).
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_family = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut one, mut other): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first_family);
    one.reverse();
    other.reverse();
    let mut order = Vec::with_capacity(addresses.len());
    while !one.is_empty() || !other.is_empty() {
        order.extend(one.pop());
        order.extend(other.pop());
    }
    order
}

/// Connects to the first of `addresses` that answers; the others' attempts are dropped.
///
/// The error is that of the first address that failed, which is the one that a person means.
pub(crate) fn connect(addresses: &[SocketAddr], waiting: Waiting<'_>) -> Result<(Socket, SocketAddr), Error> {
    let mut waiting_addresses = interleaved(addresses).into_iter();
    let mut attempts: Vec<(Socket, SocketAddr)> = Vec::new();
    let mut first_error: Option<Error> = None;
    let mut next_attempt = Instant::now();
    let mut fail = |error: Error| {
        first_error.get_or_insert(error);
    };
    let failed = |address: SocketAddr, fault: Fault| fault.while_trying("connect to").at(address);
    loop {
        if attempts.is_empty() || Instant::now() >= next_attempt {
            if let Some(address) = waiting_addresses.next() {
                match begin(&address) {
                    Ok((socket, true)) => return Ok((socket, address)),
                    Ok((socket, false)) => attempts.push((socket, address)),
                    Err(errno) => {
                        fail(failed(address, Fault::Os(errno)));
                        continue;
                    }
                }
                next_attempt = Instant::now() + ATTEMPT_DELAY;
            } else if attempts.is_empty() {
                break;
            }
        }
        let mut fds: Vec<_> =
            attempts.iter().map(|(socket, _)| interest(socket.fd(), libc::POLLOUT)).collect();
        fds.push(interest(-1, 0));
        let more = waiting_addresses.len() > 0;
        let patience = if more { Deadline::at(next_attempt) } else { Deadline::NEVER };
        match wait_for(&mut fds, waiting.with_deadline(waiting.deadline.earlier(patience))) {
            Ok(()) => {}
            Err(Fault::TimedOut) if more && !waiting.deadline.passed() => continue,
            Err(fault) => {
                let address = attempts.first().map_or(addresses[0], |(_, address)| *address);
                return Err(failed(address, fault));
            }
        }
        // From the last to the first, so that removing one leaves the places of those to come.
        for index in (0..attempts.len()).rev().filter(|index| fds[*index].revents != 0).collect::<Vec<_>>() {
            let (socket, address) = attempts.remove(index);
            match socket.take_error() {
                Ok(()) => return Ok((socket, address)),
                Err(errno) => {
                    fail(failed(address, Fault::Os(errno)));
                    next_attempt = Instant::now();
                }
            }
        }
    }
    Err(first_error.unwrap_or_else(|| Error::invalid("connect", "there is no address to connect to")))
}

/// Starts an attempt: `true` if it is connected already.
fn begin(address: &SocketAddr) -> Result<(Socket, bool), Errno> {
    let socket = Socket::stream(address)?;
    socket.no_delay()?;
    match socket.connect(address) {
        Ok(()) => Ok((socket, true)),
        Err(Errno(libc::EINPROGRESS | libc::EINTR)) => Ok((socket, false)),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "192.0.2.1:1", "192.0.2.2:1"]);
        let expected = parse(&["[::1]:1", "192.0.2.1:1", "[::2]:1", "192.0.2.2:1", "[::3]:1"]);
        assert_eq!(interleaved(&given), expected);
        assert_eq!(interleaved(&[]), []);
    }
}
