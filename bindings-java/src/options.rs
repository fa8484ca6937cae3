//! Options as the Java builders hold them. A value that the program has not set is marked, so that the core's
//! default applies: the smallest long for a number, NaN for a timeout.

use std::time::Duration;

use capsock::net::{port, timeout};
use capsock::{Error, Result};
use jni::sys::{jdouble, jlong};

/// `Native.UNSET`.
const UNSET: jlong = jlong::MIN;

/// A number, if it was set. `what` names the option in the error: "the number of workers".
pub(crate) fn number<T: TryFrom<jlong>>(what: &str, value: jlong) -> Result<Option<T>> {
    if value == UNSET {
        return Ok(None);
    }
    match T::try_from(value) {
        Ok(number) => Ok(Some(number)),
        Err(_) if value < 0 => Err(Error::invalid(format!("use {what}"), format!("{value} is negative"))),
        Err(_) => Err(Error::invalid(format!("use {what}"), format!("{value} is too large"))),
    }
}

/// A port, if it was set.
pub(crate) fn port(value: jlong) -> Result<Option<u16>> {
    if value == UNSET {
        return Ok(None);
    }
    port::from_number(value).map(Some)
}

/// A timeout in seconds, if it was set; infinity is no limit, which is `Some(None)`.
pub(crate) fn seconds(what: &str, value: jdouble) -> Result<Option<Option<Duration>>> {
    if value.is_nan() {
        return Ok(None);
    }
    timeout::from_seconds(what, value).map(Some)
}
