//! Finds what ended the waits for several sockets: `select`, `poll` and `epoll_wait`.

use std::collections::HashMap;

use super::super::{Model, Step};

impl Step {
    /// Whether the call waits for several sockets.
    pub(in super::super) fn polls(&self) -> bool {
        !self.waited.is_empty()
    }
}

/// The steps that made a wait find a socket ready, each with that wait: the first message to the receive that follows it
/// in its thread, if it was sent before the wait ended.
pub(in super::super) fn wakes(model: &Model) -> Vec<(usize, usize)> {
    let mut found: HashMap<(usize, usize, usize), usize> = HashMap::new();
    let mut woken: HashMap<usize, usize> = HashMap::new();
    for (index, step) in model.steps.iter().enumerate() {
        let key = |socket: usize| (step.program, step.thread, socket);
        if step.receives() {
            woken.extend(found.remove(&key(step.socket)).map(|poll| (index, poll)));
        }
        found.extend(step.ready.iter().map(|socket| (key(*socket), index)));
    }
    let mut wakes = Vec::new();
    for message in &model.messages {
        let (Some(from), Some(to)) = (message.from, message.to) else { continue };
        let Some(poll) = woken.get(&to).copied() else { continue };
        if model.steps[from].call.begin <= model.steps[poll].call.end {
            wakes.push((from, poll));
            woken.remove(&to);
        }
    }
    wakes
}
