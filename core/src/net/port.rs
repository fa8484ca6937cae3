//! Checking the port numbers that the bindings are given.

use crate::error::{Error, Result};

/// The port with that number.
///
/// # Errors
/// `InvalidArgument` for a number that is not one of 0 to 65535.
pub fn from_number(number: i64) -> Result<u16> {
    u16::try_from(number)
        .map_err(|_| Error::invalid("use the port", format!("{number} is not one of 0 to 65535")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_16_bits() {
        for port in [0, 1, 12_000, 65_535] {
            assert_eq!(from_number(port).map(i64::from), Ok(port));
        }
        for refused in [-1, 65_536, i64::MIN, i64::MAX] {
            assert!(from_number(refused).unwrap_err().to_string().contains(&refused.to_string()));
        }
    }
}
