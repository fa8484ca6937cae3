//! The Gantt chart as SVG: a row for each client, with its phase at each time. It distinguishes clients that queue for
//! an iterative server from clients that are served concurrently.

use super::canvas::{Anchor, Canvas, Target};
use super::escape::{clipped, columns};
use super::gantt::{Gantt, Phase, Row, layout};
use super::label::{duration, grouped};
use super::svg::caption;
use super::{Model, PageOptions};

/// The maximum number of clients drawn; the chart states the number of the others.
const MAX_ROWS: usize = 100;
const TOP: i32 = 102;
const ROW: i32 = 34;
const SPAN: i32 = 760;
const RIGHT: i32 = 56;

/// The Gantt chart as an SVG file: a row for each of the first 100 clients, and the number of the others.
#[must_use]
pub fn gantt_svg(model: &Model, options: &PageOptions<'_>) -> String {
    gantt(model, options, Target::File)
}

pub(super) fn gantt(model: &Model, options: &PageOptions<'_>, target: Target) -> String {
    let gantt = layout(model, options.until);
    let rows = &gantt.rows[..gantt.rows.len().min(MAX_ROWS)];
    let left =
        24 + rows.iter().map(|row| columns(&clipped(&row.label, 36))).max().unwrap_or(0).max(12) * 8 + 16;
    let bottom = TOP + rows.len() as i32 * ROW; // at most 100
    let folded = gantt.rows.len() - rows.len();
    let width = left + SPAN + RIGHT;
    let entries = legend_entries(&gantt, width);
    let legend_rows = entries.last().map_or(0, |(_, (_, row))| *row) * 26;
    let caption = caption(options, target, width);
    let below = bottom + 84 + legend_rows + i32::from(folded > 0) * 20;
    let height = below + caption.len() as i32 * 18; // a few lines
    let title = "Who was served, and who waited";
    let about = if gantt.rows.is_empty() { "No client was seen.".to_owned() } else { summary(&gantt) };
    let heading = if target == Target::File { options.title } else { title };
    let mut canvas = Canvas::new(width, height, target, "gantt", (heading, &about, options.font_size));
    let scale = Scale { begin: gantt.begin, span: (gantt.end - gantt.begin).max(1), left };
    axis(&mut canvas, &scale, bottom, options);
    for (index, row) in rows.iter().enumerate() {
        draw_row(&mut canvas, &scale, TOP + index as i32 * ROW, row, options);
    }
    legend(&mut canvas, &entries, bottom + 54);
    if folded > 0 {
        let text = format!("The first {MAX_ROWS} of {} clients are drawn.", grouped(gantt.rows.len() as u64));
        canvas.text("soft", (24, bottom + 86 + legend_rows), Anchor::Start, &text);
    }
    for (line, text) in caption.iter().enumerate() {
        canvas.text("soft", (24, below - 12 + line as i32 * 18), Anchor::Start, text);
    }
    canvas.finish()
}

/// Maps times to x coordinates.
struct Scale {
    begin: u64,
    span: u64,
    left: i32,
}

impl Scale {
    fn x(&self, time: u64) -> i32 {
        let part = u128::from(time.saturating_sub(self.begin)) * SPAN as u128 / u128::from(self.span);
        self.left + i32::try_from(part).unwrap_or(SPAN).min(SPAN)
    }
}

/// The number of clients, and the largest number that were served and queued at a time.
fn summary(gantt: &Gantt) -> String {
    let most = |phase: Phase| {
        let mut edges: Vec<(u64, i32)> = Vec::new();
        for segment in
            gantt.rows.iter().flat_map(|row| &row.segments).filter(|segment| segment.phase == phase)
        {
            edges.extend([(segment.begin, 1), (segment.end, -1)]);
        }
        edges.sort_unstable();
        let running = edges.iter().scan(0, |count, edge| {
            *count += edge.1;
            Some(*count)
        });
        running.max().unwrap_or(0)
    };
    let clients = gantt.rows.len() as u64;
    format!(
        "{} client{} · at most {} served and {} queued at the same time",
        grouped(clients),
        if clients == 1 { "" } else { "s" },
        most(Phase::Served),
        most(Phase::Queued)
    )
}

/// Draws grid lines at round times.
fn axis(canvas: &mut Canvas, scale: &Scale, bottom: i32, options: &PageOptions<'_>) {
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if scale.span / step <= 8 {
            break;
        }
        step = if factor == 5 { step / 2 * 5 } else { step * 2 };
    }
    let mut at = 0;
    while at <= scale.span {
        let x = scale.x(scale.begin + at);
        canvas.line("grid", (x, TOP - 10), (x, bottom + 4));
        let text = if options.ordinals { format!("event {at}") } else { tick(at) };
        canvas.text("tick", (x, bottom + 20), Anchor::Middle, &text);
        at += step;
    }
}

/// A round time without trailing zeros.
fn tick(nanoseconds: u64) -> String {
    let text = duration(nanoseconds);
    let Some((number, unit)) = text.split_once(' ') else { return text };
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}")
}

fn draw_row(canvas: &mut Canvas, scale: &Scale, y: i32, row: &Row, options: &PageOptions<'_>) {
    let mut about = row.label.clone();
    for segment in row.segments.iter().take(40) {
        about.push_str(&format!(", {}", segment.phase.name()));
        if !options.ordinals {
            about.push_str(&format!(" {}", duration(segment.end - segment.begin)));
        }
    }
    canvas.open_group("row", [None, None], &about);
    canvas.text("client", (scale.left - 16, y + 15), Anchor::End, &clipped(&row.label, 36));
    let mut drawn = [-1; Phase::ALL.len()];
    for segment in &row.segments {
        let (x, end) = (scale.x(segment.begin), scale.x(segment.end));
        let drawn = &mut drawn[segment.phase as usize];
        if end <= *drawn {
            continue; // within the pixels of one before it
        }
        *drawn = end.max(x + 2);
        bar(canvas, segment.phase, (x, y), (end - x).max(2));
        let (word, time) = (segment.phase.name(), duration(segment.end - segment.begin));
        let texts = if options.ordinals {
            [word.to_owned(), String::new()]
        } else {
            [format!("{word} {time}"), time]
        };
        let room = (end - x - 10) / 7;
        let text = texts.iter().find(|text| !text.is_empty() && columns(text) <= room);
        if let Some(text) = text {
            let middle = (x + end) / 2;
            if segment.phase == Phase::Queued {
                let width = columns(text) * 7 + 6;
                canvas.rect("plate", (middle - width / 2, y + 3), (width, 16), 3);
            }
            let y = if segment.phase == Phase::Waiting { y + 7 } else { y + 15 };
            let word = class(segment.phase);
            canvas.text(&format!("within {word}"), (middle, y), Anchor::Middle, text);
        }
    }
    canvas.close_group();
}

fn bar(canvas: &mut Canvas, phase: Phase, (x, y): (i32, i32), width: i32) {
    match phase {
        Phase::Connecting => canvas.rect("connecting", (x, y + 4), (width, 14), 0),
        Phase::Queued => canvas.hatched("wait", (x, y), (width, 22)),
        Phase::Served => canvas.rect("served", (x, y), (width, 22), 2),
        Phase::Holding => canvas.rect("holding", (x, y + 2), (width, 18), 0),
        Phase::Unanswered => canvas.rect("unanswered", (x, y + 2), (width, 18), 0),
        Phase::Waiting => canvas.line("idle", (x, y + 11), (x + width, y + 11)),
    }
}

/// The class of the text within a bar.
fn class(phase: Phase) -> &'static str {
    match phase {
        Phase::Holding => "holding",
        Phase::Unanswered => "unanswered",
        usual => usual.name(),
    }
}

fn meaning(phase: Phase) -> &'static str {
    match phase {
        Phase::Connecting => "connecting",
        Phase::Queued => "queued in the backlog",
        Phase::Served => "served",
        Phase::Holding => "holds the server",
        Phase::Unanswered => "no reply",
        Phase::Waiting => "waiting for the other side",
    }
}

/// The entries of the legend, each with its x coordinate and its line.
fn legend_entries(gantt: &Gantt, width: i32) -> Vec<(Phase, (i32, i32))> {
    let (mut x, mut row) = (24, 0);
    let mut entries = Vec::new();
    for phase in Phase::explained(gantt) {
        let own = 74 + columns(meaning(phase)) * 7;
        if x > 24 && x + own > width {
            (x, row) = (24, row + 1);
        }
        entries.push((phase, (x, row)));
        x += own;
    }
    entries
}

fn legend(canvas: &mut Canvas, entries: &[(Phase, (i32, i32))], y: i32) {
    for &(phase, (x, row)) in entries {
        let y = y + row * 26;
        canvas.open_legend("row");
        bar(canvas, phase, (x, y - 11), 40);
        canvas.text("soft", (x + 50, y + 4), Anchor::Start, meaning(phase));
        canvas.close_group();
    }
}
