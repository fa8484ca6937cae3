//! What a link did on purpose to a datagram: a mark of the call that moved it.

use std::cell::Cell;
use std::fmt;

/// What a link between two programs did to a datagram on purpose, as a trace tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Impairment {
    /// Received, and never sent on.
    Lost,
    /// Received, and not sent on because the link's queue was full.
    Overflowed,
    /// Sent once more.
    Duplicated,
    /// Sent with a bit inverted.
    Corrupted,
    /// Sent after one that was received later.
    Reordered,
}

impl Impairment {
    /// Its name in a trace: `lost`, `overflowed`, `duplicated`, `corrupted`, `reordered`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Impairment::Lost => "lost",
            Impairment::Overflowed => "overflowed",
            Impairment::Duplicated => "duplicated",
            Impairment::Corrupted => "corrupted",
            Impairment::Reordered => "reordered",
        }
    }
}

impl fmt::Display for Impairment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

thread_local! {
    static MARK: Cell<Option<Impairment>> = const { Cell::new(None) };
}

/// Runs a call that receives or sends a datagram, and records it with this mark if it succeeds. Marks that are nested:
/// the inner one applies.
pub fn impaired<T>(mark: Option<Impairment>, call: impl FnOnce() -> T) -> T {
    /// Restores the mark also if the call panics.
    struct Restored(Option<Impairment>);
    impl Drop for Restored {
        fn drop(&mut self) {
            MARK.set(self.0);
        }
    }
    let _restored = Restored(MARK.replace(mark));
    call()
}

/// The mark of the call that this thread makes.
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "no line is written of a record"))]
pub(super) fn mark() -> Option<Impairment> {
    MARK.get()
}
