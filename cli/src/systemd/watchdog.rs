//! The watchdog of the service manager (sd_watchdog_enabled(3)): it restarts a service that does not report in time.
//!
//! A report says that the server makes progress, not that this thread does: work that waits in the server's sockets, while
//! nothing has been accepted or received since the report before, is none.

use std::time::{Duration, Instant};

use capsock::Server;

use super::notifier::Notifier;

pub(crate) struct Watchdog {
    /// Half of the time after which the manager acts.
    interval: Duration,
    next: Instant,
    /// What the server had done at the last report.
    done: u64,
}

impl Watchdog {
    /// That of the environment, if it is for this process.
    pub(crate) fn of_environment() -> Option<Watchdog> {
        let variable = |name| std::env::var(name).ok();
        let interval = interval(
            variable("WATCHDOG_USEC").as_deref(),
            variable("WATCHDOG_PID").as_deref(),
            std::process::id(),
        )?;
        Some(Watchdog { interval, next: Instant::now() + interval, done: 0 })
    }

    /// When a report is due.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// Reports, if it is time to, and the server makes progress.
    pub(crate) fn report_if_due(&mut self, server: &Server, notifier: &Notifier) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + self.interval;
        let done = done(server);
        if done != self.done || !server.has_waiting_work() {
            notifier.makes_progress();
        }
        self.done = done;
    }
}

/// A number that grows with all that the server does.
fn done(server: &Server) -> u64 {
    let stats = server.stats();
    [
        stats.connections_accepted,
        stats.connections_refused,
        stats.requests,
        stats.bytes_received,
        stats.datagrams_received,
    ]
    .into_iter()
    .fold(0, u64::wrapping_add)
}

/// Half of the manager's time limit; `None` without one, or with that of another process.
fn interval(microseconds: Option<&str>, process: Option<&str>, own: u32) -> Option<Duration> {
    let limit = microseconds?.parse::<u64>().ok().filter(|limit| *limit > 1)?;
    let is_own = process.is_none_or(|process| process.parse() == Ok(own));
    is_own.then(|| Duration::from_micros(limit / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_due_at_half_of_the_limit() {
        for (microseconds, process, expected) in [
            (None, None, None),
            (Some("30000000"), None, Some(15_000_000)),
            (Some("30000000"), Some("7"), Some(15_000_000)),
            (Some("30000000"), Some("8"), None),
            (Some("30000000"), Some(""), None),
            (Some("0"), None, None),
            (Some("-1"), None, None),
            (Some("soon"), None, None),
        ] {
            let expected = expected.map(Duration::from_micros);
            assert_eq!(interval(microseconds, process, 7), expected, "{microseconds:?} {process:?}");
        }
    }
}
