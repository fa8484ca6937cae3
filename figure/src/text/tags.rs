//! Numbers the arrows whose receive is not the next call in the receiver's column.

use std::collections::HashMap;

use super::super::Model;
use super::super::timeline::Entry;

/// The number of each such arrow, by message.
pub(super) fn tags(
    model: &Model,
    timeline: &[Entry],
    places: &[(usize, Option<usize>)],
) -> HashMap<usize, usize> {
    let mut tags = HashMap::new();
    // For each column, the next step, from the bottom up.
    let mut next: HashMap<usize, usize> = HashMap::new();
    let mut late = Vec::new();
    for entry in timeline.iter().rev() {
        match *entry {
            Entry::Call(step) | Entry::End(step) => {
                next.insert(places[model.steps[step].program].0, step);
            }
            Entry::Arrow(index) => {
                let Some((from, to)) = model.messages[index].from.zip(model.messages[index].to) else {
                    continue;
                };
                let column = |step: usize| places[model.steps[step].program].0;
                if column(from) == column(to) || next.get(&column(to)) != Some(&to) {
                    late.push(index);
                }
            }
            _ => {}
        }
    }
    for (number, index) in late.into_iter().rev().enumerate() {
        tags.insert(index, number + 1);
    }
    tags
}
