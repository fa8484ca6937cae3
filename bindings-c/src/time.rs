//! Conversion of times: milliseconds and microseconds in C, durations in the core.

use std::time::Duration;

use capsock::Result;
use capsock::net::timeout::{NO_LIMIT_MILLIS, from_millis};

/// The timeout, in milliseconds, that stands for no limit.
pub const CAPSOCK_NO_LIMIT: i64 = 9223372036854775807;

const _: () = assert!(CAPSOCK_NO_LIMIT == NO_LIMIT_MILLIS);

/// Where the core has no word for "no limit", the longest duration is one.
pub(crate) fn longest_from_millis(what: &str, millis: i64) -> Result<Duration> {
    Ok(from_millis(what, millis)?.unwrap_or(Duration::MAX))
}
