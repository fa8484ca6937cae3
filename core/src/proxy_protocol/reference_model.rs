//! A reference model of the header, which sees the whole input at once, reads version 1 by its own rules, and computes a
//! checksum bit by bit. A property test and a fuzz target compare the two.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::header::{Progress, Proxied};
use super::reader::HeaderReader;

/// What is at the beginning of the input.
#[derive(Debug, PartialEq)]
enum Found {
    /// A header of this length.
    Header(usize, Option<Proxied>),
    /// Nothing that begins with the input is a header.
    Nothing,
    /// It may be a part of one.
    Part,
}

const SIGNATURE: &[u8] = &[0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

fn model(input: &[u8]) -> Found {
    match input.first() {
        None => Found::Part,
        Some(b'P') => text(input),
        Some(_) => binary(input),
    }
}

fn text(input: &[u8]) -> Found {
    let prefix = b"PROXY ";
    let common = input.len().min(prefix.len());
    if input[..common] != prefix[..common] {
        return Found::Nothing;
    }
    // The first CR or LF ends the line, if it is followed by LF.
    let window = &input[..input.len().min(107)];
    let Some(end) = window.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return if window.len() < 107 { Found::Part } else { Found::Nothing };
    };
    match (window[end], window.get(end + 1)) {
        (b'\r', Some(b'\n')) => {}
        (b'\r', None) if window.len() < 107 => return Found::Part,
        _ => return Found::Nothing,
    }
    let Ok(line) = String::from_utf8(input[..end].to_vec()) else {
        // UNKNOWN may be followed by anything.
        return match input[..end].starts_with(b"PROXY UNKNOWN ") {
            true => Found::Header(end + 2, None),
            false => Found::Nothing,
        };
    };
    let words: Vec<&str> = line.split(' ').collect();
    let port = |word: &str| word.parse::<u16>().ok().filter(|port| port.to_string() == word);
    let proxied = |source: IpAddr, destination: IpAddr| {
        let plain = |ip: IpAddr, port| Some(SocketAddr::new(ip.to_canonical(), port?));
        Some(Proxied {
            source: plain(source, port(words[4]))?,
            destination: plain(destination, port(words[5]))?,
        })
    };
    let found = match (words.get(1), words.len()) {
        (Some(&"UNKNOWN"), _) => return Found::Header(end + 2, None),
        (Some(&"TCP4"), 6) => match (words[2].parse::<Ipv4Addr>(), words[3].parse::<Ipv4Addr>()) {
            (Ok(source), Ok(destination)) => proxied(source.into(), destination.into()),
            _ => None,
        },
        (Some(&"TCP6"), 6) => match (words[2].parse::<Ipv6Addr>(), words[3].parse::<Ipv6Addr>()) {
            (Ok(source), Ok(destination)) => proxied(source.into(), destination.into()),
            _ => None,
        },
        _ => None,
    };
    found.map_or(Found::Nothing, |proxied| Found::Header(end + 2, Some(proxied)))
}

fn binary(input: &[u8]) -> Found {
    let common = input.len().min(12);
    let known = |index: usize, values: &[u8]| input.get(index).is_none_or(|byte| values.contains(byte));
    let is_local = input.get(12) == Some(&0x20);
    let families = [0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32];
    if input[..common] != SIGNATURE[..common]
        || !known(12, &[0x20, 0x21])
        || !(is_local || known(13, &families))
    {
        return Found::Nothing;
    }
    let Some(length) = input.get(14..16) else { return Found::Part };
    let length = 16 + usize::from(length[0]) * 256 + usize::from(length[1]);
    let addresses = match input[13] >> 4 {
        _ if is_local || input[13] == 0 => {
            return if input.len() < length { Found::Part } else { Found::Header(length, None) };
        }
        1 => 12,
        2 => 36,
        _ => 216,
    };
    if length < 16 + addresses {
        return Found::Nothing;
    }
    let arrived = &input[..input.len().min(length)];
    let mut at = 16 + addresses;
    let mut zeroed = arrived.to_vec();
    let mut checksum = None;
    while at < length {
        let Some(head) = arrived.get(at..at + 3) else {
            return if arrived.len() < length { Found::Part } else { Found::Nothing };
        };
        let size = usize::from(u16::from_be_bytes([head[1], head[2]]));
        if head[0] == 3 {
            if size != 4 || checksum.is_some() {
                return Found::Nothing;
            }
            checksum = Some(arrived.get(at + 3..at + 7).map(<[u8]>::to_vec));
            zeroed.iter_mut().skip(at + 3).take(4).for_each(|byte| *byte = 0);
        }
        at += 3 + size;
    }
    if arrived.len() < length {
        return Found::Part;
    }
    let wrong = checksum.flatten().is_some_and(|sum| sum != crc32c(&zeroed).to_be_bytes());
    if at != length || wrong {
        return Found::Nothing;
    }
    let port = |at: usize| u16::from_be_bytes([input[at], input[at + 1]]);
    let proxied = match addresses {
        12 => {
            let ip = |at: usize| <[u8; 4]>::try_from(&input[at..at + 4]).map(IpAddr::from);
            ip(16).ok().zip(ip(20).ok()).map(|(source, destination)| (source, destination, 24))
        }
        36 => {
            let ip = |at: usize| <[u8; 16]>::try_from(&input[at..at + 16]).map(IpAddr::from);
            ip(16).ok().zip(ip(32).ok()).map(|(source, destination)| (source, destination, 48))
        }
        _ => None,
    };
    let proxied = proxied.map(|(source, destination, ports)| Proxied {
        source: SocketAddr::new(source.to_canonical(), port(ports)),
        destination: SocketAddr::new(destination.to_canonical(), port(ports + 2)),
    });
    Found::Header(length, proxied)
}

/// Bit by bit: the remainder of the division by the polynomial.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let carry = (remainder ^ u32::from(byte >> bit)) & 1;
            remainder = (remainder >> 1) ^ (carry * 0x82F6_3B78);
        }
    }
    !remainder
}

/// Reads the pieces one after another, and compares the outcome with that of the model; the same for the input as a
/// datagram.
pub(crate) fn check(pieces: &[&[u8]]) {
    let input = pieces.concat();
    let (mut reader, mut taken, mut found) = (HeaderReader::of_stream(), 0, Found::Part);
    for piece in pieces {
        match reader.read(piece) {
            Ok((length, Progress::Complete(proxied))) => {
                found = Found::Header(taken + length, proxied);
                break;
            }
            Ok((length, Progress::Incomplete)) => {
                assert_eq!(length, piece.len(), "a reader leaves nothing of a header that continues");
                taken += length;
            }
            Err(_) => {
                found = Found::Nothing;
                break;
            }
        }
    }
    assert_eq!(found, model(&input), "{}", input.escape_ascii());
    let split = HeaderReader::split_datagram(&input).ok();
    let split = split.map(|(proxied, payload)| (input.len() - payload.len(), proxied));
    let expected = match (input.first(), found) {
        (Some(b'P'), _) => None,
        (_, Found::Header(length, proxied)) => Some((length, proxied)),
        _ => None,
    };
    assert_eq!(split, expected, "{}", input.escape_ascii());
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// A line of version 1, or nearly one.
    fn line() -> impl Strategy<Value = Vec<u8>> {
        let address = prop_oneof![
            any::<Ipv4Addr>().prop_map(|address| address.to_string()),
            any::<Ipv6Addr>().prop_map(|address| address.to_string()),
            Just("::ffff:192.0.2.1".to_owned()),
            Just("01.2.3.4".to_owned()),
            "[ -~]{0,12}",
        ];
        let port = prop_oneof![(0..70_000_u32).prop_map(|port| port.to_string()), "\\+?0?[0-9]{0,3}"];
        let family = prop_oneof![Just("TCP4"), Just("TCP6"), Just("UNKNOWN"), Just("UDP4")];
        let end = prop_oneof![5 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just(""), 1 => Just(" \r\n")];
        (family, vec(address, 2), vec(port, 2), end).prop_map(|(family, addresses, ports, end)| {
            format!("PROXY {family} {} {}{end}", addresses.join(" "), ports.join(" ")).into_bytes()
        })
    }

    /// A header of version 2, or nearly one.
    fn header() -> impl Strategy<Value = Vec<u8>> {
        let command = prop_oneof![6 => Just(0x21), 1 => Just(0x20), 1 => any::<u8>()];
        let family = prop_oneof![
            9 => prop::sample::select(vec![0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32]),
            1 => any::<u8>(),
        ];
        let tlvs = vec((prop_oneof![Just(3), any::<u8>()], vec(any::<u8>(), 0..9)), 0..4);
        let longer = prop_oneof![8 => Just(0_isize), 1 => -20..20_isize];
        (command, family, any::<[u8; 216]>(), tlvs, longer, any::<bool>()).prop_map(
            |(command, family, addresses, tlvs, longer, with_checksum)| {
                let length = match family >> 4 {
                    1 => 12,
                    2 => 36,
                    3 => 216,
                    _ => 0,
                };
                let mut block = addresses[..length].to_vec();
                for (kind, value) in tlvs {
                    block.push(if with_checksum && kind == 3 { 4 } else { kind });
                    block.extend((value.len() as u16).to_be_bytes());
                    block.extend(value);
                }
                if with_checksum {
                    block.extend([3, 0, 4, 0, 0, 0, 0]);
                }
                let told = block.len().saturating_add_signed(longer) as u16;
                let mut header = [SIGNATURE, &[command, family], &told.to_be_bytes(), &block].concat();
                if with_checksum {
                    let sum = crc32c(&header).to_be_bytes();
                    let end = header.len();
                    header[end - 4..].copy_from_slice(&sum);
                }
                header
            },
        )
    }

    fn input() -> impl Strategy<Value = Vec<u8>> {
        let beginning = prop_oneof![4 => line(), 4 => header(), 1 => vec(any::<u8>(), 0..130)];
        let change = prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>()));
        (beginning, vec(any::<u8>(), 0..20), change).prop_map(|(mut input, rest, change)| {
            if let Some((index, byte)) = change.filter(|_| !input.is_empty()) {
                let at = index.index(input.len());
                input[at] = byte;
            }
            input.extend(rest);
            input
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

        #[test]
        fn a_header_is_the_same_in_any_pieces(input in input(), cuts in vec(any::<prop::sample::Index>(), 0..6)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
            cuts.extend([0, input.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
            check(&pieces);
            check(&input.chunks(1).collect::<Vec<_>>());
        }
    }
}
