//! A story in another order.

use super::super::{Program, Socket, Story};

/// Puts the steps into the order of `sequence`, and all that refers to them.
pub(super) fn renumber(story: &mut Story, sequence: &[usize]) {
    let mut places = vec![0; sequence.len()];
    for (place, step) in sequence.iter().enumerate() {
        places[*step] = place;
    }
    let mut steps: Vec<_> = std::mem::take(&mut story.steps).into_iter().map(Some).collect();
    story.steps = sequence.iter().filter_map(|step| steps[*step].take()).collect();
    for message in &mut story.messages {
        message.from = message.from.map(|step| places[step]);
        message.to = message.to.map(|step| places[step]);
    }
    // What was not received comes last.
    let to = |to: Option<usize>| to.unwrap_or(usize::MAX);
    story.messages.sort_by_key(|message| {
        (message.from.or(message.to), to(message.to), message.kind as u8, message.offset)
    });
    programs(story);
    sockets(story);
    threads(story);
}

/// Servers first, then by the first step.
fn programs(story: &mut Story) {
    let mut first = vec![usize::MAX; story.programs.len()];
    for (index, step) in story.steps.iter().enumerate().rev() {
        first[step.program] = index;
    }
    let mut order: Vec<_> = (0..first.len()).collect();
    order.sort_by_key(|program| (!story.programs[*program].serves, first[*program], *program));
    let places = inverse(&order);
    let mut programs: Vec<_> = std::mem::take(&mut story.programs).into_iter().map(Some).collect();
    story.programs = order.iter().filter_map(|program| programs[*program].take()).collect::<Vec<Program>>();
    for step in &mut story.steps {
        step.program = places[step.program];
    }
    for socket in &mut story.sockets {
        socket.program = places[socket.program];
    }
}

/// By the first step; an accepted socket that nothing was done with by that.
fn sockets(story: &mut Story) {
    let mut places = vec![None; story.sockets.len()];
    let mut order = Vec::with_capacity(places.len());
    for step in &mut story.steps {
        for socket in std::iter::once(&mut step.socket).chain(&mut step.accepted) {
            *socket = *places[*socket].get_or_insert_with(|| {
                order.push(*socket);
                order.len() - 1
            });
        }
    }
    let mut sockets: Vec<_> = std::mem::take(&mut story.sockets).into_iter().map(Some).collect();
    story.sockets = order.iter().filter_map(|socket| sockets[*socket].take()).collect::<Vec<Socket>>();
}

fn threads(story: &mut Story) {
    let mut seen = std::collections::HashMap::new();
    let mut next = vec![0; story.programs.len()];
    for step in &mut story.steps {
        let next = &mut next[step.program];
        step.thread = *seen.entry((step.program, step.thread)).or_insert_with(|| {
            *next += 1;
            *next - 1
        });
    }
}

fn inverse(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    for (place, index) in order.iter().enumerate() {
        places[*index] = place;
    }
    places
}
