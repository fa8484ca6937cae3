//! Whether datagrams come alone or together.
//!
//! recvmmsg(2) costs more than recvmsg(2) where it finds one datagram, and less for each where it finds
//! several. So a loop receives one by one while they come alone, and looks from time to time
//! whether they still do.

/// Datagrams received one by one before the next call asks for several.
const UNTIL_LOOK: u32 = 32;

/// Calls for several that brought one before the next ones ask for one.
const PATIENCE: u32 = 8;

#[derive(Debug)]
pub(super) struct Pace {
    /// Whether the system has a call for several.
    able: bool,
    together: bool,
    /// Calls since the last change that speak for another.
    count: u32,
}

impl Pace {
    pub(super) fn new(able: bool) -> Pace {
        Pace { able, together: false, count: 0 }
    }

    /// Whether the next call asks for several.
    pub(super) fn takes_several(&mut self) -> bool {
        if self.able && !self.together {
            self.count += 1;
        }
        self.able && (self.together || self.count > UNTIL_LOOK)
    }

    /// A call for several brought `count`.
    pub(super) fn took(&mut self, count: usize) {
        let together = count > 1;
        if together != self.together {
            self.count += 1;
        }
        if together || !self.together || self.count >= PATIENCE {
            (self.together, self.count) = (together, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which calls ask for several when each finds so many.
    fn calls(pace: &mut Pace, found: usize, calls: usize) -> usize {
        let mut several = 0;
        for _ in 0..calls {
            if pace.takes_several() {
                several += 1;
                pace.took(found);
            }
        }
        several
    }

    #[test]
    fn it_asks_for_several_while_several_come() {
        let mut pace = Pace::new(true);
        let seldom = calls(&mut pace, 1, 330);
        assert_eq!(seldom, 10, "while they come alone, a look now and then");
        assert!(calls(&mut pace, 5, 100) > 60, "together: soon all calls");
        assert_eq!(calls(&mut pace, 5, 100), 100);
        assert!(calls(&mut pace, 1, 100) < 12, "alone again: soon few");
    }

    #[test]
    fn one_that_is_alone_now_and_then_changes_nothing() {
        let mut pace = Pace::new(true);
        calls(&mut pace, 5, 100);
        for _ in 0..100 {
            assert_eq!(calls(&mut pace, 1, 3), 3);
            assert_eq!(calls(&mut pace, 5, 1), 1);
        }
    }

    #[test]
    fn without_the_call_it_never_asks() {
        assert_eq!(calls(&mut Pace::new(false), 5, 1000), 0);
    }
}
