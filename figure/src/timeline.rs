//! The timeline of a model: its calls and messages as the rows of a figure, from top to bottom.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::link::moment;
use super::{Message, MessageKind, Model, label};

/// A row of the figure, or several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// A call begins and blocks until another program acts.
    Begin(usize),
    /// The call that began earlier returns.
    End(usize),
    /// A call in one row.
    Call(usize),
    /// A message.
    Arrow(usize),
    /// The preceding `entries` entries repeat `rounds` more times, with `calls` calls in all; the repeats are omitted.
    Repeat { rounds: usize, entries: usize, calls: usize },
    /// This many calls are omitted.
    Omitted(usize),
}

/// All entries of a model, in order.
pub(super) fn timeline(model: &Model) -> Vec<Entry> {
    let begins = begins(model);
    let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
    for (step, before) in begins.iter().enumerate() {
        if let Some(before) = before {
            waiting.entry(*before).or_default().push(step);
        }
    }
    let mut leaving: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut coming: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, message) in model.messages.iter().enumerate() {
        match (message.from, message.to) {
            (Some(from), _) if message.kind != MessageKind::Refused => {
                leaving.entry(from).or_default().push(index)
            }
            (None, Some(to)) => coming.entry(to).or_default().push(index),
            _ => {}
        }
    }
    let mut timeline = Vec::with_capacity(2 * model.steps.len());
    for (step, begun) in begins.iter().enumerate() {
        timeline.extend(waiting.remove(&step).unwrap_or_default().into_iter().map(Entry::Begin));
        timeline.extend(coming.remove(&step).unwrap_or_default().into_iter().map(Entry::Arrow));
        match begun {
            // It began above, and has no end.
            Some(_) if model.steps[step].still_waits() => {}
            None if model.steps[step].still_waits() => timeline.push(Entry::Begin(step)),
            Some(_) => timeline.push(Entry::End(step)),
            None => timeline.push(Entry::Call(step)),
        }
        timeline.extend(leaving.remove(&step).unwrap_or_default().into_iter().map(Entry::Arrow));
    }
    timeline
}

/// For each receive, or wait for several sockets, that blocked while other steps took place, the first of those steps.
fn begins(model: &Model) -> Vec<Option<usize>> {
    let mut before: HashMap<(usize, usize), usize> = HashMap::new();
    let mut accepts: HashMap<usize, usize> = HashMap::new();
    let mut begins = vec![None; model.steps.len()];
    for (index, step) in model.steps.iter().enumerate() {
        accepts.extend(step.accepted.map(|socket| (socket, index)));
        // A call cannot begin before its socket exists.
        let previous =
            before.insert((step.program, step.thread), index).max(accepts.get(&step.socket).copied());
        if (step.receives() || step.polls()) && step.call.blocked > 0 {
            let since = previous.map_or(0, |previous| previous + 1);
            let met = (since..index).find(|other| moment(&model.steps[*other]) >= step.call.begin);
            begins[index] = met;
        }
    }
    begins
}

/// The number of consecutive rounds from which on they are folded into one.
const MIN_ROUNDS: usize = 4;
/// The number of entries that folding has to omit at least.
const MIN_OMITTED: usize = 12;
/// The longest round that is recognised, in entries.
const MAX_ROUND: usize = 120;
/// The middle of a longer timeline is omitted.
const MAX_ENTRIES: usize = 500;
/// The middle of a longer timeline is omitted if no rounds are folded.
const MAX_UNFOLDED: usize = 5000;

/// Which entries are drawn.
#[derive(Clone, Copy, Default)]
pub(super) struct Selection {
    /// The first and the last number of a call.
    pub(super) rows: Option<(usize, usize)>,
    /// Whether repeated rounds are drawn.
    pub(super) unfolded: bool,
}

/// The entries that are drawn: with repeated rounds folded, and the middle omitted if there are too many. `column` maps a
/// program to the column that it is drawn in; entries of different columns are different.
pub(super) fn selected(model: &Model, selection: Selection, column: impl Fn(usize) -> usize) -> Vec<Entry> {
    let mut entries = timeline(model);
    if let Some((first, last)) = selection.rows {
        let numbers = numbers(model, &entries);
        let within = |step: usize| (first..=last).contains(&numbers[step]);
        entries.retain(|entry| match *entry {
            Entry::Begin(step) | Entry::End(step) | Entry::Call(step) => within(step),
            Entry::Arrow(message) => {
                let Message { from, to, .. } = model.messages[message];
                from.or(to).is_some_and(within)
            }
            Entry::Repeat { .. } | Entry::Omitted(_) => true,
        });
    }
    if selection.unfolded { without_middle(entries, MAX_UNFOLDED) } else { folded(model, &entries, column) }
}

/// The number of each call: its place in the order in which they began, from 1.
pub(super) fn numbers(model: &Model, entries: &[Entry]) -> Vec<usize> {
    let mut numbers = vec![0; model.steps.len()];
    for (place, step) in begun(entries).enumerate() {
        numbers[step] = place + 1;
    }
    numbers
}

/// The calls in the order in which they began.
pub(super) fn begun(entries: &[Entry]) -> impl Iterator<Item = usize> {
    entries.iter().filter_map(|entry| match *entry {
        Entry::Begin(step) | Entry::Call(step) => Some(step),
        _ => None,
    })
}

fn folded(model: &Model, entries: &[Entry], column: impl Fn(usize) -> usize) -> Vec<Entry> {
    let fingerprints: Vec<u64> = entries.iter().map(|entry| fingerprint(model, &column, *entry)).collect();
    let mut shown = Vec::new();
    let mut at = 0;
    while at < entries.len() {
        match round(&fingerprints[at..]) {
            Some((length, times)) => {
                let (first, rest) = (at + length, at + length * times);
                shown.extend(&entries[at..first]);
                shown.push(Entry::Repeat {
                    rounds: times - 1,
                    entries: length,
                    calls: calls(&entries[first..rest]),
                });
                at = rest;
            }
            None => {
                shown.push(entries[at]);
                at += 1;
            }
        }
    }
    without_middle(shown, MAX_ENTRIES)
}

fn without_middle(mut entries: Vec<Entry>, most: usize) -> Vec<Entry> {
    if entries.len() > most {
        let (head, tail) = (most * 3 / 5, most / 5);
        let gap = calls(&entries[head..entries.len() - tail]);
        entries.splice(head..entries.len() - tail, [Entry::Omitted(gap)]);
    }
    entries
}

/// The text that stands for the omitted rounds.
pub(super) fn repeated(rounds: usize, rows: usize, calls: usize) -> String {
    let word = if rounds == 1 { "round" } else { "rounds" };
    let (rounds, calls) = (label::grouped(rounds as u64), label::grouped(calls as u64));
    format!("{rounds} more {word} of the {rows} rows above, {calls} calls")
}

/// The text that stands for omitted calls.
pub(super) fn omitted(calls: usize) -> String {
    format!("{} calls are not drawn", label::grouped(calls as u64))
}

/// The length of the round that begins here, in entries, and how many times it occurs in a row.
fn round(fingerprints: &[u64]) -> Option<(usize, usize)> {
    for length in 1..=MAX_ROUND.min(fingerprints.len() / MIN_ROUNDS) {
        if fingerprints[0] != fingerprints[length] {
            continue;
        }
        let same = (length..fingerprints.len())
            .take_while(|at| fingerprints[*at] == fingerprints[at - length])
            .count();
        let times = same / length + 1;
        if times >= MIN_ROUNDS && (times - 1) * length >= MIN_OMITTED {
            return Some((length, times));
        }
    }
    None
}

/// The number of calls that some entries stand for.
fn calls(entries: &[Entry]) -> usize {
    entries
        .iter()
        .map(|entry| match entry {
            Entry::Call(_) | Entry::End(_) => 1,
            Entry::Repeat { calls, .. } | Entry::Omitted(calls) => *calls,
            _ => 0,
        })
        .sum()
}

/// A hash of an entry that leaves out payloads and numbers, so that repeated rounds compare equal.
fn fingerprint(model: &Model, column: &dyn Fn(usize) -> usize, entry: Entry) -> u64 {
    // The hash is not stored: it may differ between processes.
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(&entry).hash(&mut hasher);
    match entry {
        Entry::Begin(step) | Entry::End(step) | Entry::Call(step) => {
            let step = &model.steps[step];
            let call = &step.call;
            column(step.program).hash(&mut hasher);
            (&call.call, &call.outcome, call.room.filter(|_| step.receives()), call.argument)
                .hash(&mut hasher);
            base(&model.sockets[step.socket].name).hash(&mut hasher);
            (step.receives() && call.bytes == Some(0)).hash(&mut hasher);
        }
        Entry::Arrow(message) => {
            let message = &model.messages[message];
            let at = |step: Option<usize>| step.map(|step| column(model.steps[step].program));
            (message.kind, at(message.from), at(message.to), message.cut > 0).hash(&mut hasher);
            label::impaired(model, message).hash(&mut hasher);
        }
        Entry::Repeat { .. } | Entry::Omitted(_) => {}
    }
    hasher.finish()
}

/// A name without its number.
pub(super) fn base(name: &str) -> &str {
    name.trim_end_matches(|character: char| character.is_ascii_digit()).trim_end()
}
