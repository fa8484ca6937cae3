//! Leaves programs out of a model.

use super::Model;

impl Model {
    /// The model with only those programs whose name, with or without its number, is one of `names`. What the others sent
    /// and received is drawn in a column of their own, without their calls.
    ///
    /// # Errors
    /// The first of the names that no program has.
    pub fn only<'a>(mut self, names: &[&'a str]) -> Result<Model, &'a str> {
        let is = |name: &str, wanted: &str| name == wanted || super::timeline::base(name) == wanted;
        let unknown = |wanted: &&&str| !self.programs.iter().any(|program| is(&program.name, wanted));
        if let Some(unknown) = names.iter().find(unknown) {
            return Err(unknown);
        }
        let kept: Vec<bool> =
            self.programs.iter().map(|program| names.iter().any(|name| is(&program.name, name))).collect();
        let programs = places(kept.iter().copied());
        let sockets = places(self.sockets.iter().map(|socket| kept[socket.program]));
        let steps = places(self.steps.iter().map(|step| kept[step.program]));
        retain(&mut self.programs, &programs);
        retain(&mut self.sockets, &sockets);
        retain(&mut self.steps, &steps);
        let to = |places: &[Option<usize>], index: Option<usize>| index.and_then(|index| places[index]);
        for socket in &mut self.sockets {
            socket.program = programs[socket.program].unwrap_or_default();
        }
        for step in &mut self.steps {
            step.program = programs[step.program].unwrap_or_default();
            step.socket = sockets[step.socket].unwrap_or_default();
            step.accepted = to(&sockets, step.accepted);
            for list in [&mut step.waited, &mut step.ready] {
                *list = list.iter().filter_map(|socket| sockets[*socket]).collect();
            }
        }
        for message in &mut self.messages {
            let matched = message.from.is_some() && message.to.is_some();
            (message.from, message.to) = (to(&steps, message.from), to(&steps, message.to));
            let hides_an_end = matched && (message.from.is_none() != message.to.is_none());
            message.untraced |= hides_an_end;
            self.hidden |= hides_an_end;
        }
        self.messages.retain(|message| message.from.is_some() || message.to.is_some());
        self.conversations.retain(|one| one.client.is_none_or(|client| sockets[client].is_some()));
        for one in &mut self.conversations {
            (one.client, one.server) = (to(&sockets, one.client), to(&sockets, one.server));
        }
        Ok(self)
    }
}

/// For each element its place among those that are kept.
fn places(kept: impl Iterator<Item = bool>) -> Vec<Option<usize>> {
    let mut next = 0;
    let place = |keep: bool| {
        keep.then(|| {
            next += 1;
            next - 1
        })
    };
    kept.map(place).collect()
}

fn retain<T>(elements: &mut Vec<T>, places: &[Option<usize>]) {
    let mut kept = places.iter().map(Option::is_some);
    elements.retain(|_| kept.next().unwrap_or(false));
}
