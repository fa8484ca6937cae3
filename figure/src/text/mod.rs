//! The textbook's figure for a terminal: a column for each program, its calls from top to bottom, arrows in between.

mod arrows;
mod canvas;
mod columns;
mod draw;
mod glyphs;
mod tags;

use super::timeline::folded;
use super::{Model, TextOptions};

pub(super) use canvas::{Row, Style, clipped, shown, width};
pub(super) use draw::remarks;

/// Draws the figure. What is left out of a long one (a round of calls that repeats itself, and the middle of what
/// is longer than some 500 rows) is said where it would stand.
#[must_use]
pub fn text(model: &Model, options: &TextOptions) -> String {
    let timed = !options.ordinals && options.width >= 100;
    let margin = if timed { draw::MARGIN } else { 1 };
    let (columns, places) = columns::columns(model, options, margin);
    let timeline = folded(model, |program| places[program].0);
    draw::Drawing::new(model, options, columns, places, timed).draw(&timeline)
}
