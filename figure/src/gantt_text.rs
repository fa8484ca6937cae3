//! The Gantt chart for a terminal: a row for each client, a character for each interval.

use super::TextOptions;
use super::gantt::{Gantt, Phase, layout};
use super::label;
use super::text::{Row, Style, clipped, remarks, shown, width};
use super::{Model, gantt};

/// The maximum number of rows drawn.
const MAX_ROWS: usize = 100;

/// Draws the chart. If several phases fall into one character, it shows the first of served, connecting, queued, no
/// reply, holding the server and waiting; each phase has at least one character.
#[must_use]
pub fn gantt_text(model: &Model, options: &TextOptions) -> String {
    let gantt = layout(model, options.until);
    let mut out = String::new();
    let put = |row: &Row, out: &mut String| row.write(options.colour, out);
    let max_width = (options.width / 3).max(10);
    let first = |label: &str| clipped(&shown(label, options.ascii), max_width, options.ascii);
    let labels: Vec<_> = gantt.rows.iter().take(MAX_ROWS).map(|row| first(&row.label)).collect();
    let margin = labels.iter().map(|label| width(label)).max().unwrap_or(0) + 2;
    let cells = options.width.saturating_sub(margin).max(10);
    for (label, row) in labels.iter().zip(&gantt.rows) {
        let mut line = Row::default();
        line.put(0, label, Style::Plain);
        for (at, phase) in bar(&gantt, row, cells).into_iter().enumerate() {
            if let Some(phase) = phase {
                let (glyph, style) = glyph(phase, options.ascii);
                line.put(margin + at, glyph, style);
            }
        }
        put(&line, &mut out);
    }
    if gantt.rows.is_empty() {
        out.push_str("no client was seen with a server\n");
    } else {
        put(&axis(&gantt, margin, cells, options), &mut out);
        legend(&gantt, options).iter().for_each(|row| put(row, &mut out));
    }
    if gantt.rows.len() > MAX_ROWS {
        let more = label::grouped((gantt.rows.len() - MAX_ROWS) as u64);
        out.push_str(&format!("{more} more clients are not drawn\n"));
    }
    out.push_str(&remarks(model, options));
    out
}

/// The phase that each character of a row shows.
fn bar(gantt: &Gantt, row: &gantt::Row, cells: usize) -> Vec<Option<Phase>> {
    let span = u128::from((gantt.end - gantt.begin).max(1));
    let place = |time: u64| (u128::from(time - gantt.begin) * cells as u128 / span) as usize;
    let mut bar: Vec<Option<Phase>> = vec![None; cells];
    for segment in &row.segments {
        let first = place(segment.begin).min(cells - 1);
        let last = place(segment.end).max(first + 1).min(cells);
        for cell in &mut bar[first..last] {
            if cell.is_none_or(|now| rank(segment.phase) < rank(now)) {
                *cell = Some(segment.phase);
            }
        }
    }
    bar
}

fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Served => 0,
        Phase::Connecting => 1,
        Phase::Queued => 2,
        Phase::Unanswered => 3,
        Phase::Holding => 4,
        Phase::Waiting => 5,
    }
}

fn glyph(phase: Phase, ascii: bool) -> (&'static str, Style) {
    let (drawn, plain, style) = match phase {
        Phase::Connecting => ("░", "-", Style::Program(4)),
        Phase::Queued => ("▒", "q", Style::Program(1)),
        Phase::Served => ("█", "#", Style::Program(3)),
        Phase::Holding => ("─", "=", Style::Program(1)),
        Phase::Unanswered => ("✗", "x", Style::Bad),
        Phase::Waiting => ("·", ".", Style::Dim),
    };
    (if ascii { plain } else { drawn }, style)
}

fn axis(gantt: &Gantt, margin: usize, cells: usize, options: &TextOptions) -> Row {
    let mut row = Row::default();
    row.put(margin, "0", Style::Dim);
    let span = gantt.end - gantt.begin;
    let end = if options.ordinals {
        format!("{} calls", label::grouped(span))
    } else {
        shown(&label::duration(span), options.ascii)
    };
    row.put((margin + cells).saturating_sub(width(&end)), &end, Style::Dim);
    row
}

fn legend(gantt: &Gantt, options: &TextOptions) -> Vec<Row> {
    let mut rows = vec![Row::default()];
    let mut at = 0;
    for phase in Phase::explained(gantt) {
        let (glyph, style) = glyph(phase, options.ascii);
        if at + 2 + phase.name().len() > options.width {
            rows.push(Row::default());
            at = 0;
        }
        if let Some(row) = rows.last_mut() {
            at = row.put(at, glyph, style);
            at = row.put(at + 1, phase.name(), Style::Dim) + 3;
        }
    }
    rows
}
