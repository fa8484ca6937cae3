//! Checking the timeouts that the bindings are given.

use std::time::Duration;

use crate::error::{Error, Result};

/// The number of milliseconds that means "no limit" in languages without an optional value: the largest.
pub const NO_LIMIT_MILLIS: i64 = i64::MAX;

/// A timeout in milliseconds; [`NO_LIMIT_MILLIS`] means no timeout.
///
/// # Errors
/// A negative number. `what` names the argument in the text: "the idle timeout".
pub fn from_millis(what: &str, millis: i64) -> Result<Option<Duration>> {
    match u64::try_from(millis) {
        Ok(_) if millis == NO_LIMIT_MILLIS => Ok(None),
        Ok(millis) => Ok(Some(Duration::from_millis(millis))),
        Err(_) => Err(Error::invalid(format!("use {what}"), format!("{millis} ms is negative"))),
    }
}

/// A duration in microseconds, which is never unlimited.
///
/// # Errors
/// A negative number. `what` names the argument in the text: "the time of busy polling".
pub fn from_micros(what: &str, micros: i64) -> Result<Duration> {
    let unsigned = u64::try_from(micros);
    unsigned
        .map(Duration::from_micros)
        .map_err(|_| Error::invalid(format!("use {what}"), format!("{micros} us is negative")))
}

/// A timeout in seconds; infinity means no timeout.
///
/// # Errors
/// A negative number or NaN. `what` names the argument in the text.
pub fn from_seconds(what: &str, seconds: f64) -> Result<Option<Duration>> {
    if seconds.is_nan() {
        return Err(Error::invalid(format!("use {what}"), "it is not a number"));
    }
    if seconds < 0.0 {
        return Err(Error::invalid(format!("use {what}"), format!("{seconds} s is negative")));
    }
    // What does not fit a Duration is longer than the machine will last: no limit.
    Ok(Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_milliseconds_and_microseconds() {
        let seconds = [
            (0.0, Some(Duration::ZERO)),
            (1.5, Some(Duration::from_millis(1500))),
            (f64::INFINITY, None),
            (1e300, None),
        ];
        for (given, expected) in seconds {
            assert_eq!(from_seconds("it", given), Ok(expected), "{given}");
        }
        for refused in [-0.001, -1.0, f64::NEG_INFINITY, f64::NAN] {
            assert!(from_seconds("it", refused).is_err(), "{refused}");
        }
        assert_eq!(from_millis("it", 20), Ok(Some(Duration::from_millis(20))));
        assert_eq!(from_millis("it", NO_LIMIT_MILLIS), Ok(None));
        assert!(from_millis("it", -1).is_err());
        assert!(from_millis("it", i64::MIN).is_err());
        assert_eq!(from_micros("it", 50), Ok(Duration::from_micros(50)));
        assert_eq!(from_micros("it", i64::MAX), Ok(Duration::from_micros(i64::MAX.unsigned_abs())));
        assert!(from_micros("it", -1).is_err());
        assert!(from_micros("it", i64::MIN).is_err());
    }
}
