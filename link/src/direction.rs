//! The two directions of a link, and values that are for one of them or for both.

use std::fmt;
use std::str::FromStr;

/// A direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the clients to the server.
    Up,
    /// From the server to the clients.
    Down,
}

impl Direction {
    /// Both directions.
    pub const BOTH: [Direction; 2] = [Direction::Up, Direction::Down];

    /// `up` or `down`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }

    /// The other direction.
    #[must_use]
    pub const fn opposite(self) -> Direction {
        match self {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value for each direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerDirection<T> {
    /// From the clients to the server.
    pub up: T,
    /// From the server to the clients.
    pub down: T,
}

impl<T> PerDirection<T> {
    /// The values that `value` returns for each direction.
    pub fn of(mut value: impl FnMut(Direction) -> T) -> PerDirection<T> {
        PerDirection { up: value(Direction::Up), down: value(Direction::Down) }
    }

    /// The value for a direction.
    #[must_use]
    pub const fn get(&self, direction: Direction) -> &T {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// The value for a direction, to change it.
    pub const fn get_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}

/// A value for one direction or for both, as text: `up:30%`, `down:30%`, `30%`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directed<T> {
    /// The direction; `None` is both.
    pub direction: Option<Direction>,
    /// The value.
    pub value: T,
}

impl<T> Directed<T> {
    /// Whether the value is for this direction.
    #[must_use]
    pub fn is_for(&self, direction: Direction) -> bool {
        self.direction.is_none_or(|own| own == direction)
    }

    /// The value that the last of some has for a direction.
    #[must_use]
    pub fn last_for(given: &[Directed<T>], direction: Direction) -> Option<&T> {
        given.iter().rev().find(|one| one.is_for(direction)).map(|one| &one.value)
    }
}

impl<T: FromStr<Err = String>> FromStr for Directed<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Directed<T>, String> {
        let (direction, value) = match text.split_once(':') {
            Some(("up", value)) => (Some(Direction::Up), value),
            Some(("down", value)) => (Some(Direction::Down), value),
            Some((other, _)) => {
                return Err(format!(
                    "'{other}' is no direction: up (to the server), down (to the client), or none for both"
                ));
            }
            None => (None, text),
        };
        Ok(Directed { direction, value: value.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chance;

    #[test]
    fn a_value_is_for_one_direction_or_for_both() {
        let given: Vec<Directed<Chance>> =
            ["10%", "up:20%"].iter().map(|text| text.parse().expect("a chance")).collect();
        let chance = |text: &str| text.parse::<Chance>().expect("a chance");
        assert_eq!(Directed::last_for(&given, Direction::Up), Some(&chance("20%")));
        assert_eq!(Directed::last_for(&given, Direction::Down), Some(&chance("10%")));
        assert_eq!(Directed::last_for(&given[1..], Direction::Down), None);
        for wrong in ["upward:1%", ":1%", "up:", "up:down:1%"] {
            assert!(wrong.parse::<Directed<Chance>>().is_err(), "{wrong}");
        }
    }
}
