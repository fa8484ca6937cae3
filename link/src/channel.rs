//! One direction of a UDP link: from a datagram that has arrived to those that are sent, without a socket or a clock.
//!
//! In this order a datagram is lost, is copied, has a bit inverted, waits for the transmission of those before it, is
//! transmitted at the rate, and is delayed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use capsock::trace::Impairment;

use crate::fate::{Fate, Fates, corrupt};
use crate::queue::{Key, Queue};
use crate::totals::DatagramTotals;

/// How long a reordered datagram waits for one to let pass.
pub(crate) const REORDER_LIMIT: Duration = Duration::from_millis(100);

/// A direction of a link; `T` says where a datagram goes.
#[derive(Debug)]
pub(crate) struct Channel<T> {
    fates: Fates,
    queue: Queue<Held<T>>,
    /// When the transmission of all that has arrived ends.
    free: Option<Instant>,
    /// The reordered datagrams that wait for one to let pass.
    behind: BTreeSet<Key>,
    pub(crate) totals: DatagramTotals,
}

/// A datagram that waits.
#[derive(Debug)]
struct Held<T> {
    bytes: Box<[u8]>,
    to: T,
    mark: Option<Impairment>,
}

/// What happens to the datagram that arrives next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Next {
    fate: Fate,
    overflows: bool,
}

impl Next {
    /// Why it is not sent on.
    pub(crate) fn ends(&self) -> Option<Impairment> {
        match self {
            Next { fate: Fate { lost: true, .. }, .. } => Some(Impairment::Lost),
            Next { overflows: true, .. } => Some(Impairment::Overflowed),
            _ => None,
        }
    }

    /// All that happens to it on purpose, but its delay.
    pub(crate) fn impairments(&self) -> impl Iterator<Item = Impairment> {
        let Fate { duplicated, reordered, corrupted, .. } = self.fate;
        let sent = [
            (duplicated, Impairment::Duplicated),
            (reordered, Impairment::Reordered),
            (corrupted.is_some(), Impairment::Corrupted),
        ];
        let ends = self.ends();
        let sent =
            sent.into_iter().filter(move |(is, _)| *is && ends.is_none()).map(|(_, impairment)| impairment);
        ends.into_iter().chain(sent)
    }

    fn mark(&self) -> Option<Impairment> {
        let reordered = self.fate.reordered.then_some(Impairment::Reordered);
        self.fate.corrupted.map(|_| Impairment::Corrupted).or(reordered)
    }
}

impl<T: Copy> Channel<T> {
    /// `most`: the most datagrams that it holds.
    pub(crate) fn new(fates: Fates, most: usize) -> Channel<T> {
        let totals = DatagramTotals::default();
        Channel { fates, queue: Queue::new(most), free: None, behind: BTreeSet::new(), totals }
    }

    /// The number of the datagram that arrives next.
    pub(crate) fn number(&self) -> u64 {
        self.totals.received + 1
    }

    pub(crate) fn next(&self) -> Next {
        let fate = self.fates.of(self.number());
        let held = fate.reordered || !fate.delay.is_zero() || self.fates.impairments().rate.is_some();
        Next { fate, overflows: held && !self.queue.has_room() }
    }

    /// A datagram arrives that is not sent on.
    pub(crate) fn end(&mut self, next: Next) {
        self.totals.received += 1;
        next.impairments().for_each(|impairment| self.totals.count(impairment));
    }

    /// A datagram arrives that is sent on: `send` sends what is sent at once, and returns whether it could. Returns when
    /// the last of it is due.
    pub(crate) fn arrive(
        &mut self,
        next: Next,
        now: Instant,
        bytes: &mut [u8],
        to: T,
        send: &mut impl FnMut(&[u8], T, Option<Impairment>) -> bool,
    ) -> Instant {
        self.end(next);
        if let Some(bit) = next.fate.corrupted {
            corrupt(bytes, bit);
        }
        let transmitted = self.transmitted(now, bytes.len());
        let due = transmitted + next.fate.delay;
        let mut last = self.leave(now, due, next, next.mark(), bytes, to, send);
        if next.fate.duplicated {
            let due = transmitted + next.fate.copy_delay;
            last = last.max(self.leave(now, due, next, Some(Impairment::Duplicated), bytes, to, send));
        }
        if !next.fate.reordered && !self.behind.is_empty() {
            for key in std::mem::take(&mut self.behind) {
                self.queue.postpone(key, due.max(key.due - REORDER_LIMIT));
            }
            // Those that follow a datagram which went at once go before the one that arrives next.
            self.flush(now, send);
        }
        last
    }

    #[allow(clippy::too_many_arguments, reason = "a part of `arrive`")]
    fn leave(
        &mut self,
        now: Instant,
        due: Instant,
        next: Next,
        mark: Option<Impairment>,
        bytes: &[u8],
        to: T,
        send: &mut impl FnMut(&[u8], T, Option<Impairment>) -> bool,
    ) -> Instant {
        if due <= now && !next.fate.reordered {
            let sent = send(bytes, to, mark);
            self.totals.left(sent);
            return due;
        }
        let due = if next.fate.reordered { due + REORDER_LIMIT } else { due };
        let Some(key) = self.queue.push(due, bytes.len(), Held { bytes: bytes.into(), to, mark }) else {
            // The original has taken the last place.
            self.totals.duplicated -= 1;
            return now;
        };
        if next.fate.reordered {
            self.behind.insert(key);
        }
        due
    }

    /// When the transmission of so many bytes that arrive now ends.
    fn transmitted(&mut self, now: Instant, bytes: usize) -> Instant {
        let Some(rate) = self.fates.impairments().rate else { return now };
        let end = self.free.map_or(now, |free| free.max(now)) + rate.time_of(bytes);
        self.free = Some(end);
        end
    }

    /// Sends what is due.
    pub(crate) fn flush(
        &mut self,
        now: Instant,
        send: &mut impl FnMut(&[u8], T, Option<Impairment>) -> bool,
    ) {
        while let Some((key, Held { bytes, to, mark })) = self.queue.pop(now) {
            self.behind.remove(&key);
            let sent = send(&bytes, to, mark);
            self.totals.left(sent);
        }
    }

    /// When to flush.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.queue.next_due()
    }

    /// How many datagrams it holds.
    pub(crate) fn held(&self) -> u64 {
        self.queue.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Direction, Impairments};

    const MS: Duration = Duration::from_millis(1);

    fn impairments(words: &[(&str, &str)]) -> Impairments {
        let mut all = Impairments::default();
        for (name, value) in words {
            let chance = || value.parse().expect("a chance");
            let time = || value.parse::<crate::Delay>().expect("a time").0;
            match *name {
                "loss" => all.loss = chance(),
                "drop" => all.drop = value.parse().expect("numbers"),
                "duplicate" => all.duplicate = chance(),
                "reorder" => all.reorder = chance(),
                "corrupt" => all.corrupt = chance(),
                "delay" => all.delay = time(),
                "jitter" => all.jitter = time(),
                "rate" => all.rate = Some(value.parse().expect("a rate")),
                other => panic!("{other}"),
            }
        }
        all
    }

    /// What is sent, and after how many milliseconds, of one datagram every 10 ms whose payload is its number.
    fn run(all: Impairments, count: u8, most: usize) -> (Vec<(u8, u128)>, DatagramTotals) {
        let start = Instant::now();
        let mut channel = Channel::new(Fates::new(7, Direction::Up, all), most);
        let mut sent = Vec::new();
        for tick in 0..10_000_u32 {
            let now = start + tick * MS;
            let mut send = |bytes: &[u8], (): (), _| {
                sent.push((bytes[0], (now - start).as_millis()));
                true
            };
            channel.flush(now, &mut send);
            if tick % 10 == 0 && tick / 10 < u32::from(count) {
                let next = channel.next();
                if next.ends().is_some() {
                    channel.end(next);
                } else {
                    channel.arrive(next, now, &mut [(tick / 10) as u8 + 1], (), &mut send);
                }
            }
        }
        assert_eq!((channel.held(), channel.behind.len()), (0, 0));
        (sent, channel.totals)
    }

    #[test]
    fn each_impairment_alone() {
        let numbers = |sent: &[(u8, u128)]| sent.iter().map(|(number, _)| *number).collect::<Vec<_>>();
        let (sent, totals) = run(Impairments::default(), 3, 10);
        assert_eq!(sent, [(1, 0), (2, 10), (3, 20)]);
        assert_eq!((totals.received, totals.sent), (3, 3));

        let (sent, totals) = run(impairments(&[("drop", "1,3")]), 4, 10);
        assert_eq!((numbers(&sent), totals.lost), (vec![2, 4], 2));

        let (sent, _) = run(impairments(&[("duplicate", "100%")]), 2, 10);
        assert_eq!(sent, [(1, 0), (1, 0), (2, 10), (2, 10)]);

        let (sent, _) = run(impairments(&[("delay", "25ms")]), 3, 10);
        assert_eq!(sent, [(1, 25), (2, 35), (3, 45)]);

        // A byte takes 20 ms, twice as long as the time between two.
        let (sent, _) = run(impairments(&[("rate", "400bit"), ("delay", "5ms")]), 3, 10);
        assert_eq!(sent, [(1, 25), (2, 45), (3, 65)]);

        // Nothing follows, so that each waits in vain.
        let (sent, totals) = run(impairments(&[("reorder", "100%"), ("delay", "5ms")]), 2, 10);
        assert_eq!((sent, totals.reordered), (vec![(1, 105), (2, 115)], 2));

        let (sent, totals) = run(impairments(&[("corrupt", "100%")]), 3, 10);
        let flipped: Vec<_> =
            sent.iter().zip(1..).map(|((got, _), number): (_, u8)| (got ^ number).count_ones()).collect();
        assert_eq!((flipped, totals.corrupted), (vec![1, 1, 1], 3));
    }

    #[test]
    fn a_reordered_datagram_comes_after_the_next() {
        let (sent, totals) = run(impairments(&[("reorder", "30%")]), 20, 10);
        let reordered = which(|fate| fate.reordered, impairments(&[("reorder", "30%")]), 20);
        let mut expected = Vec::new();
        let mut behind = Vec::new();
        for number in 1..=20 {
            if reordered.contains(&number) {
                behind.push(number);
            } else {
                expected.push(number);
                expected.append(&mut behind);
            }
        }
        expected.append(&mut behind);
        assert_eq!(sent.iter().map(|(number, _)| *number).collect::<Vec<_>>(), expected);
        assert_eq!(totals.reordered, reordered.len() as u64);
        assert!(!reordered.is_empty());
    }

    /// However many arrive before the queue is looked at.
    #[test]
    fn a_reordered_datagram_comes_after_the_next_and_before_those_behind_it() {
        let mut channel = Channel::new(Fates::new(7, Direction::Up, impairments(&[("reorder", "30%")])), 10);
        let now = Instant::now();
        let mut sent = Vec::new();
        for number in 1..=9 {
            let next = channel.next();
            channel.arrive(next, now, &mut [number], (), &mut |bytes, (), _| {
                sent.push(bytes[0]);
                true
            });
        }
        // 3, 6 and 8 are reordered.
        assert_eq!(sent, [1, 2, 4, 3, 5, 7, 6, 9, 8]);
    }

    fn which(is: impl Fn(Fate) -> bool, all: Impairments, count: u8) -> Vec<u8> {
        let fates = Fates::new(7, Direction::Up, all);
        (1..=count).filter(|number| is(fates.of(u64::from(*number)))).collect()
    }

    #[test]
    fn what_the_queue_does_not_hold_is_dropped_from_its_tail() {
        let (sent, totals) = run(impairments(&[("delay", "35ms")]), 8, 2);
        // 1 and 2 are held until 35 and 45 ms.
        assert_eq!(sent, [(1, 35), (2, 45), (5, 75), (6, 85)]);
        assert_eq!((totals.overflowed, totals.sent), (4, 4));
    }

    proptest! {
        #[test]
        fn nothing_is_created_and_nothing_vanishes(
            loss in 0..100_u8, duplicate in 0..100_u8, reorder in 0..=100_u8, corrupt in 0..100_u8,
            delay in 0..60_u8, jitter in 0..60_u8, most in 1..20_usize, count in 0..100_u8,
        ) {
            let percent = |number: u8| format!("{number}%");
            let all = impairments(&[
                ("loss", &percent(loss)), ("duplicate", &percent(duplicate)), ("reorder", &percent(reorder)),
                ("corrupt", &percent(corrupt)), ("delay", &format!("{delay}ms")), ("jitter", &format!("{jitter}ms")),
            ]);
            let (sent, totals) = run(all.clone(), count, most);
            prop_assert_eq!(totals.received, u64::from(count));
            prop_assert_eq!(totals.sent, sent.len() as u64);
            prop_assert_eq!(totals.received + totals.duplicated, totals.sent + totals.lost + totals.overflowed);
            prop_assert_eq!((sent, totals), run(all, count, most), "the same seed, the same fates");
        }
    }
}
