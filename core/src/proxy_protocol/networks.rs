//! The networks from which a header is believed.

use std::net::{IpAddr, Ipv6Addr};

/// Networks, as in `10.0.0.0/8, 192.0.2.7, 2001:db8::/32`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Networks(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// All addresses.
    Any,
    /// The addresses that have the bits of `mask` in common. An IPv4 address is the IPv4-mapped IPv6 address.
    Prefix { bits: u128, mask: u128 },
}

impl Networks {
    /// The word for all addresses.
    const ANY: &str = "any";

    /// Reads a list with commas; spaces around them are ignored. `None` if the text is empty.
    ///
    /// # Errors
    /// Why it is no list, and what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Option<Networks>, (String, String)> {
        if text.is_empty() {
            return Ok(None);
        }
        text.split(',')
            .map(|entry| Network::parse(entry.trim()))
            .collect::<Result<_, _>>()
            .map(|all| Some(Networks(all)))
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address.to_canonical()))
    }
}

impl Network {
    fn parse(text: &str) -> Result<Network, (String, String)> {
        if text == Networks::ANY {
            return Ok(Network::Any);
        }
        let refuse = |why: &str, advice: String| Err((format!("{text:?} is no network: {why}"), advice));
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            let advice =
                "write IP addresses or networks such as 10.0.0.0/8, with commas between them, or any";
            return refuse("it has no IP address", advice.to_owned());
        };
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => longest,
            Some(length) => match number(length) {
                Some(length) if length <= longest => length,
                _ => return refuse("the length of its prefix is wrong", format!("give 0 to {longest} bits")),
            },
        };
        let others = 128 - if address.is_ipv4() { 96 + length } else { length };
        let mask = u128::MAX.checked_shl(others).unwrap_or(0);
        let bits = bits(address) & mask;
        if bits != self::bits(address) {
            let network = Ipv6Addr::from_bits(bits);
            let network = if address.is_ipv4() { network.to_canonical() } else { network.into() };
            return refuse("its address has bits behind the prefix", format!("write {network}/{length}"));
        }
        Ok(Network::Prefix { bits, mask })
    }

    fn contains(self, address: IpAddr) -> bool {
        match self {
            Network::Any => true,
            // The prefix of an IPv6 network has no IPv4 addresses, although they are mapped.
            Network::Prefix { mask, .. } if address.is_ipv4() && mask & IPV4_PREFIX != IPV4_PREFIX => false,
            Network::Prefix { bits, mask } => self::bits(address) & mask == bits,
        }
    }
}

/// The bits that all IPv4-mapped addresses have in common.
const IPV4_PREFIX: u128 = !(u32::MAX as u128);

/// A number without a sign.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str) -> Networks {
        Networks::parse(text).unwrap().unwrap()
    }

    #[test]
    fn an_address_is_in_a_network_by_the_bits_of_its_prefix() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.7/32", "::ffff:192.0.2.7", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("10.0.0.0/31, 192.0.2.0/25 ,::1", "192.0.2.127", true),
            ("10.0.0.0/31, 192.0.2.0/25 ,::1", "192.0.2.128", false),
            ("10.0.0.0/31, 192.0.2.0/25 ,::1", "::1", true),
            ("10.0.0.0/31, 192.0.2.0/25 ,::1", "10.0.0.1", true),
            ("any", "192.0.2.1", true),
            ("any", "2001:db8::1", true),
            ("::1,any", "192.0.2.1", true),
        ];
        for (list, address, expected) in table {
            assert_eq!(networks(list).contains(address.parse().unwrap()), expected, "{address} in {list}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused_with_what_to_write() {
        assert_eq!(Networks::parse(""), Ok(None));
        let table = [
            (" ", "such as 10.0.0.0/8"),
            ("10.0.0.1,,::1", "such as 10.0.0.0/8"),
            ("10.0.0.1,", "such as 10.0.0.0/8"),
            ("balancer.example", "such as 10.0.0.0/8"),
            ("10.0.0/8", "such as 10.0.0.0/8"),
            ("[::1]", "such as 10.0.0.0/8"),
            ("10.0.0.0/33", "0 to 32 bits"),
            ("::/129", "0 to 128 bits"),
            ("10.0.0.0/+8", "0 to 32 bits"),
            ("10.0.0.0/", "0 to 32 bits"),
            ("10.0.0.0/8/9", "0 to 32 bits"),
            ("10.1.2.3/8", "write 10.0.0.0/8"),
            ("2001:db8::1/32", "write 2001:db8::/32"),
            ("1.0.0.0/0", "write 0.0.0.0/0"),
            ("::ffff:10.1.2.3/104", "write ::ffff:10.0.0.0/104"),
            ("Any", "or any"),
        ];
        for (list, advice) in table {
            let (why, advised) = Networks::parse(list).unwrap_err();
            assert!(why.contains("is no network") && advised.contains(advice), "{list}: {why}; {advised}");
        }
    }
}
