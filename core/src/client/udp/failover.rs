//! Tries the addresses of a server until one works.

use std::net::SocketAddr;

use crate::error::{Error, ErrorKind, Result};

/// Calls `attempt` with each address, from the one at the index `start` on, as long as the attempts fail because
/// the address refuses or is unreachable. Returns the index of the address that worked, and the result. If none
/// works, the error is that of the first attempt, whose address is the preferred one.
pub(super) fn try_addresses<T>(
    addresses: &[SocketAddr],
    start: usize,
    mut attempt: impl FnMut(SocketAddr) -> Result<T>,
) -> Result<(usize, T)> {
    use ErrorKind::{AddressNotAvailable, ConnectionRefused, Unreachable};
    let mut first_error = None;
    for step in 0..addresses.len() {
        let index = (start + step) % addresses.len();
        match attempt(addresses[index]) {
            Ok(value) => return Ok((index, value)),
            Err(error) if matches!(error.kind(), ConnectionRefused | Unreachable | AddressNotAvailable) => {
                first_error.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(first_error.unwrap_or_else(|| Error::invalid("connect", "there is no address to connect to")))
}
