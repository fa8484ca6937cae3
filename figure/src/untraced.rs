//! The column of the programs that are not traced: their calls are unknown, but what went to them and came from them
//! is not.

use super::Model;

/// Its name.
pub(super) const NAME: &str = "not traced";
/// The line below its name.
pub(super) const ABOUT: &str = "its calls are unknown";

/// Whether a figure of the model needs the column.
pub(super) fn has_column(model: &Model) -> bool {
    model.messages.iter().any(|message| message.untraced)
}
