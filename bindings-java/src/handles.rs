//! Tables of native objects, which Java refers to by number.
//!
//! Each call holds a shared reference to the object while it runs. If another thread closes the object during
//! a call, it is freed when that call returns. A number that is no longer in the table finds nothing. So no
//! order of calls, from any threads, accesses freed memory.
//!
//! A look-up takes no lock, since it precedes each call on a socket.

use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::{ArcSwapOption, Guard};

use crate::failure::Failure;

/// The low bits of a number are its slot, the high bits count how often the slot was used before.
const SLOT_BITS: u32 = 32;

/// The number of slots in the first block; each further block has twice as many as the one before.
const FIRST: u64 = 64;
const BLOCKS: usize = 26;

/// How often a slot is used. Then it stays empty, so that no number is given twice.
const USES: u64 = i32::MAX as u64;

type Slot<T> = ArcSwapOption<Entry<T>>;

/// The native objects of one type that Java holds.
pub(crate) struct Table<T> {
    what: &'static str,
    blocks: [OnceLock<Box<[Slot<T>]>>; BLOCKS],
    free: Mutex<Free>,
}

struct Free {
    /// The next numbers of the slots that were freed.
    numbers: Vec<u64>,
    /// The first slot that was never used.
    next: u64,
}

struct Entry<T> {
    number: i64,
    object: T,
}

/// A share of an object.
pub(crate) struct Share<T>(Arc<Entry<T>>);

/// A share of an object for the length of one call.
pub(crate) struct Borrowed<T>(Guard<Option<Arc<Entry<T>>>>);

impl<T> Deref for Share<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.object
    }
}

impl<T> Borrowed<T> {
    /// The object, if the number is in the table.
    pub(crate) fn object(&self) -> Option<&T> {
        self.0.as_ref().map(|entry| &entry.object)
    }
}

impl<T> Table<T> {
    /// An empty table; `what` names an object in errors.
    pub(crate) const fn new(what: &'static str) -> Table<T> {
        let free = Free { numbers: Vec::new(), next: 0 };
        Table { what, blocks: [const { OnceLock::new() }; BLOCKS], free: Mutex::new(free) }
    }

    /// The number of a new object, above 0. No number is given twice.
    pub(crate) fn insert(&self, object: T) -> i64 {
        let number = {
            // Nothing panics under the lock, so that a poisoned list is still a whole one.
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.numbers.pop().unwrap_or_else(|| {
                free.next += 1;
                (1 << SLOT_BITS) | (free.next - 1)
            })
        };
        let (block, within) = position(number);
        let slots =
            self.blocks[block].get_or_init(|| (0..FIRST << block).map(|_| ArcSwapOption::empty()).collect());
        let number = i64::try_from(number).expect("USES keeps it below");
        slots[within].store(Some(Arc::new(Entry { number, object })));
        number
    }

    fn slot(&self, number: i64) -> Option<&Slot<T>> {
        let (block, within) = position(u64::try_from(number).ok()?);
        self.blocks.get(block)?.get()?.get(within)
    }

    /// The object for one call; nothing if it was closed.
    pub(crate) fn borrow(&self, number: i64) -> Option<Borrowed<T>> {
        let entry = self.slot(number)?.load();
        entry.as_ref().is_some_and(|entry| entry.number == number).then_some(Borrowed(entry))
    }

    /// A share of an object.
    pub(crate) fn get(&self, number: i64) -> Result<Share<T>, Failure> {
        let entry = self.slot(number).and_then(ArcSwapOption::load_full);
        entry.filter(|entry| entry.number == number).map(Share).ok_or(Failure::ClosedBefore(self.what))
    }

    /// Takes an object out, if it is still there.
    pub(crate) fn remove(&self, number: i64) -> Option<Share<T>> {
        let slot = self.slot(number)?;
        let entry = slot.load_full().filter(|entry| entry.number == number)?;
        // Of several threads that take it out, one sees it gone by its own hand.
        let before = slot.compare_and_swap(&entry, None);
        if !before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &entry)) {
            return None;
        }
        let number = u64::try_from(number).ok()?;
        if number >> SLOT_BITS < USES {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.numbers.push(number + (1 << SLOT_BITS));
        }
        Some(Share(entry))
    }
}

/// The block of a number's slot, and the slot's index in the block.
fn position(number: u64) -> (usize, usize) {
    let index = (number & ((1 << SLOT_BITS) - 1)) + FIRST;
    let block = index.ilog2() - FIRST.ilog2();
    (block as usize, (index - (FIRST << block)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finds_its_object_until_it_is_taken_out() {
        let table = Table::new("number");
        let numbers: Vec<i64> = (0..1000).map(|object| table.insert(object)).collect();
        for (object, number) in numbers.iter().enumerate() {
            assert_eq!(table.get(*number).ok().as_deref(), Some(&object));
            assert_eq!(table.borrow(*number).unwrap().object(), Some(&object));
        }
        for number in &numbers {
            assert!(*number > 0 && table.remove(*number).is_some());
            assert!(table.remove(*number).is_none() && table.get(*number).is_err());
        }
        for object in 0..1000 {
            let number = table.insert(object);
            assert!(!numbers.contains(&number), "{number} was given before");
        }
        assert!(numbers.iter().all(|number| table.borrow(*number).is_none()));
    }

    #[test]
    fn nonsense_finds_nothing() {
        let table = Table::<()>::new("number");
        table.insert(());
        for number in [0, -1, 1, 63, 64, i64::MAX, i64::MIN, 1 << 32 | 1, 2 << 32] {
            assert!(table.get(number).is_err() && table.remove(number).is_none(), "{number}");
        }
    }

    #[test]
    fn one_of_many_threads_takes_an_object_out() {
        let table = Table::new("number");
        let number = table.insert(());
        let taken = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| table.remove(number).is_some())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|taken| *taken).count()
        });
        assert_eq!(taken, 1);
    }
}
