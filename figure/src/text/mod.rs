//! The textbook's figure for a terminal: a column for each program, its calls from top to bottom, arrows in between.

mod arrows;
mod canvas;
mod columns;
mod draw;
mod signs;
mod tags;

use super::items::folded;
use super::{Story, TextOptions};

pub(super) use canvas::{Look, Row, clipped, shown, width};
pub(super) use draw::remarks;

/// Draws the figure. What is left out of a long one (a round of calls that repeats itself, and the middle of what
/// is longer than some 500 rows) is said where it would stand.
#[must_use]
pub fn text(story: &Story, options: &TextOptions) -> String {
    let timed = !options.ordinals && options.width >= 100;
    let margin = if timed { draw::MARGIN } else { 1 };
    let (columns, places) = columns::columns(story, options, margin);
    let items = folded(story, |program| places[program].0);
    draw::Drawing::new(story, options, columns, places, timed).draw(&items)
}
