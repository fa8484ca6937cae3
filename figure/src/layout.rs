//! Where everything of the textbook's figure stands. Rows are moments, in the story's order: a call that waited has
//! two, where it began and where it returned. Columns are threads, side by side within their program.

use super::escape::{clipped, columns as columns_of};
use super::grid::{BESIDE_BAR, Column, LINE, MOST_STEPS, Mark, Row, TOP, box_width, place_threads, rows};
use super::routes::{Arrow, Gap, Routes};
use super::{PageOptions, Story, label};

const LEFT: i32 = 108;
const ROW: i32 = 38;

/// The figure's geometry, in pixels.
pub(super) struct Layout {
    pub(super) columns: Vec<Column>,
    pub(super) marks: Vec<Mark>,
    pub(super) rows: Vec<Row>,
    pub(super) arrows: Vec<Arrow>,
    /// The calls in the order in which they began, as far down as they are drawn: so they are numbered.
    pub(super) order: Vec<usize>,
    pub(super) width: i32,
    pub(super) bottom: i32,
}

impl Layout {
    pub(super) fn new(story: &Story, options: &PageOptions<'_>) -> Self {
        let steps = &story.steps[..story.steps.len().min(MOST_STEPS)];
        let (mut rows, places) = rows(steps);
        let mut marks: Vec<Mark> = Vec::with_capacity(steps.len());
        for (index, (step, (begin, end))) in steps.iter().zip(places).enumerate() {
            let result = label::result(story, step);
            let result = if begin != end {
                Some(result.unwrap_or_else(|| "returns".to_owned()))
            } else {
                result.filter(|_| step.call.outcome != "ok")
            };
            let text = clipped(&label::call(story, step), 56);
            let wait = if begin != end { label::wait(story, index, options.ordinals) } else { String::new() };
            marks.push(Mark { column: 0, begin, end, text, result, wait });
        }
        let mut columns = place_threads(steps, &mut marks);
        for mark in &marks {
            let column = &mut columns[mark.column];
            let result = mark.result.as_deref().map_or(0, box_width);
            let boxes = box_width(&mark.text).max(result) / 2;
            let wait = columns_of(&mark.wait) * 13 / 2 + BESIDE_BAR;
            column.halves = [column.halves[0].max(boxes), column.halves[1].max(boxes).max(wait)];
        }
        let mut routes = Routes::new(story, &columns, &marks, &mut rows);
        let mut y = TOP;
        for row in &mut rows {
            let tall = marks[row.step].failure().is_some() && marks[row.step].begin == marks[row.step].end;
            row.y = y;
            y += ROW + ((row.slots - 1) * row.slot).max(i32::from(tall) * LINE);
        }
        let width = place_columns(&mut columns, &mut routes.gaps);
        let arrows = routes.placed(&columns, &marks, &rows);
        let mut order: Vec<usize> = (0..marks.len()).collect();
        order.sort_by_key(|&step| marks[step].begin);
        Self { columns, marks, rows, arrows, order, width, bottom: y }
    }
}

/// Puts the columns beside each other with their gaps between them; the width of it all.
fn place_columns(columns: &mut [Column], gaps: &mut [Gap]) -> i32 {
    let mut x = LEFT;
    for index in 0..gaps.len() {
        let between_programs =
            index == 0 || index == columns.len() || columns[index - 1].program != columns[index].program;
        gaps[index].x = x;
        x += gaps[index].width(if between_programs { 28 } else { 12 });
        gaps[index].end = x;
        if let Some(column) = columns.get_mut(index) {
            column.x = x;
            x += column.width();
        }
    }
    (x + 24).max(640)
}
