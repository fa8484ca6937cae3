//! The ports that requests left from lately.

/// How many ports make a generation.
const GENERATION: usize = 2048;

/// The last ports taken: at least [`GENERATION`] of them, at most twice as many. Random ports of the
/// system's would come again soon: after 200 requests one of them has been used, as likely as not.
#[derive(Debug)]
pub(super) struct Ports {
    current: Generation,
    previous: Generation,
}

#[derive(Debug)]
struct Generation {
    /// A bit for each port.
    bits: Vec<u64>,
    count: usize,
}

impl Generation {
    fn new() -> Generation {
        Generation { bits: vec![0; 65_536 / 64], count: 0 }
    }

    fn has(&self, port: u16) -> bool {
        self.bits[usize::from(port) / 64] >> (port % 64) & 1 == 1
    }
}

impl Ports {
    pub(super) fn new() -> Ports {
        Ports { current: Generation::new(), previous: Generation::new() }
    }

    /// Whether the port was not taken lately; then it is now.
    pub(super) fn take(&mut self, port: u16) -> bool {
        if self.current.has(port) || self.previous.has(port) {
            return false;
        }
        if self.current.count == GENERATION {
            self.forget();
        }
        self.current.bits[usize::from(port) / 64] |= 1 << (port % 64);
        self.current.count += 1;
        true
    }

    /// Lets the older half go, for a system that has no other ports.
    pub(super) fn forget(&mut self) {
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current.bits.fill(0);
        self.current.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_rests_for_a_generation_at_least_and_two_at_most() {
        let mut ports = Ports::new();
        let count = GENERATION as u16;
        for port in 0..2 * count {
            assert!(ports.take(port));
            assert!(!ports.take(port));
        }
        assert!(!ports.take(0), "two generations are kept");
        assert!(ports.take(u16::MAX));
        assert!(ports.take(0), "the first one is forgotten");
        assert!(!ports.take(2 * count - 1));
    }
}
