//! A connection to the first of several addresses that answers (RFC 8305, Happy Eyeballs).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::socket::Socket;
use super::sys::Errno;
use super::traced::PendingConnect;
use super::wait::{Deadline, WaitOptions, interest, no_interest, wait_for};
use super::wait_error::WaitError;
use crate::error::Error;
use crate::netc;

/// The time after which the next address is tried concurrently (RFC 8305, section 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The addresses with alternating families, beginning with that of the first address (RFC 8305, section 4).
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

/// Connects to the first of `addresses` that answers; the other attempts are dropped.
///
/// The error is that of the first address that failed.
pub(crate) fn connect(
    addresses: &[SocketAddr],
    wait: WaitOptions<'_>,
) -> Result<(Socket, SocketAddr), Error> {
    let mut untried = interleaved(addresses).into_iter();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut first_error: Option<Error> = None;
    let mut next_attempt = Instant::now();
    let mut fail = |error: Error| {
        first_error.get_or_insert(error);
    };
    let failed = |address: SocketAddr, error: WaitError| error.while_trying("connect to").at(address);
    loop {
        if attempts.is_empty() || Instant::now() >= next_attempt {
            if let Some(address) = untried.next() {
                match Attempt::begin(address) {
                    Ok((attempt, true)) => return Ok((attempt.won(), address)),
                    Ok((attempt, false)) => attempts.push(attempt),
                    Err(errno) => {
                        fail(failed(address, WaitError::Os(errno)));
                        continue;
                    }
                }
                next_attempt = Instant::now() + ATTEMPT_DELAY;
            } else if attempts.is_empty() {
                break;
            }
        }
        let mut fds: Vec<_> =
            attempts.iter().map(|attempt| interest(attempt.socket.fd(), netc::POLLOUT)).collect();
        fds.push(no_interest());
        let more = untried.len() > 0;
        let policy = if more { Deadline::at(next_attempt) } else { Deadline::NEVER };
        match wait_for(&mut fds, wait.with_deadline(wait.deadline.earlier(policy))) {
            Ok(()) => {}
            Err(WaitError::TimedOut) if more && !wait.deadline.passed() => continue,
            Err(error) => {
                let address = attempts.first().map_or(addresses[0], |attempt| attempt.address);
                attempts.into_iter().for_each(|attempt| attempt.lost(error));
                return Err(failed(address, error));
            }
        }
        // In reverse, so that a removal leaves the indices of the rest valid.
        for index in (0..attempts.len()).rev().filter(|index| fds[*index].revents != 0).collect::<Vec<_>>() {
            let attempt = attempts.remove(index);
            let address = attempt.address;
            match attempt.socket.take_error() {
                Ok(()) => {
                    let socket = attempt.won();
                    attempts.into_iter().for_each(|other| other.lost(WaitError::Woken));
                    return Ok((socket, address));
                }
                Err(errno) => {
                    attempt.lost(WaitError::Os(errno));
                    fail(failed(address, WaitError::Os(errno)));
                    next_attempt = Instant::now();
                }
            }
        }
    }
    Err(first_error.unwrap_or_else(|| Error::invalid("connect", "there is no address to connect to")))
}

/// A connect in progress.
struct Attempt {
    socket: Socket,
    address: SocketAddr,
    record: PendingConnect,
}

impl Attempt {
    /// Starts a connect: `true` if it has succeeded already.
    fn begin(address: SocketAddr) -> Result<(Attempt, bool), Errno> {
        let socket = Socket::stream(&address)?;
        socket.set_nodelay()?;
        let (result, record) = socket.begin_connect(&address);
        let attempt = Attempt { socket, address, record };
        match result {
            Ok(()) => Ok((attempt, true)),
            Err(Errno(netc::EINPROGRESS | netc::EINTR)) => Ok((attempt, false)),
            Err(errno) => {
                attempt.lost(WaitError::Os(errno));
                Err(errno)
            }
        }
    }

    fn won(self) -> Socket {
        self.record.end(&self.socket, &self.address, Ok::<_, WaitError>(()));
        self.socket
    }

    fn lost(self, error: WaitError) {
        self.record.end(&self.socket, &self.address, Err(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate() {
        let parse =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "192.0.2.1:1", "192.0.2.2:1"]);
        let expected = parse(&["[::1]:1", "192.0.2.1:1", "[::2]:1", "192.0.2.2:1", "[::3]:1"]);
        assert_eq!(interleaved(&given), expected);
        assert_eq!(interleaved(&[]), []);
    }
}
