//! The socket-interaction figure for a terminal: a column for each program with its calls from top to bottom, arrows
//! for messages.

mod arrows;
mod canvas;
mod columns;
mod draw;
mod glyphs;
mod tags;

use super::timeline::{Selection, selected};
use super::{Model, TextOptions};

pub(super) use canvas::{Row, Style, clipped, shown, width};
pub(super) use draw::remarks;

/// Draws the figure. A note replaces repeated rounds of calls, and the middle of a figure of more than some 500 rows.
#[must_use]
pub fn text(model: &Model, options: &TextOptions) -> String {
    let timed = !options.ordinals && options.width >= 100;
    let margin = if timed { draw::MARGIN } else { 1 };
    let (columns, places) = columns::columns(model, options, margin);
    let selection = Selection { rows: options.rows, unfolded: options.unfolded };
    let timeline = selected(model, selection, |program| places[program].0);
    draw::Drawing::new(model, options, columns, places, timed).draw(&timeline)
}
