//! The system's numbers for the arguments of socket(2) and shutdown(2), as other languages give them, checked in one
//! place.

use std::net::Shutdown;

use super::socket::{Family, Kind};
use crate::error::{Error, Result};
use crate::netc;

impl Family {
    /// AF_INET or AF_INET6.
    ///
    /// # Errors
    /// `InvalidArgument` for any other number.
    pub fn from_number(number: i32) -> Result<Family> {
        match number {
            netc::AF_INET => Ok(Family::V4),
            netc::AF_INET6 => Ok(Family::V6),
            _ => Err(Error::invalid(
                "choose the family",
                format!("{number} is neither AF_INET ({}) nor AF_INET6 ({})", netc::AF_INET, netc::AF_INET6),
            )),
        }
    }
}

impl Kind {
    /// SOCK_STREAM with the protocol 0 or IPPROTO_TCP, SOCK_DGRAM with 0 or IPPROTO_UDP. SOCK_NONBLOCK and
    /// SOCK_CLOEXEC may be added to the type.
    ///
    /// # Errors
    /// `InvalidArgument` for any other number.
    pub fn from_numbers(kind: i32, protocol: i32) -> Result<Kind> {
        let number = kind & !(netc::SOCK_NONBLOCK | netc::SOCK_CLOEXEC);
        let (kind, own, name) = match number {
            netc::SOCK_STREAM => (Kind::Stream, netc::IPPROTO_TCP, "SOCK_STREAM is TCP"),
            netc::SOCK_DGRAM => (Kind::Datagram, netc::IPPROTO_UDP, "SOCK_DGRAM is UDP"),
            _ => {
                let (stream, datagram) = (netc::SOCK_STREAM, netc::SOCK_DGRAM);
                let text = format!("{number} is neither SOCK_STREAM ({stream}) nor SOCK_DGRAM ({datagram})");
                return Err(Error::invalid("choose the type", text));
            }
        };
        if protocol == 0 || protocol == own {
            return Ok(kind);
        }
        Err(Error::invalid("choose the protocol", format!("{name}: {protocol} is neither 0 nor {own}")))
    }
}

/// SHUT_RD, SHUT_WR or SHUT_RDWR.
///
/// # Errors
/// `InvalidArgument` for any other number.
pub fn shutdown_from_number(how: i32) -> Result<Shutdown> {
    match how {
        netc::SHUT_RD => Ok(Shutdown::Read),
        netc::SHUT_WR => Ok(Shutdown::Write),
        netc::SHUT_RDWR => Ok(Shutdown::Both),
        _ => {
            let text = format!("{how} is neither SHUT_RD (0), SHUT_WR (1) nor SHUT_RDWR (2)");
            Err(Error::invalid("choose what to shut down", text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_system() {
        let kinds = [
            (netc::SOCK_STREAM, 0, Some(Kind::Stream)),
            (netc::SOCK_STREAM | netc::SOCK_NONBLOCK, netc::IPPROTO_TCP, Some(Kind::Stream)),
            (netc::SOCK_DGRAM | netc::SOCK_CLOEXEC, netc::IPPROTO_UDP, Some(Kind::Datagram)),
            (netc::SOCK_STREAM, netc::IPPROTO_UDP, None),
            (netc::SOCK_DGRAM, -1, None),
            // SOCK_RAW.
            (3, 0, None),
        ];
        for (kind, protocol, expected) in kinds {
            assert_eq!(Kind::from_numbers(kind, protocol).ok(), expected, "{kind} {protocol}");
        }
        // The last one is AF_UNIX.
        let families = [(netc::AF_INET, Some(Family::V4)), (netc::AF_INET6, Some(Family::V6)), (1, None)];
        for (family, expected) in families {
            assert_eq!(Family::from_number(family).ok(), expected, "{family}");
        }
        let ends =
            [(0, Some(Shutdown::Read)), (1, Some(Shutdown::Write)), (2, Some(Shutdown::Both)), (3, None)];
        for (how, expected) in ends {
            assert_eq!(shutdown_from_number(how).ok(), expected, "{how}");
        }
    }
}
