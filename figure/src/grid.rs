//! The grid of the socket-interaction figure: a row for each call of the timeline, a column for each thread. A call that
//! blocked while others took place has two rows, where it began and where it returned; all others have one.

use std::collections::BTreeMap;

use super::escape::columns as columns_of;
use super::timeline::{Entry, omitted, repeated};
use super::{Model, Step};

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
    /// Whether its return is not drawn: it is within the rounds or calls of the note in row `end`.
    pub(super) open: bool,
    pub(super) text: String,
    /// The second line: the result or the error.
    pub(super) result: Option<String>,
    /// The text beside the bar: how long the call blocked, and for which program.
    pub(super) wait: String,
}

/// What a row shows.
pub(super) enum Content {
    /// A call that begins, or that returns.
    Call { step: usize, begins: bool },
    /// The note that stands for calls that are not drawn.
    Note(String),
}

pub(super) struct Row {
    pub(super) content: Content,
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

/// For each call that is drawn, by its index, the row in which it began and the one in which it returned.
type Places = BTreeMap<usize, (usize, Option<usize>)>;

/// The rows of a timeline, and for each call that is drawn the row in which it began and the one in which it returned, if
/// that is drawn.
pub(super) fn rows(entries: &[Entry]) -> (Vec<Row>, Places) {
    let mut rows = Vec::new();
    let mut places = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let row = rows.len();
        let content = match *entry {
            Entry::Arrow(_) => continue,
            Entry::Begin(step) => {
                places.insert(step, (row, None));
                Content::Call { step, begins: true }
            }
            Entry::Call(step) => {
                places.insert(step, (row, Some(row)));
                Content::Call { step, begins: true }
            }
            Entry::End(step) => {
                // Its beginning may be within the rounds of a note.
                places.entry(step).or_insert((row, None)).1 = Some(row);
                Content::Call { step, begins: false }
            }
            Entry::Repeat { rounds, entries: length, calls } => {
                // An arrow has no row of its own.
                let above = &entries[at.saturating_sub(length)..at];
                let above = above.iter().filter(|entry| !matches!(entry, Entry::Arrow(_))).count();
                Content::Note(repeated(rounds, above, calls))
            }
            Entry::Omitted(calls) => Content::Note(omitted(calls)),
        };
        rows.push(Row { content, y: 0, slots: 1, slot: 0 });
    }
    (rows, places)
}

/// Assigns each thread a column of its program, reusing the column of a thread that has ended.
pub(super) fn place_threads(steps: &[Step], boxes: &mut BTreeMap<usize, CallBox>) -> Vec<Column> {
    struct ThreadSpan {
        program: usize,
        thread: usize,
        first: usize,
        last: usize,
    }
    let mut spans: Vec<ThreadSpan> = Vec::new();
    for (index, call_box) in &*boxes {
        let step = &steps[*index];
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
    for (index, call_box) in boxes {
        let step = &steps[*index];
        call_box.column = columns
            .iter()
            .position(|column| column.program == step.program && column.threads.contains(&step.thread))
            .expect("each step's thread has a life above");
    }
    columns
}
