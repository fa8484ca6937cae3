//! The numbers of arrows whose receive is not the next call in its column.

use std::collections::HashMap;

use super::super::Story;
use super::super::items::Item;

/// Where the items that have numbers stand: an arrow that is not received by what comes next in its column.
pub(super) fn tags(
    story: &Story,
    items: &[Item],
    places: &[(usize, Option<usize>)],
) -> HashMap<usize, usize> {
    let mut tags = HashMap::new();
    // For each column the step that comes next there, from the bottom up.
    let mut next: HashMap<usize, usize> = HashMap::new();
    let mut late = Vec::new();
    for item in items.iter().rev() {
        match *item {
            Item::Call(step) | Item::Ends(step) => {
                next.insert(places[story.steps[step].program].0, step);
            }
            Item::Arrow(index) => {
                let Some((from, to)) = story.messages[index].from.zip(story.messages[index].to) else {
                    continue;
                };
                let column = |step: usize| places[story.steps[step].program].0;
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
