//! A limit in time that a busy machine does not use up.

use std::time::{Duration, Instant};

use crate::proc;
use crate::submission::Submission;

/// What counts of the time between two looks at most: beyond it, the judge has not run.
const LOOK: Duration = Duration::from_millis(100);
/// After so many times the limit it is over however busy the machine is, or the program that computes for ever.
const AT_MOST: u32 = 8;

/// The time that a program had for something: while one of its threads runs, or waits for a processor, it is not counted.
pub(crate) struct Timer<'a> {
    submission: &'a Submission,
    limit: Duration,
    begin: Instant,
    last: Instant,
    used: Duration,
}

impl<'a> Timer<'a> {
    pub(crate) fn new(submission: &'a Submission, limit: Duration) -> Timer<'a> {
        let begin = Instant::now();
        Timer { submission, limit, begin, last: begin, used: Duration::ZERO }
    }

    /// Whether the time is over. It is asked several times a second.
    pub(crate) fn over(&mut self) -> bool {
        let now = Instant::now();
        let since = now.saturating_duration_since(self.last).min(LOOK);
        self.last = now;
        if !proc::busy(&self.submission.processes()) {
            self.used += since;
        }
        self.used > self.limit || self.begin.elapsed() > self.limit * AT_MOST
    }
}
