//! What a person writes: chances, delays, rates, numbers of datagrams.

use std::str::FromStr;
use std::time::Duration;

/// The longest delay: an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// A probability: `30%`, or `0.3`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Chance(f64);

impl Eq for Chance {}

impl Chance {
    /// Never.
    pub const NEVER: Chance = Chance(0.0);

    /// Whether an equally distributed number is one of those on which the event occurs.
    pub(crate) fn met_by(self, drawn: u64) -> bool {
        // 2^64; the product is exact, and the conversion saturates.
        let below = (self.0 * 18_446_744_073_709_551_616.0) as u64;
        drawn < below || self.0 >= 1.0
    }
}

impl FromStr for Chance {
    type Err = String;

    fn from_str(text: &str) -> Result<Chance, String> {
        let (number, whole) = match text.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (text, 1.0),
        };
        let number = number_of(number).ok_or_else(|| format!("'{text}' is no chance: write 30% or 0.3"))?;
        let chance = number / whole;
        if whole == 1.0 && number >= 1.0 {
            return Err(format!("'{text}' may mean {number}% or more: write {number}%, or a number below 1"));
        }
        if chance > 1.0 {
            return Err(format!("'{text}' is more than 100%"));
        }
        Ok(Chance(chance))
    }
}

/// A time with its unit: `40ms`, `1.5s`, `200us`; `0` needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delay(pub Duration);

impl FromStr for Delay {
    type Err = String;

    fn from_str(text: &str) -> Result<Delay, String> {
        let wrong = || format!("'{text}' is no time: write 40ms, 1.5s or 200us");
        let digits = text.trim_end_matches(|character: char| character.is_alphabetic());
        let number = number_of(digits).ok_or_else(wrong)?;
        let unit = match &text[digits.len()..] {
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "" if number == 0.0 => 1.0,
            "" => return Err(format!("'{text}' has no unit: write {text}ms or {text}s")),
            _ => return Err(wrong()),
        };
        let time = Duration::try_from_secs_f64(number * unit).map_err(|_| wrong())?;
        if time > LONGEST {
            return Err(format!("'{text}' is too long: {} s at most", LONGEST.as_secs()));
        }
        Ok(Delay(time))
    }
}

/// A rate in bits per second: `1mbit`, `500kbit` as tc(8) writes it; `125kB/s` counts bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(u64);

impl Rate {
    /// The time that so many bytes take.
    #[must_use]
    pub fn time_of(self, bytes: usize) -> Duration {
        let nanoseconds = bytes as u128 * 8 * 1_000_000_000 / u128::from(self.0);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let wrong = || format!("'{text}' is no rate: write 1mbit, 500kbit, 8000bit or 125kB/s");
        let digits = text.trim_end_matches(|character: char| character.is_alphabetic() || character == '/');
        let number = number_of(digits).ok_or_else(wrong)?;
        let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "bit" | "bit/s" => 1e0,
            "kbit" | "kbit/s" => 1e3,
            "mbit" | "mbit/s" => 1e6,
            "gbit" | "gbit/s" => 1e9,
            "b/s" => 8e0,
            "kb/s" => 8e3,
            "mb/s" => 8e6,
            "gb/s" => 8e9,
            "bps" | "kbps" | "mbps" | "gbps" => {
                return Err(format!(
                    "'{text}' is bytes per second in tc(8) and bits elsewhere: write mbit or MB/s"
                ));
            }
            _ => return Err(wrong()),
        };
        let rate = number * unit;
        if !(1.0..=1e12).contains(&rate) {
            return Err(format!("'{text}' is out of range: 1bit to 1000gbit"));
        }
        Ok(Rate(rate as u64))
    }
}

/// A number of bytes: `1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Bytes, String> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.map(Bytes).ok_or_else(|| format!("'{text}' is no number of bytes"))
    }
}

/// Numbers of datagrams, from 1: `2,5`, `2,5-8`, `10-` (from the tenth on).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers(Vec<(u64, u64)>);

impl Numbers {
    /// Whether a number is one of them.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }
}

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Numbers, String> {
        let wrong =
            |part: &str| format!("'{part}' is no number from 1, nor a range: write 2,5 or 2,5-8 or 10-");
        let number =
            |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0 && !text.starts_with('+'));
        let range = |part: &str| match part.split_once('-') {
            None => number(part).map(|number| (number, number)),
            Some((first, "")) => number(first).map(|first| (first, u64::MAX)),
            Some((first, last)) => {
                Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last)
            }
        };
        let ranges = text.split(',').map(|part| range(part).ok_or_else(|| wrong(part)));
        ranges.collect::<Result<_, _>>().map(Numbers)
    }
}

/// A decimal number without a sign.
fn number_of(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances() {
        for (text, chance) in
            [("30%", 0.3), ("0.3", 0.3), ("0", 0.0), ("0%", 0.0), ("100%", 1.0), ("0.5%", 0.005)]
        {
            assert_eq!(text.parse(), Ok(Chance(chance)), "{text}");
        }
        for wrong in ["", "%", "30", "1", "101%", "-1%", "+1%", "nan", "inf%", "1e-2", "30 %"] {
            assert!(wrong.parse::<Chance>().is_err(), "{wrong}");
        }
        assert!(Chance(1.0).met_by(u64::MAX) && !Chance(0.0).met_by(0));
        assert!(Chance(0.5).met_by((1 << 63) - 1) && !Chance(0.5).met_by(1 << 63));
    }

    #[test]
    fn delays() {
        for (text, micros) in [
            ("40ms", 40_000),
            ("1s", 1_000_000),
            ("2.5s", 2_500_000),
            ("200us", 200),
            ("7µs", 7),
            ("0", 0),
            ("3600s", 3_600_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Delay(Duration::from_micros(micros))), "{text}");
        }
        for wrong in ["", "40", "ms", "-1ms", "1m", "3601s", "1e3ms", "nans", "1 ms", "ｍs", "0ｍs"] {
            assert!(wrong.parse::<Delay>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates() {
        for (text, rate) in [
            ("1mbit", 1_000_000),
            ("1.5Mbit", 1_500_000),
            ("500kbit/s", 500_000),
            ("8bit", 8),
            ("1gbit", 1_000_000_000),
            ("125kB/s", 1_000_000),
            ("1MB/s", 8_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Rate(rate)), "{text}");
        }
        for wrong in ["", "1", "1mbps", "0kbit", "0.5bit", "2000gbit", "mbit", "-1mbit", "1 mbit"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
        assert_eq!(Rate(1_000_000).time_of(1000), Duration::from_millis(8));
        assert!(Rate(1).time_of(usize::MAX) > LONGEST);
    }

    #[test]
    fn numbers() {
        let contained = |text: &str| {
            let numbers = text.parse::<Numbers>().expect("numbers");
            (0..12).filter(|number| numbers.contains(*number)).collect::<Vec<_>>()
        };
        assert_eq!(contained("2,5"), [2, 5]);
        assert_eq!(contained("1-3,7"), [1, 2, 3, 7]);
        assert_eq!(contained("10-"), [10, 11]);
        for wrong in ["", "0", "2,", ",2", "5-2", "-3", "a", "+1", "1-+2", "2 ,3"] {
            assert!(wrong.parse::<Numbers>().is_err(), "{wrong}");
        }
        assert!(!Numbers::default().contains(1));
    }
}
