//! Ports on the command line.

use capsock::net::port::from_number;

/// Parses a port number; clap prints the error.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    let number: i64 = text.parse().map_err(|_| "it is not a number from 0 to 65535".to_owned())?;
    from_number(number).map_err(|error| error.to_string())
}
