//! Why a probe ends without having passed.

/// Why a probe ends without having passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The program did wrong: what was seen.
    Fail(String),
    /// The probe has no meaning for the program: why.
    NotApplicable(String),
    /// The check itself is to end.
    Interrupted,
}

/// What was seen by a probe that has passed.
pub(crate) type Seen = Result<String, Stop>;

/// A failure.
pub(crate) fn fail<T>(seen: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Fail(seen.into()))
}
