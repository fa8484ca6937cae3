//! The processes that programs leave behind, for whoever starts programs, as `capsock show` does.

use std::thread;
use std::time::{Duration, Instant};

use crate::proc;
use crate::submission::{Subreaper, kill_and_reap};

/// How long killed processes are awaited.
const KILLED: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);

/// Kills, when it is dropped, every descendant of this process that was started while it lived: on Linux also those that
/// have left their process group or whose parent has ended; other systems do not tell of them.
pub struct Sweep {
    /// Children that were there before.
    others: Vec<u32>,
    _adopts: Subreaper,
}

impl Sweep {
    /// From now on.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it changes the process")]
    pub fn new() -> Sweep {
        Sweep { others: proc::children(std::process::id()), _adopts: Subreaper::new() }
    }

    /// Whether a thread of the descendants runs, or waits for a processor or a disk; false where the system does not tell.
    #[must_use]
    pub fn busy(&self) -> bool {
        proc::busy(&self.descendants())
    }

    fn descendants(&self) -> Vec<u32> {
        let all = proc::children(std::process::id());
        let started = all.iter().filter(|child| !self.others.contains(child));
        started.flat_map(|child| proc::tree(*child, &all)).collect()
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        let deadline = Instant::now() + KILLED;
        loop {
            let left = self.descendants();
            if left.is_empty() || Instant::now() > deadline {
                return;
            }
            left.into_iter().for_each(kill_and_reap);
            thread::sleep(POLL);
        }
    }
}
