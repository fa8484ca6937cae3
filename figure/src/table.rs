//! The tables of the page: the calls, and their counts if there are too many.

use std::collections::{BTreeMap, HashMap};

use super::call_text;
use super::escape::{clipped, escaped};
use super::label::{self, bytes, duration, grouped};
use super::layout::Layout;
use super::{MessageKind, Model, PageOptions};

/// The maximum number of rows of the table of calls.
const MAX_ROWS: usize = 2000;

/// The calls that have a row, in the order of their numbers: the first ones, and those of the figure.
pub(super) fn rows(layout: &Layout) -> Vec<usize> {
    let has_row = |step: &usize| layout.numbers[*step] <= MAX_ROWS || layout.boxes.contains_key(step);
    layout.order.iter().copied().filter(has_row).collect()
}

/// A note on the calls that the table omits, if any.
pub(super) fn folded(model: &Model, rows: &[usize]) -> Option<String> {
    let all = model.steps.len();
    (rows.len() < all).then(|| {
        format!(
            "The table has {} of {} calls; the counts below are of all.",
            grouped(rows.len() as u64),
            grouped(all as u64)
        )
    })
}

pub(super) fn calls(model: &Model, options: &PageOptions<'_>, layout: &Layout, rows: &[usize]) -> String {
    let numbers: HashMap<usize, usize> = rows.iter().map(|&step| (step, layout.numbers[step])).collect();
    let mut links = links(model, &numbers);
    let start = model.steps.iter().map(|step| step.call.begin).min().unwrap_or(0);
    let mut out = String::from("<table id=\"table\">\n<thead><tr><th scope=\"col\">No.</th>");
    let headings = ["Begins", "Program", "Call", "Result", "Waits", "Data", "Arrows"];
    for heading in headings {
        out.push_str(&format!("<th scope=\"col\">{heading}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for &index in rows {
        let step = &model.steps[index];
        let number = numbers[&index];
        let begin = step.call.begin;
        let begins =
            if options.ordinals { begin.to_string() } else { format!("{} s", label::moment(begin - start)) };
        let result = label::result(model, step)
            .or_else(|| step.call.bytes.map(bytes))
            .unwrap_or_else(|| if step.call.outcome == "ok" { "ok".to_owned() } else { String::new() });
        let waits = if step.call.blocked > 0 {
            if options.ordinals { "yes".to_owned() } else { duration(step.call.blocked) }
        } else {
            String::new()
        };
        let data = step.call.data.as_deref().and_then(capsock::trace::unescape);
        let data =
            data.map(|data| label::payload(&data, step.call.bytes.unwrap_or(0), 140)).unwrap_or_default();
        let thread = if step.thread > 0 { format!(", thread {}", step.thread + 1) } else { String::new() };
        let key = if options.live {
            format!(" data-key=\"{}-{}\"", step.call.pid, step.call.seq)
        } else {
            String::new()
        };
        out.push_str(&format!(
            "<tr id=\"r{number}\"{key} data-call=\"{}\"><th scope=\"row\">{number}</th><td>{}</td><td>{}{thread}</td>\
             <td><code>{}</code></td><td>{}</td><td>{waits}</td><td><code>{}</code></td><td>{}</td></tr>\n",
            escaped(&step.call.call),
            begins,
            escaped(&clipped(&model.programs[step.program].name, 60)),
            escaped(&clipped(&call_text::call(model, step), 120)),
            escaped(&result),
            escaped(&data),
            links.remove(&index).unwrap_or_default().join("; ")
        ));
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

/// For each call with a row, links to the calls that its messages come from and go to.
fn links(model: &Model, numbers: &HashMap<usize, usize>) -> HashMap<usize, Vec<String>> {
    let mut links: HashMap<usize, Vec<String>> = HashMap::new();
    let has_row = |step: &usize| numbers.contains_key(step);
    let link = |step: usize| match numbers.get(&step) {
        Some(number) => format!("<a href=\"#r{number}\">{number}</a>"),
        None => "a call without a row".to_owned(),
    };
    for message in &model.messages {
        let what = match message.kind {
            MessageKind::Handshake => "handshake",
            MessageKind::HalfClose => "end of stream",
            MessageKind::Reset => "reset",
            MessageKind::Refused => "refused",
            MessageKind::Stream | MessageKind::Datagram => "data",
        };
        if let Some(from) = message.from.filter(has_row) {
            let note = label::note(model, message).map(|note| format!(" ({note})")).unwrap_or_default();
            let text = match message.to {
                Some(to) => format!("{what} to {}{note}", link(to)),
                None if message.untraced => format!("{what} to a program that is not shown"),
                None => format!("{what}{note}"),
            };
            links.entry(from).or_default().push(text);
        }
        if let Some(to) = message.to.filter(has_row) {
            let text = match message.from {
                Some(from) => format!("{what} from {}", link(from)),
                None if message.untraced => format!("{what} from a program that is not shown"),
                None => format!("{what} (no send seen)"),
            };
            links.entry(to).or_default().push(text);
        }
    }
    links
}

/// For each program and call: the number of calls, of failures and of bytes, and the time blocked.
pub(super) fn counted(model: &Model, options: &PageOptions<'_>) -> String {
    #[derive(Default)]
    struct Count {
        calls: u64,
        failed: u64,
        bytes: u64,
        blocked: u64,
    }
    let mut counts: BTreeMap<(usize, &str), Count> = BTreeMap::new();
    for step in &model.steps {
        let count = counts.entry((step.program, &step.call.call)).or_default();
        count.calls += 1;
        count.failed += u64::from(label::failed(step));
        count.bytes = count.bytes.saturating_add(step.call.bytes.unwrap_or(0));
        count.blocked = count.blocked.saturating_add(step.call.blocked);
    }
    let mut out = String::from("<table>\n<thead><tr>");
    for heading in ["Program", "Call", "Calls", "Failed", "Bytes", "Waits"] {
        out.push_str(&format!("<th scope=\"col\">{heading}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for ((program, call), count) in counts.iter().take(MAX_ROWS) {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            escaped(&clipped(&model.programs[*program].name, 60)),
            escaped(&clipped(call, 24)),
            grouped(count.calls),
            grouped(count.failed),
            grouped(count.bytes),
            if options.ordinals { String::new() } else { duration(count.blocked) },
        ));
    }
    out.push_str("</tbody>\n</table>\n");
    out
}
