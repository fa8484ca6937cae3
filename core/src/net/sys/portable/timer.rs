//! A timer of a selector: the timeout of its waits.

use std::time::{Duration, Instant};

use super::selector::Selector;
use crate::net::sys::errno::Sys;

/// Ends the waits of a selector after a delay, by their timeouts.
#[derive(Debug)]
pub(crate) struct Timer;

impl Timer {
    #[allow(clippy::unnecessary_wraps, reason = "that of Linux can fail")]
    pub(crate) fn new(_selector: &Selector, _token: u64) -> Sys<Timer> {
        Ok(Timer)
    }

    #[allow(clippy::unnecessary_wraps, reason = "that of Linux can fail")]
    pub(crate) fn set(&self, _delay: Option<Duration>) -> Sys<()> {
        Ok(())
    }

    /// The timeout that a wait needs for a timer that expires at `at`.
    pub(crate) fn timeout(at: Option<Instant>, now: Instant) -> Option<Duration> {
        at.map(|at| at.saturating_duration_since(now))
    }
}
