//! The local ports that recent requests were sent from.

/// The number of ports in one of the two sets.
const SET_SIZE: usize = 2048;

/// The number of ports that the system may offer before one that was used recently is accepted.
pub(super) const ATTEMPTS: usize = 16;

/// The ports used last: at least [`SET_SIZE`] of them, at most twice as many. Without this, a port chosen by the
/// system would soon be used again: after 200 random choices a repetition is about as likely as not.
#[derive(Debug)]
pub(super) struct RecentPorts {
    current: PortSet,
    previous: PortSet,
}

#[derive(Debug)]
struct PortSet {
    /// A bit for each port.
    bits: Vec<u64>,
    count: usize,
}

impl PortSet {
    fn new() -> PortSet {
        PortSet { bits: vec![0; 65_536 / 64], count: 0 }
    }

    fn contains(&self, port: u16) -> bool {
        self.bits[usize::from(port) / 64] >> (port % 64) & 1 == 1
    }
}

impl RecentPorts {
    pub(super) fn new() -> RecentPorts {
        RecentPorts { current: PortSet::new(), previous: PortSet::new() }
    }

    /// Records a port as used. Returns `false` if it was used recently.
    pub(super) fn insert(&mut self, port: u16) -> bool {
        if self.current.contains(port) || self.previous.contains(port) {
            return false;
        }
        if self.current.count == SET_SIZE {
            self.drop_older();
        }
        self.current.bits[usize::from(port) / 64] |= 1 << (port % 64);
        self.current.count += 1;
        true
    }

    /// Removes all ports, for a system that has no others to offer.
    pub(super) fn clear(&mut self) {
        self.drop_older();
        self.drop_older();
    }

    /// Removes the older set.
    fn drop_older(&mut self) {
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current.bits.fill(0);
        self.current.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_refused_for_one_set_at_least_and_two_at_most() {
        let mut ports = RecentPorts::new();
        let count = SET_SIZE as u16;
        for port in 0..2 * count {
            assert!(ports.insert(port));
            assert!(!ports.insert(port));
        }
        assert!(!ports.insert(0), "two sets are kept");
        assert!(ports.insert(u16::MAX));
        assert!(ports.insert(0), "the first set has been dropped");
        assert!(!ports.insert(2 * count - 1));
    }
}
