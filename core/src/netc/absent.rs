//! What stands for the numbers that Linux alone has.

use std::ffi::c_int;

/// An option that no system has.
const ABSENT: c_int = -1;

pub(crate) const IP_RECVERR: c_int = ABSENT;
pub(crate) const IPV6_RECVERR: c_int = ABSENT;
pub(crate) const IP_RECVORIGDSTADDR: c_int = ABSENT;
pub(crate) const IPV6_RECVORIGDSTADDR: c_int = ABSENT;
pub(crate) const IP_ORIGDSTADDR: c_int = ABSENT;
pub(crate) const IPV6_ORIGDSTADDR: c_int = ABSENT - 1;
pub(crate) const UDP_GRO: c_int = ABSENT;
pub(crate) const MSG_ERRQUEUE: c_int = 0;
/// Without it a receive of several datagrams waits for the first, as it does with it.
pub(crate) const MSG_WAITFORONE: c_int = 0;
