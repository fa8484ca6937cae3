//! The optional system calls.
//!
//! Which of them the kernel has, and a sandbox permits, is probed once, before the first server or client asks. For
//! each of them there is an alternative.

use std::fmt;
use std::sync::OnceLock;

use super::probe::Probe;
use crate::error::{Error, Result};

/// A set of optional system calls: servers and clients are faster with them, and work without them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Features(pub(super) u64);

impl Features {
    /// The empty set.
    pub const NONE: Features = Features(0);

    /// The set as a number: the sum of its features' bits, which are those of the C enumeration `capsock_feature`.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The set with this number, as [`bits`](Features::bits) returns it. Unknown bits are ignored.
    #[must_use]
    pub fn from_bits(bits: u64) -> Features {
        Features::ALL
            .iter()
            .filter(|(one, _)| bits & one.0 != 0)
            .fold(Features::NONE, |set, (one, _)| set.union(*one))
    }

    /// Whether this set contains all of `other`.
    #[must_use]
    pub fn has(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }

    /// The features in this set or in `other`.
    #[must_use]
    pub const fn union(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// The features in this set and in `other`.
    #[must_use]
    pub fn intersection(self, other: Features) -> Features {
        Features(self.0 & other.0)
    }

    /// The features in this set and not in `other`.
    #[must_use]
    pub fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    /// The names of the features in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Features::ALL.iter().filter(move |(one, _)| self.has(*one)).map(|(_, name)| *name)
    }

    /// The features of this machine, which are probed once in a process. The empty set if they cannot be probed now,
    /// for want of descriptors for instance.
    #[must_use]
    pub fn of_this_machine() -> Features {
        static FOUND: OnceLock<Features> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return *found;
        }
        let Ok(probe) = Probe::run() else { return Features::NONE };
        let found = [
            (probe.blocking_receive, Features::BLOCKING_RECEIVE),
            (probe.recvmmsg, Features::RECVMMSG),
            (probe.udp_segment, Features::UDP_SEGMENT),
            (probe.udp_gro, Features::UDP_GRO),
            (probe.pidfd, Features::PIDFD),
            (probe.original_destination, Features::ORIG_DST),
            (probe.loopback_addresses, Features::LOOPBACK_ADDRESSES),
        ];
        let found = found.into_iter().filter(|(there, _)| *there);
        *FOUND.get_or_init(|| found.fold(Features::NONE, |set, (_, one)| set.union(one)))
    }

    /// The features that the environment variable `CAPSOCK_WITHOUT` names, separated by commas.
    pub(crate) fn excluded_by_environment() -> Result<Features> {
        std::env::var("CAPSOCK_WITHOUT").map_or(Ok(Features::NONE), |names| names.parse())
    }
}

impl std::str::FromStr for Features {
    type Err = Error;

    /// Names separated by commas.
    fn from_str(names: &str) -> Result<Features> {
        let mut set = Features::NONE;
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let Some((one, _)) = Features::ALL.iter().find(|(_, known)| *known == name) else {
                let known: Vec<_> = Features::ALL.iter().map(|(_, name)| *name).collect();
                let advice = format!("there are {}", known.join(", "));
                return Err(Error::invalid("select the features", format!("unknown feature {name:?}"))
                    .advise(&advice));
            };
            set = set.union(*one);
        }
        Ok(set)
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.names();
        f.write_str(names.next().unwrap_or("none"))?;
        names.try_for_each(|name| write!(f, ", {name}"))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Features({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bits() {
        let table =
            [("", 0), ("recvmmsg", 2), ("udp-gro,blocking-receive", 9), (" udp-segment , udp-gro,", 12)];
        for (names, bits) in table {
            let set: Features = names.parse().unwrap();
            assert_eq!((set.bits(), Features::from_bits(bits)), (bits, set), "{names}");
        }
        assert_eq!(
            Features::from_bits(u64::MAX).to_string(),
            "blocking-receive, recvmmsg, udp-segment, udp-gro, pidfd, orig-dst, loopback-addresses"
        );
        assert_eq!(Features::NONE.to_string(), "none");
        let error = "udp-gro,gso".parse::<Features>().unwrap_err().to_string();
        assert!(error.contains("unknown feature \"gso\"") && error.contains("udp-segment"), "{error}");
    }
}
