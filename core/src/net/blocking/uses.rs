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

fn here() -> u64 {
    u64::from(generation()) << GENERATION
}

fn is_of(word: u64, generation: u64) -> bool {
    word >> GENERATION == generation >> GENERATION
}

#[derive(Debug)]
pub(super) struct Uses(AtomicU64);

/// A use that has been counted, with the generation of the count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted(u64);

/// Whether a use was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The socket is closed, and its descriptor is not used any more.
    Last,
    Others,
}

impl Uses {
    pub(super) fn new() -> Uses {
        count_forks();
        Uses(AtomicU64::new(here()))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Whether this process has any.
    pub(super) fn are_any(&self) -> bool {
        let word = self.0.load(Ordering::SeqCst);
        is_of(word, here()) && word & COUNT != 0
    }

    /// Counts a use, and returns whether the socket is open. A use of a closed socket is counted as well, until it
    /// leaves.
    #[inline]
    pub(super) fn enter(&self) -> (Counted, bool) {
        let here = here();
        let mut word = self.0.fetch_add(1, Ordering::SeqCst);
        if !is_of(word, here) {
            word = self.enter_after_a_fork(here);
        }
        (Counted(here), word & CLOSED == 0)
    }

    /// The count is the parent's, plus this use.
    #[cold]
    fn enter_after_a_fork(&self, here: u64) -> u64 {
        let mut word = self.0.load(Ordering::SeqCst);
        loop {
            let mine = if is_of(word, here) { word + 1 } else { here | (word & (CLOSED | DETACHED)) | 1 };
            match self.0.compare_exchange(word, mine, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return word,
                Err(other) => word = other,
            }
        }
    }

    /// Ends a use.
    #[inline]
    pub(super) fn leave(&self, Counted(of): Counted) -> Left {
        // A use that began before the fork is not counted in the child.
        if of != here() || !is_of(self.0.load(Ordering::Relaxed), of) {
            return Left::Others;
        }
        let word = self.0.fetch_sub(1, Ordering::SeqCst);
        let closes = word & (CLOSED | DETACHED) == CLOSED;
        if closes && word & COUNT == 1 { Left::Last } else { Left::Others }
    }

    /// Whether a use that was counted before a fork is not counted here.
    pub(super) fn lacks(&self, Counted(of): Counted) -> bool {
        of != here()
    }

    /// Closes the socket to further uses. `None` if it was closed, else whether it has no uses.
    pub(super) fn close(&self) -> Option<Left> {
        self.end(CLOSED)
    }

    /// As [`close`](Uses::close), but no use is the last one: the caller owns the descriptor.
    pub(super) fn detach(&self) -> Option<Left> {
        self.end(CLOSED | DETACHED)
    }

    fn end(&self, how: u64) -> Option<Left> {
        let here = here();
        let mut word = self.0.load(Ordering::SeqCst);
        loop {
            if word & CLOSED != 0 {
                return None;
            }
            let count = if is_of(word, here) { word & COUNT } else { 0 };
            let closed = here | how | count;
            match self.0.compare_exchange(word, closed, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) if count == 0 => return Some(Left::Last),
                Ok(_) => return Some(Left::Others),
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
        assert_eq!(uses.leave(one), Left::Others);
        assert_eq!(uses.close(), Some(Left::Others));
        assert_eq!((uses.close(), uses.is_closed()), (None, true));
        assert_eq!(uses.leave(other), Left::Last);
        let (late, open) = uses.enter();
        assert!(!open);
        assert_eq!(uses.leave(late), Left::Last);
        assert_eq!(Uses::new().close(), Some(Left::Last));
        let detached = Uses::new();
        let (one, _) = detached.enter();
        assert_eq!((detached.detach(), detached.close()), (Some(Left::Others), None));
        assert_eq!(detached.leave(one), Left::Others);
    }

    #[test]
    fn a_child_does_not_count_what_its_parent_had() {
        let of_parent = here() ^ (1 << 50);
        let uses = Uses(AtomicU64::new(of_parent | 7));
        let (one, open) = uses.enter();
        assert!(open);
        assert_eq!(uses.leave(Counted(of_parent)), Left::Others);
        assert_eq!(uses.close(), Some(Left::Others));
        assert_eq!(uses.leave(one), Left::Last);
        let closed = Uses(AtomicU64::new(of_parent | CLOSED | 2));
        assert_eq!(closed.close(), None);
        assert!(!closed.enter().1);
        assert_eq!(Uses(AtomicU64::new(of_parent | 9)).close(), Some(Left::Last));
    }
}
