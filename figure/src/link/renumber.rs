//! Reorders a model.

use super::super::{Model, Program, Socket};

/// Puts the steps into the order of `sequence` and updates all indices.
pub(super) fn renumber(model: &mut Model, sequence: &[usize]) {
    let mut places = vec![0; sequence.len()];
    for (place, step) in sequence.iter().enumerate() {
        places[*step] = place;
    }
    let mut steps: Vec<_> = std::mem::take(&mut model.steps).into_iter().map(Some).collect();
    model.steps = sequence.iter().filter_map(|step| steps[*step].take()).collect();
    for message in &mut model.messages {
        message.from = message.from.map(|step| places[step]);
        message.to = message.to.map(|step| places[step]);
    }
    // Messages that were not received come last.
    let to = |to: Option<usize>| to.unwrap_or(usize::MAX);
    model.messages.sort_by_key(|message| {
        (message.from.or(message.to), to(message.to), message.kind as u8, message.offset)
    });
    programs(model);
    sockets(model);
    threads(model);
}

/// Sorts the programs: servers first, then by their first step.
fn programs(model: &mut Model) {
    let mut first = vec![usize::MAX; model.programs.len()];
    for (index, step) in model.steps.iter().enumerate().rev() {
        first[step.program] = index;
    }
    let mut order: Vec<_> = (0..first.len()).collect();
    order.sort_by_key(|program| (!model.programs[*program].serves, first[*program], *program));
    let places = inverse(&order);
    let mut programs: Vec<_> = std::mem::take(&mut model.programs).into_iter().map(Some).collect();
    model.programs = order.iter().filter_map(|program| programs[*program].take()).collect::<Vec<Program>>();
    for step in &mut model.steps {
        step.program = places[step.program];
    }
    for socket in &mut model.sockets {
        socket.program = places[socket.program];
    }
}

/// Sorts the sockets by their first step, or by their accept.
fn sockets(model: &mut Model) {
    let mut places = vec![None; model.sockets.len()];
    let mut order = Vec::with_capacity(places.len());
    for step in &mut model.steps {
        let waits = step.waited.iter_mut().chain(&mut step.ready);
        for socket in std::iter::once(&mut step.socket).chain(&mut step.accepted).chain(waits) {
            *socket = *places[*socket].get_or_insert_with(|| {
                order.push(*socket);
                order.len() - 1
            });
        }
    }
    let mut sockets: Vec<_> = std::mem::take(&mut model.sockets).into_iter().map(Some).collect();
    model.sockets = order.iter().filter_map(|socket| sockets[*socket].take()).collect::<Vec<Socket>>();
}

fn threads(model: &mut Model) {
    let mut seen = std::collections::HashMap::new();
    let mut next = vec![0; model.programs.len()];
    for step in &mut model.steps {
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
