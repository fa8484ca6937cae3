//! The fate of a datagram: a pure function of the seed, the direction and the datagram's number in that direction.
//!
//! Each impairment of each direction has a SplitMix64 generator (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", OOPSLA 2014) of its own, and the datagram with the number n gets the nth output of each, whether the
//! impairment is switched on or not. So no impairment shifts the draws of another, and a datagram's fate does not depend on
//! those before it.
//!
//! The generator of a draw is seeded with one output of the generator that the link's seed seeds: up with the output of
//! the draw's own number ([`Draw`]), down with that number plus 32. This is part of the interface: a later version keeps
//! it, and a new draw gets a new number.

use std::time::Duration;

use crate::direction::Direction;
use crate::quantities::{Chance, Numbers, Rate};

/// What a direction of a link does to datagrams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impairments {
    /// The chance that a datagram is lost.
    pub loss: Chance,
    /// The datagrams that are lost by their number.
    pub drop: Numbers,
    /// The chance that a datagram is sent twice.
    pub duplicate: Chance,
    /// The chance that a datagram is sent after the next one.
    pub reorder: Chance,
    /// The chance that a bit of a datagram is inverted.
    pub corrupt: Chance,
    /// How long a datagram is on its way, after its transmission.
    pub delay: Duration,
    /// The most by which that time is longer or shorter; all values between are equally likely.
    pub jitter: Duration,
    /// How fast payload is transmitted; `None` is at once.
    pub rate: Option<Rate>,
}

/// What happens to a datagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fate {
    /// It is not sent on. Then nothing else happens to it.
    pub lost: bool,
    /// It is sent twice.
    pub duplicated: bool,
    /// It is sent after the next datagram that is not itself reordered.
    pub reordered: bool,
    /// One bit is inverted: this number modulo the number of its bits, from the lowest bit of the first byte on.
    pub corrupted: Option<u64>,
    /// How long it is on its way.
    pub delay: Duration,
    /// How long its copy is, if it is sent twice.
    pub copy_delay: Duration,
}

/// The draws, and the number that each has for ever.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Loss = 1,
    Duplicate = 2,
    Reorder = 3,
    Corrupt = 4,
    CorruptBit = 5,
    Jitter = 6,
    CopyJitter = 7,
}

const DRAWS: usize = 8;
const DOWN: u64 = 32;

/// The fates of the datagrams of one direction.
#[derive(Debug, Clone)]
pub struct Fates {
    impairments: Impairments,
    /// The seed of each draw's generator.
    seeds: [u64; DRAWS],
}

impl Fates {
    /// Those of a seed.
    #[must_use]
    pub fn new(seed: u64, direction: Direction, impairments: Impairments) -> Fates {
        let first = if direction == Direction::Up { 0 } else { DOWN };
        let mut seeds = [0; DRAWS];
        for (draw, own) in (first..).zip(&mut seeds) {
            *own = output(seed, draw);
        }
        Fates { impairments, seeds }
    }

    /// What the fates follow.
    #[must_use]
    pub fn impairments(&self) -> &Impairments {
        &self.impairments
    }

    /// The fate of the datagram with this number, from 1.
    #[must_use]
    pub fn of(&self, number: u64) -> Fate {
        let Impairments { loss, drop, duplicate, reorder, corrupt, .. } = &self.impairments;
        if drop.contains(number) || self.met(*loss, Draw::Loss, number) {
            return Fate { lost: true, ..Fate::default() };
        }
        let corrupted = self.met(*corrupt, Draw::Corrupt, number);
        Fate {
            lost: false,
            duplicated: self.met(*duplicate, Draw::Duplicate, number),
            reordered: self.met(*reorder, Draw::Reorder, number),
            corrupted: corrupted.then(|| self.draw(Draw::CorruptBit, number)),
            delay: self.delay(Draw::Jitter, number),
            copy_delay: self.delay(Draw::CopyJitter, number),
        }
    }

    /// The delay of the piece of a stream with this number, from 1.
    pub(crate) fn delay_of(&self, number: u64) -> Duration {
        self.delay(Draw::Jitter, number)
    }

    fn met(&self, chance: Chance, draw: Draw, number: u64) -> bool {
        chance != Chance::NEVER && chance.met_by(self.draw(draw, number))
    }

    fn delay(&self, draw: Draw, number: u64) -> Duration {
        let Impairments { delay, jitter, .. } = self.impairments;
        if jitter.is_zero() {
            return delay;
        }
        let width = 2 * jitter.as_nanos() + 1;
        let drawn = (u128::from(self.draw(draw, number)) * width) >> 64;
        let nanoseconds = (delay.as_nanos() + drawn).saturating_sub(jitter.as_nanos());
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    fn draw(&self, draw: Draw, number: u64) -> u64 {
        output(self.seeds[draw as usize], number)
    }
}

/// The nth output, from 1, of SplitMix64.
fn output(seed: u64, nth: u64) -> u64 {
    let mut mixed = seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Inverts the bit of a corrupted datagram; an empty one has none.
pub(crate) fn corrupt(bytes: &mut [u8], bit: u64) {
    let bits = bytes.len() as u64 * 8;
    if let Some(bit) = bit.checked_rem(bits) {
        bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impaired(loss: &str, duplicate: &str, reorder: &str, corrupt: &str) -> Impairments {
        let chance = |text: &str| text.parse().expect("a chance");
        Impairments {
            loss: chance(loss),
            duplicate: chance(duplicate),
            reorder: chance(reorder),
            corrupt: chance(corrupt),
            delay: Duration::from_millis(40),
            jitter: Duration::from_millis(20),
            ..Impairments::default()
        }
    }

    /// The outputs that the reference implementation (Vigna, splitmix64.c) has for this seed.
    #[test]
    fn the_generator_is_splitmix64() {
        let expected = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ];
        assert_eq!([1, 2, 3, 4, 5].map(|nth| output(1_234_567, nth)), expected);
    }

    fn which(fates: &Fates, is: impl Fn(Fate) -> bool) -> Vec<u64> {
        (1..=30).filter(|number| is(fates.of(*number))).collect()
    }

    /// These numbers are part of the interface: a lesson that was written with a seed comes out the same for ever.
    #[test]
    fn the_fates_of_a_seed_stay_what_they_are() {
        let all = impaired("30%", "20%", "30%", "10%");
        let up = Fates::new(7, Direction::Up, all.clone());
        let down = Fates::new(7, Direction::Down, all);
        let found = [
            which(&up, |fate| fate.lost),
            which(&up, |fate| fate.duplicated),
            which(&up, |fate| fate.reordered),
            which(&up, |fate| fate.corrupted.is_some()),
            which(&down, |fate| fate.lost),
        ];
        let expected: [&[u64]; 5] = [
            &[6, 10, 13, 14, 21],
            &[8, 9, 15, 18, 20, 27, 28],
            &[3, 8],
            &[15, 25],
            &[4, 7, 9, 11, 20, 21, 23, 25],
        ];
        assert_eq!(found, expected);
        assert_eq!([1, 2].map(|number| up.of(number).delay.as_nanos()), [37_260_418, 21_632_760]);
        assert_eq!(up.of(15).corrupted, Some(18_004_147_961_176_038_448));
    }

    #[test]
    fn an_impairment_does_not_shift_the_draws_of_another() {
        let alone = Fates::new(42, Direction::Up, impaired("0", "50%", "0", "0"));
        let among = Fates::new(42, Direction::Up, impaired("30%", "50%", "50%", "50%"));
        for number in 1..1000 {
            let (alone, among) = (alone.of(number), among.of(number));
            assert!(among.lost || (alone.duplicated, alone.delay) == (among.duplicated, among.delay));
        }
    }

    #[test]
    fn chances_are_kept_and_delays_are_within_the_jitter() {
        let fates = Fates::new(1, Direction::Down, impaired("30%", "0", "0", "0"));
        let drawn: Vec<_> = (1..=100_000).map(|number| fates.of(number)).collect();
        let lost = drawn.iter().filter(|fate| fate.lost).count();
        assert!((29_500..30_500).contains(&lost), "{lost}");
        let delays: Vec<_> = drawn.iter().filter(|fate| !fate.lost).map(|fate| fate.delay).collect();
        let (shortest, longest) = (delays.iter().min(), delays.iter().max());
        assert!(
            *shortest.expect("some") < Duration::from_micros(20_100)
                && *shortest.expect("some") >= Duration::from_millis(20)
        );
        assert!(
            *longest.expect("some") > Duration::from_micros(59_900)
                && *longest.expect("some") <= Duration::from_millis(60)
        );
        let below =
            Impairments { delay: Duration::ZERO, jitter: Duration::from_millis(1), ..Impairments::default() };
        let fates = Fates::new(1, Direction::Up, below);
        assert!((1..100).any(|number| fates.of(number).delay == Duration::ZERO), "a delay is never negative");
    }

    #[test]
    fn a_pattern_loses_those_numbers() {
        let drop = "2,5".parse().expect("numbers");
        let fates = Fates::new(9, Direction::Up, Impairments { drop, ..Impairments::default() });
        assert_eq!(which(&fates, |fate| fate.lost), [2, 5]);
    }

    #[test]
    fn a_corrupted_datagram_differs_in_one_bit() {
        for (bit, expected) in [(0, [1, 0]), (9, [0, 2]), (16, [1, 0]), (u64::MAX, [0, 128])] {
            let mut bytes = [0, 0];
            corrupt(&mut bytes, bit);
            assert_eq!(bytes, expected);
        }
        corrupt(&mut [], 3);
    }
}
