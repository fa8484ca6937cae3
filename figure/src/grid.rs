//! The grid of the socket-interaction figure: a row for each moment, a column for each thread. A call that blocked has
//! two rows, where it began and where it returned; all others have one.

use super::escape::columns as columns_of;
use super::{Model, Step};

/// The maximum number of calls drawn; the figure states the number of the others.
pub(super) const MAX_STEPS: usize = 400;
/// The maximum number of columns of a program; further threads share the last one.
const MAX_COLUMNS: usize = 8;
pub(super) const TOP: i32 = 164;
/// The distance from the middle of a bar to the text beside it.
pub(super) const BESIDE_BAR: i32 = 14;
/// The height of a second line in a box.
pub(super) const LINE: i32 = 20;

/// The column of a thread, or of several threads of which one ended before the next one began.
pub(super) struct Column {
    /// An index into [`Model::programs`], or their number for the programs that are not traced.
    pub(super) program: usize,
    pub(super) threads: Vec<usize>,
    pub(super) x: i32,
    /// Its width on the left and on the right of its line.
    pub(super) halves: [i32; 2],
    pub(super) first_row: usize,
    pub(super) last_row: usize,
}

/// The box of a call.
pub(super) struct CallBox {
    pub(super) column: usize,
    /// The row in which it began.
    pub(super) begin: usize,
    /// The row in which it returned: equal to `begin` unless it blocked while other calls took place.
    pub(super) end: usize,
    pub(super) text: String,
    /// The second line: the result or the error.
    pub(super) result: Option<String>,
    /// The text beside the bar: how long the call blocked, and for which program.
    pub(super) wait: String,
}

#[derive(Clone)]
pub(super) struct Row {
    pub(super) step: usize,
    /// The vertical middle of its boxes.
    pub(super) y: i32,
    /// The number of arrows that begin, or end unmatched, in this row.
    pub(super) slots: i32,
    /// The distance between these arrows.
    pub(super) slot: i32,
}

impl Column {
    /// The column of the programs that are not traced, beside `rows` rows.
    pub(super) fn untraced(model: &Model, rows: usize) -> Self {
        let (program, last_row) = (model.programs.len(), rows.saturating_sub(1));
        Self { program, threads: Vec::new(), x: 0, halves: [75, 75], first_row: 0, last_row }
    }

    pub(super) fn width(&self) -> i32 {
        self.halves[0] + self.halves[1]
    }

    /// The x coordinate of its line.
    pub(super) fn middle(&self) -> i32 {
        self.x + self.halves[0]
    }
}

impl CallBox {
    pub(super) fn waits(&self) -> bool {
        self.begin != self.end
    }

    /// Half the width of the box where the call began (`true`) or returned (`false`).
    pub(super) fn half_width(&self, begin: bool) -> i32 {
        let text = if begin || !self.waits() { Some(&self.text) } else { self.result.as_ref() };
        text.map_or(30, |text| box_width(text)) / 2
    }

    /// The error that the box of the call shows.
    pub(super) fn failure(&self) -> Option<&str> {
        self.result.as_deref().filter(|_| !self.waits())
    }
}

/// The width of a box around text in a fixed-width font of 12.5 pixels, whose characters are 0.61 times as wide.
pub(super) fn box_width(text: &str) -> i32 {
    columns_of(text) * 61 / 8 + 22
}

/// The rows, and for each call the row in which it began and the row in which it returned.
pub(super) fn rows(steps: &[Step]) -> (Vec<Row>, Vec<(usize, usize)>) {
    let mut begun_before: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for index in 0..steps.len() {
        let place = place_of_begin(steps, index);
        if place < index {
            begun_before[place].push(index);
        }
    }
    let mut rows = Vec::new();
    let mut places = vec![(usize::MAX, 0); steps.len()];
    for (index, mut begun) in begun_before.into_iter().enumerate() {
        begun.sort_by_key(|&step| (steps[step].call.begin, step));
        for step in begun {
            places[step].0 = rows.len();
            rows.push(Row { step, y: 0, slots: 1, slot: 0 });
        }
        places[index] = (places[index].0.min(rows.len()), rows.len());
        rows.push(Row { step: index, y: 0, slots: 1, slot: 0 });
    }
    (rows, places)
}

/// The step before which a blocking call began: it comes after all steps that had ended, and after its thread's
/// previous step.
fn place_of_begin(steps: &[Step], index: usize) -> usize {
    let step = &steps[index];
    if step.call.blocked == 0 {
        return index;
    }
    let during = |other: &&Step| {
        other.call.end > step.call.begin && (other.program, other.thread) != (step.program, step.thread)
    };
    index - steps[..index].iter().rev().take_while(during).count()
}

/// Assigns each thread a column of its program, reusing the column of a thread that has ended.
pub(super) fn place_threads(steps: &[Step], boxes: &mut [CallBox]) -> Vec<Column> {
    struct ThreadSpan {
        program: usize,
        thread: usize,
        first: usize,
        last: usize,
    }
    let mut spans: Vec<ThreadSpan> = Vec::new();
    for (step, call_box) in steps.iter().zip(boxes.iter()) {
        match spans.iter_mut().find(|span| (span.program, span.thread) == (step.program, step.thread)) {
            Some(span) => {
                (span.first, span.last) = (span.first.min(call_box.begin), span.last.max(call_box.end))
            }
            None => spans.push(ThreadSpan {
                program: step.program,
                thread: step.thread,
                first: call_box.begin,
                last: call_box.end,
            }),
        }
    }
    spans.sort_by_key(|span| (span.program, span.thread));
    let mut columns: Vec<Column> = Vec::new();
    for span in &spans {
        let own = columns.iter().filter(|column| column.program == span.program).count();
        let start = columns.len() - own;
        // The column of the first thread is not reused: it is the program's main line.
        let free = columns[start..].iter().skip(1).position(|column| column.last_row < span.first);
        let place = match free {
            Some(free) => start + 1 + free,
            None if own >= MAX_COLUMNS => columns.len() - 1,
            None => {
                columns.push(Column {
                    program: span.program,
                    threads: Vec::new(),
                    x: 0,
                    halves: [75, 75],
                    first_row: span.first,
                    last_row: span.last,
                });
                columns.len() - 1
            }
        };
        let column = &mut columns[place];
        column.threads.push(span.thread);
        column.first_row = column.first_row.min(span.first);
        column.last_row = column.last_row.max(span.last);
    }
    for (step, call_box) in steps.iter().zip(boxes) {
        call_box.column = columns
            .iter()
            .position(|column| column.program == step.program && column.threads.contains(&step.thread))
            .expect("each step's thread has a life above");
    }
    columns
}
