//! The layout of the socket-interaction figure: the coordinates of its rows, columns, boxes and arrows.

use std::collections::BTreeMap;

use super::escape::{clipped, columns as columns_of};
use super::grid::{BESIDE_BAR, CallBox, Column, Content, LINE, Row, TOP, box_width, place_threads, rows};
use super::routes::{Arrow, Gap, Routes};
use super::timeline::{Entry, Selection, begun, numbers, selected, timeline};
use super::{MessageKind, Model, PageOptions, call_text, label, untraced};

const LEFT: i32 = 108;
const ROW: i32 = 38;

/// The figure's geometry, in pixels.
pub(super) struct Layout {
    pub(super) columns: Vec<Column>,
    /// The calls that are drawn, by their index.
    pub(super) boxes: BTreeMap<usize, CallBox>,
    pub(super) rows: Vec<Row>,
    pub(super) arrows: Vec<Arrow>,
    /// All calls in the order in which they began, which numbers them.
    pub(super) order: Vec<usize>,
    /// The number of each call, from 1.
    pub(super) numbers: Vec<usize>,
    pub(super) width: i32,
    pub(super) bottom: i32,
}

impl Layout {
    pub(super) fn new(model: &Model, options: &PageOptions<'_>) -> Self {
        let selection = Selection { rows: options.rows, unfolded: options.unfolded };
        let entries = selected(model, selection, |program| program);
        let (mut rows, places) = rows(&entries);
        let mut boxes = BTreeMap::new();
        for (index, (begin, end)) in places {
            let open = end.is_none();
            let note = |row: &usize| matches!(rows[*row].content, Content::Note(_));
            let step = &model.steps[index];
            let within_note = || (begin..rows.len()).find(note).filter(|_| !step.still_waits());
            let end = end.or_else(within_note).unwrap_or(rows.len() - 1);
            // One that still waits has no return, and says so in its box if that is in the last row.
            let said = !open || (step.still_waits() && begin == end);
            let result = label::result(model, step).filter(|_| said);
            let result = match begin == end {
                true => result.filter(|_| step.call.outcome != "ok"),
                false => result.or_else(|| (!open).then(|| "returns".to_owned())),
            };
            let text = clipped(&call_text::call(model, step), 56);
            let wait = if begin != end { label::wait(model, index, options.ordinals) } else { String::new() };
            boxes.insert(index, CallBox { column: 0, begin, end, open, text, result, wait });
        }
        let mut columns = place_threads(&model.steps, &mut boxes);
        for call_box in boxes.values() {
            let column = &mut columns[call_box.column];
            let result = call_box.result.as_deref().map_or(0, box_width);
            let half_width = box_width(&call_box.text).max(result) / 2;
            let wait = columns_of(&call_box.wait) * 13 / 2 + BESIDE_BAR;
            column.halves = [column.halves[0].max(half_width), column.halves[1].max(half_width).max(wait)];
        }
        if untraced::has_column(model) && !rows.is_empty() {
            columns.push(Column::untraced(model, rows.len()));
        }
        let messages = drawn(model, &entries, &boxes);
        let mut routes = Routes::new(model, &messages, &columns, &boxes, &mut rows);
        let mut y = TOP;
        for row in &mut rows {
            let tall = match row.content {
                Content::Call { step, .. } => boxes[&step].failure().is_some(),
                Content::Note(_) => false,
            };
            row.y = y;
            y += ROW + ((row.slots - 1) * row.slot).max(i32::from(tall) * LINE);
        }
        let width = place_columns(&mut columns, &mut routes.gaps);
        let arrows = routes.placed(&columns, &boxes, &rows);
        let all = timeline(model);
        let (order, numbers) = (begun(&all).collect(), numbers(model, &all));
        Self { columns, boxes, rows, arrows, order, numbers, width, bottom: y }
    }
}

/// The messages that are drawn: those of the timeline, and refusals, which have no entry there.
fn drawn(model: &Model, entries: &[Entry], boxes: &BTreeMap<usize, CallBox>) -> Vec<usize> {
    let shown = |entry: &Entry| if let Entry::Arrow(message) = entry { Some(*message) } else { None };
    let mut drawn: Vec<usize> = entries.iter().filter_map(shown).collect();
    let refused = model.messages.iter().enumerate().filter(|(_, message)| {
        message.kind == MessageKind::Refused && message.from.is_some_and(|from| boxes.contains_key(&from))
    });
    drawn.extend(refused.map(|(index, _)| index));
    drawn.sort_unstable();
    drawn
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
