//! The layout of the socket-interaction figure: the coordinates of its rows, columns, boxes and arrows.

use super::escape::{clipped, columns as columns_of};
use super::grid::{BESIDE_BAR, CallBox, Column, LINE, MAX_STEPS, Row, TOP, box_width, place_threads, rows};
use super::routes::{Arrow, Gap, Routes};
use super::{Model, PageOptions, label, untraced};

const LEFT: i32 = 108;
const ROW: i32 = 38;

/// The figure's geometry, in pixels.
pub(super) struct Layout {
    pub(super) columns: Vec<Column>,
    pub(super) boxes: Vec<CallBox>,
    pub(super) rows: Vec<Row>,
    pub(super) arrows: Vec<Arrow>,
    /// The calls that are drawn, in the order in which they began, which numbers them.
    pub(super) order: Vec<usize>,
    pub(super) width: i32,
    pub(super) bottom: i32,
}

impl Layout {
    pub(super) fn new(model: &Model, options: &PageOptions<'_>) -> Self {
        let steps = &model.steps[..model.steps.len().min(MAX_STEPS)];
        let (mut rows, places) = rows(steps);
        let mut boxes: Vec<CallBox> = Vec::with_capacity(steps.len());
        for (index, (step, (begin, end))) in steps.iter().zip(places).enumerate() {
            let result = label::result(model, step);
            let result = if begin != end {
                Some(result.unwrap_or_else(|| "returns".to_owned()))
            } else {
                result.filter(|_| step.call.outcome != "ok")
            };
            let text = clipped(&label::call(model, step), 56);
            let wait = if begin != end { label::wait(model, index, options.ordinals) } else { String::new() };
            boxes.push(CallBox { column: 0, begin, end, text, result, wait });
        }
        let mut columns = place_threads(steps, &mut boxes);
        for call_box in &boxes {
            let column = &mut columns[call_box.column];
            let result = call_box.result.as_deref().map_or(0, box_width);
            let half_width = box_width(&call_box.text).max(result) / 2;
            let wait = columns_of(&call_box.wait) * 13 / 2 + BESIDE_BAR;
            column.halves = [column.halves[0].max(half_width), column.halves[1].max(half_width).max(wait)];
        }
        if untraced::has_column(model) {
            columns.push(Column::untraced(model, rows.len()));
        }
        let mut routes = Routes::new(model, &columns, &boxes, &mut rows);
        let mut y = TOP;
        for row in &mut rows {
            let tall = boxes[row.step].failure().is_some() && boxes[row.step].begin == boxes[row.step].end;
            row.y = y;
            y += ROW + ((row.slots - 1) * row.slot).max(i32::from(tall) * LINE);
        }
        let width = place_columns(&mut columns, &mut routes.gaps);
        let arrows = routes.placed(&columns, &boxes, &rows);
        let mut order: Vec<usize> = (0..boxes.len()).collect();
        order.sort_by_key(|&step| boxes[step].begin);
        Self { columns, boxes, rows, arrows, order, width, bottom: y }
    }
}

/// Places the columns and the gaps between them; returns the total width.
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
