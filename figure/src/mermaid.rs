//! The socket-interaction figure as a Mermaid sequence diagram, for a fenced block in Markdown.

use std::fmt::Write;

use super::call_text;
use super::label;
use super::timeline::{Entry, Selection, selected};
use super::{Message, MessageKind, Model, untraced};

/// The participant for all programs that are not traced.
const UNSEEN: &str = "unseen";

/// Writes the diagram. Untrusted text such as a payload is escaped, so that Mermaid does not interpret it. A note
/// replaces the calls that a long diagram omits.
#[must_use]
pub fn mermaid(model: &Model) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let mut line = |text: String| {
        out.push_str("    ");
        out.push_str(&text);
        out.push('\n');
    };
    for (index, program) in model.programs.iter().enumerate() {
        line(format!("participant p{index} as {}", escaped(&program.name)));
    }
    let meets_unseen =
        |message: &Message| ends(model, message).is_some_and(|(from, to)| from.is_none() || to.is_none());
    if model.messages.iter().any(meets_unseen) {
        line(format!("participant {UNSEEN} as {}", untraced::name(model)));
    }
    let span = match model.programs.len() {
        0 | 1 => "p0".to_owned(),
        several => format!("p0,p{}", several - 1),
    };
    let mut begun = std::collections::HashSet::new();
    for entry in selected(model, Selection::default(), |program| program) {
        match entry {
            Entry::Begin(step) => {
                begun.insert(step);
                let text = call_text::call(model, &model.steps[step]);
                let text = text.rsplit(" = ").next().unwrap_or_default();
                let still = if model.steps[step].still_waits() { " still waits" } else { "" };
                line(format!("Note over p{}: {}{still}", model.steps[step].program, escaped(text)));
            }
            Entry::Call(step) | Entry::End(step) => {
                let of = &model.steps[step];
                let call = if begun.contains(&step) { String::new() } else { call_text::call(model, of) };
                let result = label::result(model, of).filter(|_| of.call.call != "accept" || call.is_empty());
                let text =
                    [call].into_iter().chain(result).filter(|part| !part.is_empty()).collect::<Vec<_>>();
                line(format!("Note over p{}: {}", of.program, escaped(&text.join(" "))));
            }
            Entry::Arrow(message) => {
                if let Some(text) = arrow(model, &model.messages[message]) {
                    line(text);
                }
            }
            Entry::Repeat { rounds, entries, calls } => {
                line(format!(
                    "Note over {span}: {rounds} more rounds of the {entries} lines above, {calls} calls"
                ));
            }
            Entry::Omitted(calls) => line(format!("Note over {span}: {calls} calls are not drawn")),
        }
    }
    for remark in &model.remarks {
        line(format!("Note over {span}: {}", escaped(remark)));
    }
    out
}

/// The programs at both ends of an arrow; `None` for a program that was not recorded.
fn ends(model: &Model, message: &Message) -> Option<(Option<usize>, Option<usize>)> {
    let program = |step: usize| model.steps[step].program;
    match (message.from, message.to) {
        (Some(from), None) if message.untraced => Some((Some(program(from)), None)),
        // The program that has the destination's port, if it was recorded.
        (Some(from), None) => {
            let peer = model.steps[from].call.peer.map(|peer| peer.port());
            let there = model.steps.iter().find(|step| {
                step.program != program(from)
                    && peer.is_some()
                    && step.call.local.map(|local| local.port()) == peer
            });
            Some((Some(program(from)), there.map(|step| step.program)))
        }
        (None, None) => None,
        (from, to) => Some((from.map(program), to.map(program))),
    }
}

fn arrow(model: &Model, message: &Message) -> Option<String> {
    let (from, to) = ends(model, message)?;
    let name = |program: Option<usize>| program.map_or(UNSEEN.to_owned(), |program| format!("p{program}"));
    let sign = match message.kind {
        MessageKind::Refused | MessageKind::Reset => "--x",
        MessageKind::Handshake | MessageKind::HalfClose => "-->>",
        _ if (message.to.is_none() && !message.untraced) || label::is_lost(model, message) => "-x",
        _ => "->>",
    };
    let text = label::message(message, 32);
    let note = label::note(model, message).map(|note| format!(", {note}")).unwrap_or_default();
    Some(format!("{}{sign}{}: {}", name(from), name(to), escaped(&format!("{text}{note}"))))
}

/// Escapes all characters but letters, digits and some punctuation as Mermaid entities.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | ' '
            | '.'
            | ','
            | ':'
            | '('
            | ')'
            | '='
            | '*'
            | '_'
            | '"'
            | '\'' => {
                out.push(character);
            }
            '/' | '…' | '–' => out.push(character),
            _ if character.is_control() || !super::escape::is_harmless(character) => {
                // Invisible: shown by its code.
                out.push_str(&escaped(&format!("\\u{{{:x}}}", u32::from(character))));
            }
            // Writing to a String cannot fail.
            _ => drop(write!(out, "#{};", u32::from(character))),
        }
    }
    // Mermaid's preprocessor interprets these words anywhere in the text.
    out.replace("style", "#115;tyle").replace("classDef", "#99;lassDef")
}
