//! What every wait of a probe looks out for besides its answer: the end of the program, of the time, of the check.

use std::thread;
use std::time::{Duration, Instant};

use crate::stop::{Stop, fail};
use crate::submission::Submission;
use crate::words::seconds;

/// How often a wait looks.
pub(crate) const STEP: Duration = Duration::from_millis(20);
/// How long the end of a program is awaited that has broken off: it explains the break.
const EXPLANATION: Duration = Duration::from_millis(1500);

/// What a wait looks out for. Threads share it.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) submission: &'a Submission,
    /// How long each answer is awaited.
    pub(crate) patience: Duration,
    /// When the whole probe has to be over.
    pub(crate) end: Instant,
    pub(crate) interrupted: fn() -> bool,
}

impl Watch<'_> {
    /// Fails if there is nothing more to wait for.
    pub(crate) fn look(&self) -> Result<(), Stop> {
        if (self.interrupted)() {
            return Err(Stop::Interrupted);
        }
        if let Some(end) = self.submission.ended() {
            return fail(end);
        }
        if Instant::now() > self.end {
            return fail("the probe took too long; each answer came, but late");
        }
        Ok(())
    }

    /// A failure that the end of the program would explain.
    pub(crate) fn broken<T>(&self, seen: String) -> Result<T, Stop> {
        let until = Instant::now() + EXPLANATION;
        while Instant::now() < until {
            if let Some(end) = self.submission.ended() {
                return fail(format!("{seen}: {end}"));
            }
            thread::sleep(STEP);
        }
        fail(seen)
    }

    /// Waits until `there` is; false after `limit`.
    pub(crate) fn until(&self, limit: Duration, mut there: impl FnMut() -> bool) -> Result<bool, Stop> {
        let until = Instant::now() + limit;
        while !there() {
            self.look()?;
            if Instant::now() > until {
                return Ok(false);
            }
            thread::sleep(STEP / 4);
        }
        Ok(true)
    }

    /// `within 10 s`.
    pub(crate) fn within(&self) -> String {
        format!("within {}", seconds(self.patience))
    }
}
