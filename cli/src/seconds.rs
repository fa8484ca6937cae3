//! Times on the command line: seconds as a decimal number, `inf` for no limit; or whole microseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use capsock::net::timeout;

/// A limit in time; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seconds(pub(crate) Option<Duration>);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seconds, String> {
        let number: f64 = text.parse().map_err(|_| format!("'{text}' is not a number of seconds"))?;
        timeout::from_seconds("the time", number).map(Seconds).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => write!(f, "{}", limit.as_secs_f64()),
            None => f.write_str("inf"),
        }
    }
}

/// A time that has a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Microseconds(pub(crate) Duration);

impl FromStr for Microseconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Microseconds, String> {
        let number: i64 =
            text.parse().map_err(|_| format!("'{text}' is not a whole number of microseconds"))?;
        timeout::from_micros("the time", number).map(Microseconds).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_micros())
    }
}
