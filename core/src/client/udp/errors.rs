//! The errors of a UDP request, for one request and for many.

use std::net::SocketAddr;

use crate::client::operations::{GET_REPLY, SEND_REQUEST};
use crate::error::{Error, ErrorKind, Result};
use crate::net::max_payload;

/// Why one of many requests has no reply.
pub(super) struct FailedRequest {
    /// The index of the request, counted from 0.
    pub(super) index: usize,
    pub(super) error: Error,
}

/// `TooLarge` if the request does not fit a datagram to that address.
pub(super) fn check_length(request: &[u8], address: SocketAddr) -> Result<()> {
    let limit = max_payload(&address);
    if request.len() > limit {
        let reason = format!("{} bytes do not fit a datagram, which holds {limit} at most", request.len());
        return Err(Error::new(ErrorKind::TooLarge, SEND_REQUEST, reason).at(address).advise("use TCP"));
    }
    Ok(())
}

/// The error of a request whose last retransmission got no reply within the time limit.
pub(super) fn no_reply(retransmissions: u32) -> Error {
    let reason = match retransmissions {
        0 => "the time allowed ran out".to_owned(),
        number => format!("the time allowed ran out; the request was sent {} times", number + 1),
    };
    Error::new(ErrorKind::TimedOut, GET_REPLY, reason)
}
