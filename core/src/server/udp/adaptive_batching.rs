//! Whether the next receive is for one datagram or for several.
//!
//! recvmmsg(2) costs more than recvmsg(2) if it returns one datagram, and less for each if it returns several. A worker
//! therefore receives one by one while datagrams arrive singly, and tries recvmmsg(2) from time to time.

/// The number of single receives before one for several is tried.
const SINGLES_BEFORE_TRIAL: u32 = 32;

/// The number of receives for several that return one datagram before single receives are used.
const TRIALS: u32 = 8;

#[derive(Debug)]
pub(super) struct AdaptiveBatching {
    /// Whether the system has recvmmsg(2).
    supported: bool,
    /// Whether datagrams arrive together.
    together: bool,
    /// Receives since the last change that suggest the opposite of `together`.
    count: u32,
}

impl AdaptiveBatching {
    pub(super) fn new(supported: bool) -> AdaptiveBatching {
        AdaptiveBatching { supported, together: false, count: 0 }
    }

    /// Whether the next receive is for several.
    pub(super) fn receives_several(&mut self) -> bool {
        if self.supported && !self.together {
            self.count += 1;
        }
        self.supported && (self.together || self.count > SINGLES_BEFORE_TRIAL)
    }

    /// Records that a receive for several returned `count`.
    pub(super) fn record(&mut self, count: usize) {
        let together = count > 1;
        if together != self.together {
            self.count += 1;
        }
        if together || !self.together || self.count >= TRIALS {
            (self.together, self.count) = (together, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of receives for several, if each finds `found` datagrams.
    fn calls(batching: &mut AdaptiveBatching, found: usize, calls: usize) -> usize {
        let mut several = 0;
        for _ in 0..calls {
            if batching.receives_several() {
                several += 1;
                batching.record(found);
            }
        }
        several
    }

    #[test]
    fn it_receives_several_while_datagrams_arrive_together() {
        let mut batching = AdaptiveBatching::new(true);
        let seldom = calls(&mut batching, 1, 330);
        assert_eq!(seldom, 10, "while they arrive singly, a trial now and then");
        assert!(calls(&mut batching, 5, 100) > 60, "together: soon all calls");
        assert_eq!(calls(&mut batching, 5, 100), 100);
        assert!(calls(&mut batching, 1, 100) < 12, "singly again: soon few");
    }

    #[test]
    fn a_single_datagram_now_and_then_changes_nothing() {
        let mut batching = AdaptiveBatching::new(true);
        calls(&mut batching, 5, 100);
        for _ in 0..100 {
            assert_eq!(calls(&mut batching, 1, 3), 3);
            assert_eq!(calls(&mut batching, 5, 1), 1);
        }
    }

    #[test]
    fn without_recvmmsg_it_receives_one() {
        assert_eq!(calls(&mut AdaptiveBatching::new(false), 5, 1000), 0);
    }
}
