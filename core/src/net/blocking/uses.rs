//! The reference count of a socket's descriptor: the last call in progress closes it, so that no call uses a number that
//! has been reused.
//!
//! One atomic word holds whether the socket is closed, how many calls use it, and the process that counts them. A forked
//! child does not have its parent's calls, and starts its count at zero.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::net::sys::{count_forks, generation};

const CLOSED: u64 = 1 << 32;
/// With `CLOSED`: the descriptor has been detached and stays open.
const DETACHED: u64 = 1 << 33;
const COUNT: u64 = CLOSED - 1;

/// The fork generation is above the flags, truncated to 30 bits.
const GENERATION: u32 = 34;

fn current_generation_bits() -> u64 {
    u64::from(generation()) << GENERATION
}

fn is_of(word: u64, generation: u64) -> bool {
    word >> GENERATION == generation >> GENERATION
}

#[derive(Debug)]
pub(super) struct Uses(AtomicU64);

/// The fork generation in which a use was counted, as in the word.
#[derive(Debug, Clone, Copy)]
pub(super) struct UseGeneration(u64);

/// Whether a use was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    /// The socket is closed, and its descriptor is not used any more.
    Last,
    NotLast,
}

impl Uses {
    pub(super) fn new() -> Uses {
        count_forks();
        Uses(AtomicU64::new(current_generation_bits()))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Whether calls of this process are in progress.
    pub(super) fn in_use(&self) -> bool {
        let word = self.0.load(Ordering::SeqCst);
        is_of(word, current_generation_bits()) && word & COUNT != 0
    }

    /// Counts a use, and returns whether the socket is open. A use of a closed socket is counted as well, until it
    /// leaves.
    #[inline]
    pub(super) fn enter(&self) -> (UseGeneration, bool) {
        let current = current_generation_bits();
        let mut word = self.0.fetch_add(1, Ordering::SeqCst);
        if !is_of(word, current) {
            word = self.enter_after_a_fork(current);
        }
        (UseGeneration(current), word & CLOSED == 0)
    }

    /// The count is the parent's, plus this use.
    #[cold]
    fn enter_after_a_fork(&self, current: u64) -> u64 {
        let mut word = self.0.load(Ordering::SeqCst);
        loop {
            let mine =
                if is_of(word, current) { word + 1 } else { current | (word & (CLOSED | DETACHED)) | 1 };
            match self.0.compare_exchange(word, mine, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return word,
                Err(other) => word = other,
            }
        }
    }

    /// Ends a use.
    #[inline]
    pub(super) fn leave(&self, UseGeneration(generation): UseGeneration) -> Release {
        // A use that began before the fork is not counted in the child.
        if generation != current_generation_bits() || !is_of(self.0.load(Ordering::Relaxed), generation) {
            return Release::NotLast;
        }
        let word = self.0.fetch_sub(1, Ordering::SeqCst);
        let closes = word & (CLOSED | DETACHED) == CLOSED;
        if closes && word & COUNT == 1 { Release::Last } else { Release::NotLast }
    }

    /// Whether a use that was counted before a fork is not counted here.
    pub(super) fn is_uncounted_after_fork(&self, UseGeneration(generation): UseGeneration) -> bool {
        generation != current_generation_bits()
    }

    /// Closes the socket to further uses. `None` if it was closed, else whether it has no uses.
    pub(super) fn close(&self) -> Option<Release> {
        self.end(CLOSED)
    }

    /// As [`close`](Uses::close), but no use is the last one: the caller owns the descriptor.
    pub(super) fn detach(&self) -> Option<Release> {
        self.end(CLOSED | DETACHED)
    }

    fn end(&self, how: u64) -> Option<Release> {
        let current = current_generation_bits();
        let mut word = self.0.load(Ordering::SeqCst);
        loop {
            if word & CLOSED != 0 {
                return None;
            }
            let count = if is_of(word, current) { word & COUNT } else { 0 };
            let closed = current | how | count;
            match self.0.compare_exchange(word, closed, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) if count == 0 => return Some(Release::Last),
                Ok(_) => return Some(Release::NotLast),
                Err(other) => word = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_use_of_a_closed_socket_is_reported() {
        let uses = Uses::new();
        let ((one, open), (other, _)) = (uses.enter(), uses.enter());
        assert!(open && !uses.is_closed());
        assert_eq!(uses.leave(one), Release::NotLast);
        assert_eq!(uses.close(), Some(Release::NotLast));
        assert_eq!((uses.close(), uses.is_closed()), (None, true));
        assert_eq!(uses.leave(other), Release::Last);
        let (late, open) = uses.enter();
        assert!(!open);
        assert_eq!(uses.leave(late), Release::Last);
        assert_eq!(Uses::new().close(), Some(Release::Last));
        let detached = Uses::new();
        let (one, _) = detached.enter();
        assert_eq!((detached.detach(), detached.close()), (Some(Release::NotLast), None));
        assert_eq!(detached.leave(one), Release::NotLast);
    }

    #[test]
    fn a_child_does_not_count_what_its_parent_had() {
        let of_parent = current_generation_bits() ^ (1 << 50);
        let uses = Uses(AtomicU64::new(of_parent | 7));
        let (one, open) = uses.enter();
        assert!(open);
        assert_eq!(uses.leave(UseGeneration(of_parent)), Release::NotLast);
        assert_eq!(uses.close(), Some(Release::NotLast));
        assert_eq!(uses.leave(one), Release::Last);
        let closed = Uses(AtomicU64::new(of_parent | CLOSED | 2));
        assert_eq!(closed.close(), None);
        assert!(!closed.enter().1);
        assert_eq!(Uses(AtomicU64::new(of_parent | 9)).close(), Some(Release::Last));
    }
}
