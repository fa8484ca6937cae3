//! Times: milliseconds or microseconds in C, durations in the core.

use std::time::Duration;

use capsock::Result;
use capsock::net::timeout::{NO_LIMIT_MILLIS, from_millis};

/// The timeout that stands for no limit, in milliseconds.
pub const CAPSOCK_NO_LIMIT: i64 = 9223372036854775807;

const _: () = assert!(CAPSOCK_NO_LIMIT == NO_LIMIT_MILLIS);

pub(crate) fn to_millis(timeout: Option<Duration>) -> i64 {
    timeout.and_then(|limit| i64::try_from(limit.as_millis()).ok()).unwrap_or(CAPSOCK_NO_LIMIT)
}

pub(crate) fn to_micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Where the core has no word for "no limit", the longest duration is one.
pub(crate) fn longest_from_millis(what: &str, millis: i64) -> Result<Duration> {
    Ok(from_millis(what, millis)?.unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_there_and_back() {
        for millis in [0, 1, 300_000, CAPSOCK_NO_LIMIT - 1, CAPSOCK_NO_LIMIT] {
            assert_eq!(to_millis(from_millis("the timeout", millis).expect("not negative")), millis);
        }
        assert_eq!(longest_from_millis("the timeout", CAPSOCK_NO_LIMIT), Ok(Duration::MAX));
        assert_eq!(to_millis(Some(Duration::MAX)), CAPSOCK_NO_LIMIT);
        assert_eq!(to_micros(Duration::from_millis(2)), 2_000);
        assert_eq!(to_micros(Duration::MAX), i64::MAX);
    }
}
