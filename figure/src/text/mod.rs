//! The textbook's figure for a terminal: a column for each program, its calls from top to bottom, arrows in between.

mod arrows;
mod canvas;
mod columns;
mod draw;
mod signs;

use std::collections::HashMap;

use super::Story;
use super::items::{Item, folded};

pub(super) use canvas::{Look, Row, clipped, shown, width};
pub(super) use draw::remarks;

/// How a figure is drawn for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOptions {
    /// The terminal's columns; 80 by default. More programs than fit share columns.
    pub width: usize,
    /// Whether to write the terminal's colours (ECMA-48); off by default.
    pub colour: bool,
    /// Whether to write ASCII alone, without the lines of box drawing; off by default.
    pub ascii: bool,
    /// Whether the story's times are ordinals, as [`normalize`](super::normalize) makes them, so that none are
    /// written; off by default.
    pub ordinals: bool,
}

impl Default for TextOptions {
    fn default() -> TextOptions {
        TextOptions { width: 80, colour: false, ascii: false, ordinals: false }
    }
}

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

/// Where the items that have numbers stand: an arrow that is not received by what comes next in its column.
fn tags(story: &Story, items: &[Item], places: &[(usize, Option<usize>)]) -> HashMap<usize, usize> {
    let mut tags = HashMap::new();
    // For each column the step that comes next there, from the bottom up.
    let mut next: HashMap<usize, usize> = HashMap::new();
    let mut late = Vec::new();
    for item in items.iter().rev() {
        match *item {
            Item::Call(step) | Item::Ends(step) => {
                next.insert(places[story.steps[step].program].0, step);
            }
            Item::Arrow(index) => {
                let Some((from, to)) = story.messages[index].from.zip(story.messages[index].to) else {
                    continue;
                };
                let column = |step: usize| places[story.steps[step].program].0;
                if column(from) == column(to) || next.get(&column(to)) != Some(&to) {
                    late.push(index);
                }
            }
            _ => {}
        }
    }
    for (number, index) in late.into_iter().rev().enumerate() {
        tags.insert(index, number + 1);
    }
    tags
}
