//! One connection out of several addresses: RFC 8305, Happy Eyeballs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::socket::Socket;
use super::sys::Errno;
use super::traced::known;
use super::wait::{Deadline, WaitError, WaitOptions, interest, wait_for};
use crate::error::Error;
use crate::trace::{self, Begun, Outcome, Told, Way};

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
pub(crate) fn connect(
    addresses: &[SocketAddr],
    waiting: WaitOptions<'_>,
) -> Result<(Socket, SocketAddr), Error> {
    let mut waiting_addresses = interleaved(addresses).into_iter();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut first_error: Option<Error> = None;
    let mut next_attempt = Instant::now();
    let mut fail = |error: Error| {
        first_error.get_or_insert(error);
    };
    let failed = |address: SocketAddr, error: WaitError| error.while_trying("connect to").at(address);
    loop {
        if attempts.is_empty() || Instant::now() >= next_attempt {
            if let Some(address) = waiting_addresses.next() {
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
            attempts.iter().map(|attempt| interest(attempt.socket.fd(), libc::POLLOUT)).collect();
        fds.push(interest(-1, 0));
        let more = waiting_addresses.len() > 0;
        let policy = if more { Deadline::at(next_attempt) } else { Deadline::NEVER };
        match wait_for(&mut fds, waiting.with_deadline(waiting.deadline.earlier(policy))) {
            Ok(()) => {}
            Err(WaitError::TimedOut) if more && !waiting.deadline.passed() => continue,
            Err(error) => {
                let address = attempts.first().map_or(addresses[0], |attempt| attempt.address);
                attempts.into_iter().for_each(|attempt| attempt.lost(error));
                return Err(failed(address, error));
            }
        }
        // From the last to the first, so that removing one leaves the places of those to come.
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

/// An attempt on its way.
struct Attempt {
    socket: Socket,
    address: SocketAddr,
    /// For a recording.
    begun: Option<Begun>,
}

impl Attempt {
    /// Starts one: `true` if it is connected already.
    fn begin(address: SocketAddr) -> Result<(Attempt, bool), Errno> {
        let socket = Socket::stream(&address)?;
        socket.set_nodelay()?;
        let begun = trace::on().then(|| Begun::new("connect", socket.fd(), Way::Out));
        let outcome = socket.bare_connect(&address);
        let attempt = Attempt { socket, address, begun };
        match outcome {
            Ok(()) => Ok((attempt, true)),
            Err(Errno(libc::EINPROGRESS | libc::EINTR)) => Ok((attempt, false)),
            Err(errno) => {
                attempt.lost(WaitError::Os(errno));
                Err(errno)
            }
        }
    }

    fn won(mut self) -> Socket {
        self.tell(Outcome::Ok);
        self.socket
    }

    fn lost(mut self, error: WaitError) {
        self.tell(error.into());
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(begun) = self.begun.take() {
            let told = Told { peer: Some(self.address), ..Told::default() };
            begun.end(outcome, known(&self.socket, told));
        }
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
