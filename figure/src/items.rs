//! What stands in the textbook's figure, from top to bottom.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::link::moment;
use super::{MessageKind, Story};

/// One row of the figure, or a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Item {
    /// A call that waits for another program begins.
    Begins(usize),
    /// It ends.
    Ends(usize),
    /// A call in one row.
    Call(usize),
    /// A message.
    Arrow(usize),
    /// So many rounds of the items before are left out, of so many calls altogether.
    Again { rounds: usize, items: usize, calls: usize },
    /// So many calls are left out.
    Gap(usize),
}

/// All items of a story.
fn items(story: &Story) -> Vec<Item> {
    let begins = begins(story);
    let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
    for (step, before) in begins.iter().enumerate() {
        if let Some(before) = before {
            waiting.entry(*before).or_default().push(step);
        }
    }
    let mut leaving: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut coming: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, message) in story.messages.iter().enumerate() {
        match (message.from, message.to) {
            (Some(from), _) if message.kind != MessageKind::Refused => {
                leaving.entry(from).or_default().push(index)
            }
            (None, Some(to)) => coming.entry(to).or_default().push(index),
            _ => {}
        }
    }
    let mut items = Vec::with_capacity(2 * story.steps.len());
    for (step, begun) in begins.iter().enumerate() {
        items.extend(waiting.remove(&step).unwrap_or_default().into_iter().map(Item::Begins));
        items.extend(coming.remove(&step).unwrap_or_default().into_iter().map(Item::Arrow));
        items.push(if begun.is_some() { Item::Ends(step) } else { Item::Call(step) });
        items.extend(leaving.remove(&step).unwrap_or_default().into_iter().map(Item::Arrow));
    }
    items
}

/// For each call that waited while others went on, the first step of these.
fn begins(story: &Story) -> Vec<Option<usize>> {
    let mut before: HashMap<(usize, usize), usize> = HashMap::new();
    let mut accepts: HashMap<usize, usize> = HashMap::new();
    let mut begins = vec![None; story.steps.len()];
    for (index, step) in story.steps.iter().enumerate() {
        accepts.extend(step.accepted.map(|socket| (socket, index)));
        // Not before its socket was there.
        let previous =
            before.insert((step.program, step.thread), index).max(accepts.get(&step.socket).copied());
        if step.receives() && step.call.blocked > 0 {
            let since = previous.map_or(0, |previous| previous + 1);
            let met = (since..index).find(|other| moment(&story.steps[*other]) >= step.call.begin);
            begins[index] = met;
        }
    }
    begins
}

/// Items that follow each other as often as this are shown once.
const OFTEN: usize = 4;
/// And if that leaves out as many.
const MANY: usize = 12;
/// The longest round that is recognised, in items.
const LONGEST: usize = 120;
/// A figure with more items has a gap in the middle.
const MOST: usize = 500;

/// The items of a story with less of what repeats itself, and without the middle of what is still too long. `place`
/// tells programs apart that are drawn in different places.
pub(super) fn folded(story: &Story, place: impl Fn(usize) -> usize) -> Vec<Item> {
    let items = items(story);
    let looks: Vec<u64> = items.iter().map(|item| alike(story, &place, *item)).collect();
    let mut shown = Vec::new();
    let mut at = 0;
    while at < items.len() {
        match round(&looks[at..]) {
            Some((length, times)) => {
                let (first, rest) = (at + length, at + length * times);
                shown.extend(&items[at..first]);
                shown.push(Item::Again {
                    rounds: times - 1,
                    items: length,
                    calls: calls(&items[first..rest]),
                });
                at = rest;
            }
            None => {
                shown.push(items[at]);
                at += 1;
            }
        }
    }
    if shown.len() > MOST {
        let (head, tail) = (MOST * 3 / 5, MOST / 5);
        let gap = calls(&shown[head..shown.len() - tail]);
        shown.splice(head..shown.len() - tail, [Item::Gap(gap)]);
    }
    shown
}

/// How long the round is that begins here, and how often it follows itself.
fn round(looks: &[u64]) -> Option<(usize, usize)> {
    for length in 1..=LONGEST.min(looks.len() / OFTEN) {
        if looks[0] != looks[length] {
            continue;
        }
        let same = (length..looks.len()).take_while(|at| looks[*at] == looks[at - length]).count();
        let times = same / length + 1;
        if times >= OFTEN && (times - 1) * length >= MANY {
            return Some((length, times));
        }
    }
    None
}

/// How many calls some items stand for.
fn calls(items: &[Item]) -> usize {
    items
        .iter()
        .map(|item| match item {
            Item::Call(_) | Item::Ends(_) => 1,
            Item::Again { calls, .. } | Item::Gap(calls) => *calls,
            _ => 0,
        })
        .sum()
}

/// The same number for items that look the same but for payloads and numbers.
fn alike(story: &Story, place: &dyn Fn(usize) -> usize, item: Item) -> u64 {
    // Its numbers are used in this process alone.
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(&item).hash(&mut hasher);
    match item {
        Item::Begins(step) | Item::Ends(step) | Item::Call(step) => {
            let step = &story.steps[step];
            let call = &step.call;
            place(step.program).hash(&mut hasher);
            (&call.call, &call.outcome, call.room.filter(|_| step.receives()), call.argument)
                .hash(&mut hasher);
            base(&story.sockets[step.socket].name).hash(&mut hasher);
            (step.receives() && call.bytes == Some(0)).hash(&mut hasher);
        }
        Item::Arrow(message) => {
            let message = &story.messages[message];
            let column = |step: Option<usize>| step.map(|step| place(story.steps[step].program));
            (message.kind, column(message.from), column(message.to), message.cut > 0).hash(&mut hasher);
        }
        Item::Again { .. } | Item::Gap(_) => {}
    }
    hasher.finish()
}

/// A name without the number that tells it from others.
pub(super) fn base(name: &str) -> &str {
    name.trim_end_matches(|character: char| character.is_ascii_digit()).trim_end()
}
