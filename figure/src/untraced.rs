//! The column of the programs that are not traced, or left out: their calls are not drawn, but what went to them and came
//! from them is.

use super::Model;

/// Its name.
pub(super) fn name(model: &Model) -> &'static str {
    if model.hidden { "other programs" } else { "not traced" }
}

/// The line below its name.
pub(super) fn about(model: &Model) -> &'static str {
    if model.hidden { "calls are not shown" } else { "its calls are unknown" }
}

/// Whether a figure of the model needs the column.
pub(super) fn has_column(model: &Model) -> bool {
    model.messages.iter().any(|message| message.untraced)
}
