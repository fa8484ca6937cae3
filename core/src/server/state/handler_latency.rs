//! How long the calls of a handler take: a histogram whose buckets are fixed. Each thread counts on cache lines of its
//! own, as it does for the totals.

use std::time::{Duration, Instant};

use super::counter::Counter;
use super::threads::{self, STRIPES};

/// The upper bounds of the buckets but the last, inclusive: in nanoseconds, and in seconds as the canonical numbers of
/// OpenMetrics.
pub(in crate::server) const BOUNDS: [(u64, &str); 19] = [
    (10_000, "1e-05"),
    (25_000, "2.5e-05"),
    (50_000, "5e-05"),
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1.0"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5.0"),
    (10_000_000_000, "10.0"),
];

/// The last bucket has no upper bound.
const BUCKETS: usize = BOUNDS.len() + 1;

/// Aligned to two cache lines, since processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Stripe {
    buckets: [Counter; BUCKETS],
    nanos: Counter,
}

/// The histogram of a server.
#[derive(Default)]
pub(super) struct HandlerLatency(Box<[Stripe; STRIPES]>);

/// The counts at one moment.
pub(in crate::server) struct LatencySnapshot {
    /// How many calls took at most as long as each bound, and last how many there were.
    pub(in crate::server) cumulative: [u64; BUCKETS],
    /// The time of all calls.
    pub(in crate::server) nanos: u64,
}

impl HandlerLatency {
    /// Makes a call, and counts how long it takes.
    ///
    /// Out of line: a server without this option pays for the branch around it alone.
    #[cold]
    #[inline(never)]
    pub(super) fn time<T>(&self, call: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let outcome = call();
        self.count(begun.elapsed());
        outcome
    }

    /// Counts a call that took so long.
    pub(super) fn count(&self, elapsed: Duration) {
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let stripe = &self.0[threads::number() % STRIPES];
        stripe.buckets[BOUNDS.partition_point(|(bound, _)| *bound < nanos)].add(1);
        stripe.nanos.add(nanos);
    }

    pub(super) fn snapshot(&self) -> LatencySnapshot {
        let total = |counter: &dyn Fn(&Stripe) -> u64| self.0.iter().map(counter).fold(0, u64::wrapping_add);
        let mut below = 0u64;
        let cumulative = std::array::from_fn(|index| {
            below = below.wrapping_add(total(&|stripe| stripe.buckets[index].get()));
            below
        });
        LatencySnapshot { cumulative, nanos: total(&|stripe| stripe.nanos.get()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_the_number_that_its_text_says() {
        for (nanos, text) in BOUNDS {
            let seconds: f64 = text.parse().unwrap();
            assert_eq!((seconds * 1e9).round() as u64, nanos, "{text}");
        }
        assert!(BOUNDS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn a_call_is_counted_in_the_bucket_of_its_time() {
        for (nanos, bucket) in [(0, 0), (10_000, 0), (10_001, 1), (1_000_000_000, 15), (10_000_000_001, 19)] {
            let latency = HandlerLatency::default();
            latency.count(Duration::from_nanos(nanos));
            latency.count(Duration::MAX);
            let LatencySnapshot { cumulative, nanos: sum } = latency.snapshot();
            let expected =
                std::array::from_fn(|index| u64::from(index >= bucket) + u64::from(index == BUCKETS - 1));
            assert_eq!((cumulative, sum), (expected, nanos.wrapping_add(u64::MAX)), "{nanos}");
        }
    }

    #[test]
    fn the_time_of_a_call_is_that_between_its_begin_and_its_end() {
        let latency = HandlerLatency::default();
        let begun = Instant::now();
        let inner = latency.time(|| {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(1) {}
            begun.elapsed()
        });
        let outer = begun.elapsed();
        let LatencySnapshot { cumulative, nanos } = latency.snapshot();
        assert_eq!((cumulative[5], cumulative[BUCKETS - 1]), (0, 1));
        assert!((inner.as_nanos()..=outer.as_nanos()).contains(&u128::from(nanos)), "{nanos}");
    }
}
