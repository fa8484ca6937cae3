//! The textbook's figure "Client/server socket interaction" as SVG.

use super::arrows::{self, Symbol};
use super::canvas::{Anchor, Canvas, Target};
use super::escape::{clipped, columns};
use super::grid::{BESIDE_BAR, Content, LINE, TOP};
use super::label::{bytes, duration, grouped};
use super::layout::Layout;
use super::{Model, PageOptions, Program, call_text, label, untraced};

/// The height of a program's name and of what it is.
const HEAD: i32 = 52;

/// The socket-interaction figure as an SVG file: a column for each program with its calls from top to bottom, a bar for
/// a call that blocked, an arrow for each message. A note replaces repeated rounds of calls, and the middle of a figure of
/// more than some 500 rows.
#[must_use]
pub fn svg(model: &Model, options: &PageOptions<'_>) -> String {
    figure(model, options, &Layout::new(model, options), Target::File)
}

pub(super) fn figure(model: &Model, options: &PageOptions<'_>, layout: &Layout, target: Target) -> String {
    let notes = [caption(options, target, layout.width), notes(model)].concat();
    let symbols = Symbol::used(model, layout);
    let legend_rows = arrows::legend_rows(&symbols, layout.width);
    let height = layout.bottom + 34 + legend_rows * 26 + notes.len() as i32 * 18; // a few notes
    let mut canvas = Canvas::new(
        layout.width,
        height,
        target,
        "interaction",
        (options.title, &summary(model, options), options.font_size),
    );
    lanes(&mut canvas, model, layout, target);
    untraced_lane(&mut canvas, model, layout, target);
    clock(&mut canvas, model, layout, options);
    arrows::draw(&mut canvas, model, layout);
    for &index in layout.order.iter().filter(|step| layout.boxes.contains_key(step)) {
        draw_step(&mut canvas, model, layout, options, (index, layout.numbers[index]));
    }
    if target == Target::Page {
        heads(&mut canvas, model, layout);
    }
    let y = layout.bottom + 18;
    arrows::legend(&mut canvas, &symbols, y);
    for (line, note) in notes.iter().enumerate() {
        canvas.text("soft", (24, y + legend_rows * 26 + 12 + line as i32 * 18), Anchor::Start, note);
    }
    canvas.finish()
}

/// The lines of the caption in a picture's file. The page has it outside of the pictures.
pub(super) fn caption(options: &PageOptions<'_>, target: Target, width: i32) -> Vec<String> {
    let most = ((width - 48) / 7).max(40);
    let mut lines: Vec<String> = Vec::new();
    for word in options.caption.filter(|_| target == Target::File).unwrap_or_default().split_whitespace() {
        let word = clipped(word, most);
        match lines.last_mut().filter(|line| columns(line) + 1 + columns(&word) <= most) {
            Some(line) => {
                line.push(' ');
                line.push_str(&word);
            }
            None => lines.push(word),
        }
    }
    lines
}

/// A line with the numbers of programs, calls and messages, and the duration.
pub(super) fn summary(model: &Model, options: &PageOptions<'_>) -> String {
    let count = |number: usize, one: &str| {
        format!("{} {one}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
    };
    let mut parts = vec![
        count(model.programs.len(), "program"),
        count(model.steps.len(), "call"),
        count(model.messages.len(), "message"),
    ];
    let first = model.steps.iter().map(|step| step.call.begin).min();
    let last = model.steps.iter().map(|step| step.call.end).max();
    if let (Some(first), Some(last), false) = (first, last, options.ordinals) {
        parts.push(duration(last - first));
    }
    parts.join(" · ")
}

/// The notes below the figure: remarks.
fn notes(model: &Model) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(model.remarks.iter().take(4).map(|remark| clipped(remark, 110)));
    if model.remarks.len() > 4 {
        notes.push(format!("And {} more remarks of the reader.", model.remarks.len() - 4));
    }
    notes
}

fn lanes(canvas: &mut Canvas, model: &Model, layout: &Layout, target: Target) {
    for (index, program) in model.programs.iter().enumerate() {
        let own: Vec<_> = layout.columns.iter().filter(|column| column.program == index).collect();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
        let (x, width) = (first.x, last.x + last.width() - first.x);
        let role = if program.serves { "server" } else { "client" };
        canvas.rect(&format!("lane {role}"), (x - 10, TOP - 84), (width + 20, layout.bottom - TOP + 84), 10);
        if target == Target::File {
            head(canvas, program, x, width);
        }
        for column in &own {
            let (top, bottom) = (layout.rows[column.first_row].y, layout.rows[column.last_row].y);
            canvas.line("life", (column.middle(), top), (column.middle(), bottom));
            if own.len() > 1 {
                let threads: Vec<_> = column.threads.iter().map(|thread| (thread + 1).to_string()).collect();
                let word = if threads.len() == 1 { "thread" } else { "threads" };
                let text = clipped(&format!("{word} {}", threads.join(", ")), column.width() / 8);
                canvas.text("thread", (column.middle(), TOP - 22), Anchor::Middle, &text);
            }
        }
    }
}

/// Draws the name of a program, and what it is.
fn head(canvas: &mut Canvas, program: &Program, x: i32, width: i32) {
    let role = if program.serves { "server" } else { "client" };
    let middle = x + width / 2;
    let columns = (width * 10 / 95).max(8);
    canvas.text("name", (middle, TOP - 58), Anchor::Middle, &clipped(&program.name, columns));
    let processes = match program.pids.as_slice() {
        [] => String::new(),
        [pid] => format!(" · process {pid}"),
        [pid, others @ ..] => format!(" · process {pid} and {} forked", others.len()),
    };
    let language = language(&program.language);
    let line = clipped(&format!("{role} · {language}{processes}"), width / 7);
    canvas.text("soft", (middle, TOP - 39), Anchor::Middle, &line);
}

fn untraced_head(canvas: &mut Canvas, model: &Model, middle: i32) {
    canvas.text("name untraced", (middle, TOP - 58), Anchor::Middle, untraced::name(model));
    canvas.text("soft", (middle, TOP - 39), Anchor::Middle, untraced::about(model));
}

/// Draws the programs' names over all else, in a group that the page keeps in sight.
fn heads(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    canvas.open_heads();
    for (index, program) in model.programs.iter().enumerate() {
        let own: Vec<_> = layout.columns.iter().filter(|column| column.program == index).collect();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
        let (x, width) = (first.x, last.x + last.width() - first.x);
        let role = if program.serves { "server" } else { "client" };
        canvas.rect(&format!("plate {role}"), (x - 9, TOP - 83), (width + 18, HEAD), 9);
        head(canvas, program, x, width);
    }
    if let Some(column) = layout.columns.last().filter(|column| column.program == model.programs.len()) {
        canvas.rect("plate untraced", (column.x - 9, TOP - 83), (column.width() + 18, HEAD), 9);
        untraced_head(canvas, model, column.middle());
    }
    canvas.close_group();
}

/// Draws the column of the programs that are not traced.
fn untraced_lane(canvas: &mut Canvas, model: &Model, layout: &Layout, target: Target) {
    let Some(column) = layout.columns.last().filter(|column| column.program == model.programs.len()) else {
        return;
    };
    let size = (column.width() + 20, layout.bottom - TOP + 84);
    canvas.rect("lane untraced", (column.x - 10, TOP - 84), size, 10);
    if target == Target::File {
        untraced_head(canvas, model, column.middle());
    }
    let (top, bottom) = (TOP - 24, layout.rows[column.last_row].y);
    canvas.line("life untraced", (column.middle(), top), (column.middle(), bottom));
}

/// Draws the number and the time of each call at the left edge, and the notes that stand for others.
fn clock(canvas: &mut Canvas, model: &Model, layout: &Layout, options: &PageOptions<'_>) {
    let start = model.steps.iter().map(|step| step.call.begin).min().unwrap_or(0);
    if !options.ordinals {
        canvas.text("time", (108, TOP - 39), Anchor::End, "seconds");
    }
    for (index, row) in layout.rows.iter().enumerate() {
        let (step, begins) = match &row.content {
            Content::Call { step, begins } => (*step, *begins),
            Content::Note(text) => {
                canvas.rect("fold", (84, row.y - 13), (layout.width - 108, 26), 13);
                canvas.text(
                    "folded",
                    (layout.width / 2 + 30, row.y + 4),
                    Anchor::Middle,
                    &format!("⋮ {text}"),
                );
                continue;
            }
        };
        if layout.boxes[&step].begin == index {
            canvas.text("number", (24, row.y + 4), Anchor::Start, &layout.numbers[step].to_string());
        }
        if !options.ordinals {
            let call = &model.steps[step].call;
            let at = if begins { call.begin } else { call.end };
            canvas.text("time", (108, row.y + 4), Anchor::End, &label::moment(at - start));
        }
    }
}

fn draw_step(
    canvas: &mut Canvas,
    model: &Model,
    layout: &Layout,
    options: &PageOptions<'_>,
    (index, number): (usize, usize),
) {
    let (call_box, step) = (&layout.boxes[&index], &model.steps[index]);
    let (top, end) = (layout.rows[call_box.begin].y, layout.rows[call_box.end].y);
    let middle = layout.columns[call_box.column].middle();
    let failed = if label::failed(step) { " failed" } else { "" };
    let about = format!("{number}: {}", described(model, options, index));
    canvas.open_step(&format!("step{failed}"), number, &about);
    let half = call_box.half_width(true);
    if call_box.waits() {
        canvas.hatched("wait", (middle - 7, top), (14, end - top));
    }
    let row = &layout.rows[call_box.begin];
    let more = if call_box.failure().is_some() { LINE } else { 0 }.max((row.slots - 1) * row.slot);
    let height = 26 + more;
    canvas.rect("call", (middle - half, top - 13), (2 * half, height), 6);
    canvas.text("code", (middle, top + 5), Anchor::Middle, &call_box.text);
    if let Some(failure) = call_box.failure() {
        let sign = if label::failed(step) { "✕ " } else { "" };
        canvas.text("failure", (middle, top + 5 + LINE), Anchor::Middle, &format!("{sign}{failure}"));
    } else if call_box.waits() {
        if let Some(text) = &call_box.result {
            let half = call_box.half_width(false);
            canvas.rect("return", (middle - half, end - 11), (2 * half, 22), 11);
            canvas.text("result", (middle, end + 4), Anchor::Middle, text);
        }
        canvas.text("waits", (middle + BESIDE_BAR, top + 30), Anchor::Start, &call_box.wait);
    }
    canvas.close_step();
}

/// The description of a call in a sentence.
pub(super) fn described(model: &Model, options: &PageOptions<'_>, index: usize) -> String {
    let step = &model.steps[index];
    let program = &model.programs[step.program];
    let mut text = format!("{}: {}", program.name, call_text::call(model, step));
    if let Some(result) = label::result(model, step) {
        text.push_str(", ");
        text.push_str(&result);
    } else if let Some(moved) = step.call.bytes {
        text.push_str(", ");
        text.push_str(&bytes(moved));
    }
    if step.call.blocked > 0 {
        text.push_str(", ");
        text.push_str(&label::wait(model, index, options.ordinals));
    }
    text
}

pub(super) fn language(name: &str) -> &str {
    match name {
        "c" => "C",
        "java" => "Java",
        "python" => "Python",
        "rust" => "Rust",
        other => other,
    }
}
