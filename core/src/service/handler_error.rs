//! The failure of a handler.

use std::fmt;

/// Why a handler gave no reply. The text is logged as one line: control characters, as of a request that it quotes, are
/// escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerError(pub String);

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HandlerError {}
