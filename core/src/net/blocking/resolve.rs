//! bind(2) and connect(2) to a host and a port, which are resolved first.

use std::net::SocketAddr;

use super::call_error::SocketCall;
use super::socket::{BlockingSocket, Family};
use crate::error::{Error, Result};
use crate::net::endpoint::Endpoint;
use crate::net::resolve::{Purpose, resolve};
use crate::net::sys::Errno;
use crate::net::wait::{Deadline, WaitPolicy};
use crate::net::wait_error::WaitError;
use crate::netc;

impl Family {
    pub(super) fn is_of(self, address: &SocketAddr) -> bool {
        address.is_ipv6() == (self == Family::V6)
    }
}

impl Endpoint {
    /// The addresses of one family, in the order to try them; at least one.
    ///
    /// # Errors
    /// As for [`addresses`](Endpoint::addresses); `NameNotResolved` also if it has none of that family.
    pub fn addresses_in(
        &self,
        family: Family,
        purpose: Purpose,
        policy: WaitPolicy,
    ) -> Result<Vec<SocketAddr>> {
        self.only(family, self.addresses(purpose, policy)?)
    }

    fn only(&self, family: Family, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>> {
        addresses.retain(|address| family.is_of(address));
        if addresses.is_empty() {
            let (none, other) = match family {
                Family::V4 => ("it has no IPv4 address", "use an IPv6 socket"),
                Family::V6 => ("it has no IPv6 address", "use an IPv4 socket"),
            };
            return Err(
                Error::gai(netc::EAI_NONAME, None, none.to_owned(), self.host()).advise(other.to_owned())
            );
        }
        Ok(addresses)
    }
}

impl BlockingSocket {
    /// The family of its addresses.
    ///
    /// # Errors
    /// EBADF once closed; EAFNOSUPPORT of a descriptor that is neither.
    pub fn family(&self) -> Result<Family, Errno> {
        self.at_once(|socket| socket.is_ipv6()).map(|ipv6| if ipv6 { Family::V6 } else { Family::V4 })
    }

    /// [`bind`](BlockingSocket::bind) to the first of the host's addresses that is local, of the socket's family; an empty
    /// host is the unspecified address. Closing the socket unblocks the call.
    ///
    /// ```
    /// use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};
    ///
    /// let server = BlockingSocket::new(Family::V4, Kind::Stream, false)?;
    /// server.bind_to(("localhost", 0), WaitPolicy::default())?;
    /// server.listen(1)?;
    /// let client = BlockingSocket::new(Family::V4, Kind::Stream, false)?;
    /// client.connect_to(("localhost", server.local_addr()?.port()), WaitPolicy::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Endpoint::addresses_in`] and [`bind`](BlockingSocket::bind), with the address.
    pub fn bind_to(&self, endpoint: impl Into<Endpoint>, policy: WaitPolicy) -> Result<()> {
        self.to_each(&endpoint.into(), Purpose::Bind, SocketCall::Bind, policy, |address, _| {
            Ok(self.bind(address)?)
        })
    }

    /// [`connect`](BlockingSocket::connect) to the first of the host's addresses that answers, of the socket's family; an
    /// empty host is the loopback address. The timeout covers resolution and all attempts. Closing the socket unblocks
    /// the call.
    ///
    /// # Errors
    /// As for [`Endpoint::addresses_in`] and [`connect`](BlockingSocket::connect), with the address: that
    /// of the last one if none answers.
    pub fn connect_to(&self, endpoint: impl Into<Endpoint>, policy: WaitPolicy) -> Result<()> {
        self.to_each(&endpoint.into(), Purpose::Connect, SocketCall::Connect, policy, |address, policy| {
            self.connect(address, policy)
        })
    }

    fn to_each(
        &self,
        endpoint: &Endpoint,
        purpose: Purpose,
        call: SocketCall,
        policy: WaitPolicy,
        make: impl Fn(&SocketAddr, WaitPolicy) -> Result<(), WaitError>,
    ) -> Result<()> {
        let deadline = Deadline::after(policy.timeout);
        let family = self.family().map_err(|errno| call.error_at(errno.into(), endpoint))?;
        let found = self.resolve(endpoint, purpose, deadline, policy)?;
        let failed = |error, address: &SocketAddr| self.error_at(call, error, address);
        first_to_succeed(&endpoint.only(family, found)?, failed, deadline, policy, make)
    }

    /// The addresses of the endpoint; closing this socket unblocks the call.
    fn resolve(
        &self,
        endpoint: &Endpoint,
        purpose: Purpose,
        deadline: Deadline,
        policy: WaitPolicy,
    ) -> Result<Vec<SocketAddr>> {
        let tried = "find the address of";
        let failed = |error: WaitError| error.while_trying(tried).at(endpoint.host());
        let found = self.while_open(deadline, policy, |wait| resolve(endpoint, purpose, wait));
        found.map_err(failed)?
    }
}

fn first_to_succeed(
    addresses: &[SocketAddr],
    failed: impl Fn(WaitError, &SocketAddr) -> Error,
    deadline: Deadline,
    policy: WaitPolicy,
    call: impl Fn(&SocketAddr, WaitPolicy) -> Result<(), WaitError>,
) -> Result<()> {
    let mut last = Ok(());
    for address in addresses {
        let outcome = policy.with_remaining_time(deadline).and_then(|policy| call(address, policy));
        last = outcome.map_err(|error| failed(error, address));
        match outcome {
            Err(WaitError::Os(Errno(errno))) if !belongs_to_the_socket(errno) => {}
            _ => break,
        }
    }
    last
}

/// Whether another address would fail likewise: the socket is connecting, connected, bound or closed.
fn belongs_to_the_socket(errno: i32) -> bool {
    Errno(errno).is_not_yet() || matches!(errno, netc::EISCONN | netc::EBADF | netc::EINVAL)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::*;

    #[test]
    fn addresses_are_tried_until_one_succeeds_or_none_can() {
        type Case = (&'static [Result<(), WaitError>], usize, Option<&'static str>);
        const REFUSED: Result<(), WaitError> = Err(WaitError::Os(Errno(netc::ECONNREFUSED)));
        const CONNECTED: Result<(), WaitError> = Err(WaitError::Os(Errno(netc::EISCONN)));
        let table: [Case; 6] = [
            (&[Ok(()), Ok(())], 1, None),
            (&[REFUSED, Ok(())], 2, None),
            (&[REFUSED, REFUSED], 2, Some("192.0.2.1:1")),
            (&[CONNECTED, Ok(())], 1, Some("192.0.2.0:1")),
            (&[Err(WaitError::Woken), Ok(())], 1, Some("it was closed")),
            (&[Err(WaitError::TimedOut), Ok(())], 1, Some("ran out")),
        ];
        let failed = |error: WaitError, address: &SocketAddr| error.while_trying("test").at(address);
        for (outcomes, calls, text) in table {
            let addresses: Vec<SocketAddr> =
                (0..outcomes.len()).map(|index| SocketAddr::from(([192, 0, 2, index as u8], 1))).collect();
            let made = RefCell::new(0);
            let last =
                first_to_succeed(&addresses, failed, Deadline::NEVER, WaitPolicy::default(), |address, _| {
                    assert_eq!(*address, addresses[*made.borrow()]);
                    *made.borrow_mut() += 1;
                    outcomes[*made.borrow() - 1]
                });
            assert_eq!(*made.borrow(), calls, "{outcomes:?}");
            let error = last.err().map(|error| error.to_string());
            assert_eq!(error.is_some(), text.is_some(), "{outcomes:?}");
            assert!(error.unwrap_or_default().contains(text.unwrap_or_default()), "{outcomes:?}");
        }
        let passed = Deadline::after(Some(Duration::ZERO));
        let limit = WaitPolicy { timeout: Some(Duration::from_secs(1)), on_interrupt: None };
        let any = [SocketAddr::from(([192, 0, 2, 1], 1))];
        let late = first_to_succeed(&any, failed, passed, limit, |_, _| panic!("there is no time left"));
        assert_eq!(late.unwrap_err().kind(), crate::ErrorKind::TimedOut);
    }
}
