//! Numbers that stand for native objects.
//!
//! Java keeps a number, and each call takes a share of the object behind it for as long as the call
//! runs. So an object that is closed while another thread is in a call is freed when that call has
//! left, and a number that is no longer in the table finds nothing: no order of calls, from any
//! threads, reaches freed memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::failure::Failure;

/// The native objects of one type that Java holds.
pub(crate) struct Table<T> {
    what: &'static str,
    next: AtomicI64,
    objects: RwLock<BTreeMap<i64, Arc<T>>>,
}

impl<T> Table<T> {
    /// An empty table; `what` names an object in errors.
    pub(crate) const fn new(what: &'static str) -> Table<T> {
        Table { what, next: AtomicI64::new(1), objects: RwLock::new(BTreeMap::new()) }
    }

    /// The number of a new object. No number is given twice.
    pub(crate) fn insert(&self, object: T) -> i64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // Nothing panics under the lock, so that a poisoned table is still a whole one.
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.insert(number, Arc::new(object));
        number
    }

    /// A share of an object.
    pub(crate) fn get(&self, number: i64) -> Result<Arc<T>, Failure> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(&number).cloned().ok_or(Failure::ClosedBefore(self.what))
    }

    /// Takes an object out, if it is still there.
    pub(crate) fn remove(&self, number: i64) -> Option<Arc<T>> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}
