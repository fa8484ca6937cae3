//! A socket for each address of a name, all with one port.

use std::net::SocketAddr;

use super::endpoint::Endpoint;
use super::resolve::Purpose;
use super::wait::WaitPolicy;
use crate::error::{ErrorKind, Result};

/// The number of ports tried with port 0, if the port chosen for one address is in use on another.
const PORT_ATTEMPTS: usize = 32;

impl Endpoint {
    /// Has a socket bound to each of the endpoint's addresses, all with one port, and returns the sockets with the
    /// addresses that they are bound to.
    ///
    /// `bind` binds one and tells its address. Addresses that this machine does not have are left out if it has another
    /// one: `localhost` is bound on IPv4 and IPv6, and on IPv4 alone where there is no IPv6. The policy is that of the
    /// resolution of the name.
    ///
    /// # Errors
    ///
    /// The resolution's, and `bind`'s; [`AddressInUse`](ErrorKind::AddressInUse) with port 0 only after several ports.
    pub fn bind_each<S>(
        &self,
        policy: WaitPolicy,
        mut bind: impl FnMut(&SocketAddr) -> Result<(S, SocketAddr)>,
    ) -> Result<Vec<(S, SocketAddr)>> {
        let addresses =
            self.addresses(Purpose::Bind, policy).map_err(|error| error.with_timeout(policy.timeout))?;
        let mut attempt = 1;
        loop {
            match bind_all(&addresses, &mut bind) {
                // The system chooses a port for the first address, which may be in use on the second.
                Err(error)
                    if error.kind() == ErrorKind::AddressInUse
                        && self.port() == 0
                        && attempt < PORT_ATTEMPTS =>
                {
                    attempt += 1;
                }
                other => return other,
            }
        }
    }
}

fn bind_all<S>(
    addresses: &[SocketAddr],
    bind: &mut impl FnMut(&SocketAddr) -> Result<(S, SocketAddr)>,
) -> Result<Vec<(S, SocketAddr)>> {
    let mut sockets: Vec<(S, SocketAddr)> = Vec::with_capacity(addresses.len());
    let mut missing = None;
    for address in addresses {
        let mut address = *address;
        if let Some((_, first)) = sockets.first() {
            address.set_port(first.port());
        }
        match bind(&address) {
            Ok(bound) => sockets.push(bound),
            Err(error) if error.kind() == ErrorKind::AddressNotAvailable => {
                missing.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    match missing {
        Some(error) if sockets.is_empty() => Err(error),
        _ => Ok(sockets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    const AT_ONCE: WaitPolicy = WaitPolicy::NONBLOCKING;

    fn refused(kind: ErrorKind, address: &SocketAddr) -> Error {
        Error::new(kind, "bind", "as the test says").at(address)
    }

    #[test]
    fn all_have_the_port_of_the_first() {
        let bound = Endpoint::from(("", 0)).bind_each(AT_ONCE, |address| {
            let mut address = *address;
            if address.port() == 0 {
                address.set_port(4000);
            }
            Ok(((), address))
        });
        let ports: Vec<u16> = bound.expect("bound").iter().map(|(_, address)| address.port()).collect();
        assert_eq!(ports, [4000, 4000]);
    }

    #[test]
    fn a_free_port_is_tried_again_and_a_given_one_is_not() {
        for (port, attempts) in [(0, PORT_ATTEMPTS), (4000, 1)] {
            let mut tried = 0;
            let failed = Endpoint::from(("127.0.0.1", port)).bind_each(AT_ONCE, |address| {
                tried += 1;
                Err::<((), SocketAddr), _>(refused(ErrorKind::AddressInUse, address))
            });
            assert_eq!(failed.expect_err("in use").kind(), ErrorKind::AddressInUse);
            assert_eq!(tried, attempts);
        }
    }

    #[test]
    fn an_address_that_is_missing_is_left_out_unless_it_is_the_only_one() {
        for missing in [SocketAddr::is_ipv4, SocketAddr::is_ipv6] {
            let bound = Endpoint::from(("", 4000)).bind_each(AT_ONCE, |address| {
                if missing(address) {
                    return Err(refused(ErrorKind::AddressNotAvailable, address));
                }
                Ok(((), *address))
            });
            let bound = bound.expect("the other one");
            assert_eq!(bound.len(), 1);
            assert!(!missing(&bound[0].1));
        }
        let none = Endpoint::from(("", 4000)).bind_each(AT_ONCE, |address| {
            Err::<((), SocketAddr), _>(refused(ErrorKind::AddressNotAvailable, address))
        });
        assert_eq!(none.expect_err("none").kind(), ErrorKind::AddressNotAvailable);
    }
}
