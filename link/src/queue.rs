//! What a direction of a link holds until it is due: bounded, in the order of time.

use std::collections::BTreeMap;
use std::time::Instant;

/// The most bytes that a queue holds, to which one more datagram may be added.
pub(crate) const MOST_BYTES: usize = 16 << 20;

/// The place of an entry: when it is due, and its order among those of the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) due: Instant,
    sequence: u64,
}

/// Entries that are due at a time, in the order of that time and then of their arrival.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    entries: BTreeMap<Key, (usize, T)>,
    /// The most entries.
    most: usize,
    bytes: usize,
    sequence: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new(most: usize) -> Queue<T> {
        Queue { entries: BTreeMap::new(), most, bytes: 0, sequence: 0 }
    }

    /// Whether another one is taken.
    pub(crate) fn has_room(&self) -> bool {
        self.entries.len() < self.most && self.bytes < MOST_BYTES
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an entry of so many bytes; `None` if there is no room.
    pub(crate) fn push(&mut self, due: Instant, bytes: usize, entry: T) -> Option<Key> {
        if !self.has_room() {
            return None;
        }
        let key = self.key(due);
        self.bytes += bytes;
        self.entries.insert(key, (bytes, entry));
        Some(key)
    }

    /// Changes when an entry is due; it comes after those that are due at that time already.
    pub(crate) fn postpone(&mut self, key: Key, due: Instant) {
        if let Some(entry) = self.entries.remove(&key) {
            let key = self.key(due);
            self.entries.insert(key, entry);
        }
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.entries.first_key_value().map(|(key, _)| key.due)
    }

    /// The first entry, if it is due.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Key, T)> {
        let first = self.entries.first_entry().filter(|first| first.key().due <= now)?;
        let (key, (bytes, entry)) = first.remove_entry();
        self.bytes -= bytes;
        Some((key, entry))
    }

    fn key(&mut self, due: Instant) -> Key {
        self.sequence += 1;
        Key { due, sequence: self.sequence }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn entries_come_in_the_order_of_their_time_and_then_of_their_arrival() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut queue = Queue::new(10);
        let keys: Vec<_> =
            [3, 1, 3, 2].into_iter().zip('a'..).map(|(due, name)| queue.push(at(due), 1, name)).collect();
        assert_eq!(queue.next_due(), Some(at(1)));
        assert_eq!(queue.pop(start), None);
        queue.postpone(keys[0].expect("room"), at(3));
        queue.postpone(keys[3].expect("room"), at(4));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(at(9))).map(|(_, name)| name).collect();
        assert_eq!(order, ['b', 'c', 'a', 'd']);
        assert_eq!(queue.bytes, 0);
    }

    #[test]
    fn it_is_bounded_in_entries_and_in_bytes() {
        let now = Instant::now();
        let mut queue = Queue::new(2);
        assert!(
            queue.push(now, 0, ()).is_some()
                && queue.push(now, 0, ()).is_some()
                && queue.push(now, 0, ()).is_none()
        );
        let mut queue = Queue::new(usize::MAX);
        while queue.push(now, 65_507, ()).is_some() {}
        assert!(queue.bytes < MOST_BYTES + 65_507);
        assert!(queue.pop(now).is_some() && queue.push(now, 1, ()).is_some());
    }
}
