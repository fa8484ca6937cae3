//! Version 1: a line of ASCII text, such as `PROXY TCP4 192.0.2.1 198.51.100.1 50000 12000`, CR and LF.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::header::{Malformed, Progress, Proxied};

/// How each line begins.
const PREFIX: &[u8] = b"PROXY ";

/// The longest line with CR and LF, by the specification.
const MAX_LENGTH: usize = 107;

#[derive(Debug)]
pub(super) struct TextHeader {
    line: [u8; MAX_LENGTH],
    length: usize,
}

impl Default for TextHeader {
    fn default() -> TextHeader {
        TextHeader { line: [0; MAX_LENGTH], length: 0 }
    }
}

impl TextHeader {
    pub(super) const FIRST: u8 = PREFIX[0];

    pub(super) fn push(&mut self, byte: u8) -> Result<Progress, Malformed> {
        let before = self.line[..self.length].last();
        if PREFIX.get(self.length).is_some_and(|expected| *expected != byte) {
            return Err(Malformed("it does not begin with PROXY"));
        }
        if (before == Some(&b'\r')) != (byte == b'\n') {
            return Err(Malformed("its line does not end with CR LF"));
        }
        self.line[self.length] = byte;
        self.length += 1;
        if byte == b'\n' {
            return addresses(&self.line[PREFIX.len()..self.length - 2]).map(Progress::Complete);
        }
        if self.length == MAX_LENGTH {
            return Err(Malformed("its line is longer than 107 bytes"));
        }
        Ok(Progress::Incomplete)
    }
}

/// What the line tells after its prefix. With `UNKNOWN` the rest is ignored.
fn addresses(line: &[u8]) -> Result<Option<Proxied>, Malformed> {
    let mut fields = line.split(|byte| *byte == b' ');
    let family: fn(&str) -> Option<IpAddr> = match fields.next() {
        Some(b"UNKNOWN") => return Ok(None),
        Some(b"TCP4") => |text| text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some(b"TCP6") => |text| text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => return Err(Malformed("it is neither TCP4 nor TCP6 nor UNKNOWN")),
    };
    let mut next = || fields.next().and_then(|field| str::from_utf8(field).ok());
    let mut address = || next().and_then(family).ok_or(Malformed("it has no address where one is due"));
    let (source, destination) = (address()?, address()?);
    let mut port = || next().and_then(port).ok_or(Malformed("it has no port where one is due"));
    let (source, destination) = (SocketAddr::new(source, port()?), SocketAddr::new(destination, port()?));
    match fields.next() {
        None => Ok(Some(Proxied::new(source, destination))),
        Some(_) => Err(Malformed("its line has more than addresses and ports")),
    }
}

/// A port without a sign or leading zeros.
fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}
