//! What belongs together: calls to sockets, sockets to programs, sends to receives.

mod addresses;
mod conversations;
mod datagrams;
mod names;
mod order;
mod renumber;
mod runs;
mod sockets;
mod streams;

use super::read::Trace;
use super::{Program, Socket, Story};
use runs::Run;

pub(super) use conversations::conversations;
pub(super) use names::{base_names, name};
pub(super) use order::{Order, arrange, moment};

/// What the events show: whose socket each call was made on, which receive met which send, and in which order.
///
/// Streams are matched by the addresses of their connection and the place of each byte in it, datagrams by addresses,
/// content and order. The order is that of the clocks where it keeps each cause before its effects. The same events
/// give the same story, in whatever order the lines of different processes, or the files, were.
#[must_use]
pub fn link(trace: Trace) -> Story {
    let (runs, mut remarks) = runs::gather(trace);
    let (programs, members) = programs(&runs);
    let (steps, lives) = sockets::follow(runs, &members, &mut remarks);
    let mut messages = streams::messages(&steps, &lives);
    messages.extend(datagrams::messages(&steps, &lives));
    let sockets = lives.iter().map(|life| Socket { program: life.program, name: String::new() }).collect();
    let mut story = Story { programs, sockets, steps, messages, conversations: Vec::new(), remarks };
    serving(&mut story);
    if !arrange(&mut story, Order::Clock) {
        story
            .remarks
            .push("the record contradicts itself, so that the order of some calls is a guess".to_owned());
    }
    name(&mut story);
    story.conversations = conversations(&story);
    story
}

/// A program for each process that no recorded one forked, and for each process its program.
fn programs(runs: &[Run]) -> (Vec<Program>, Vec<usize>) {
    let mut programs: Vec<Program> = Vec::new();
    let mut members: Vec<usize> = Vec::with_capacity(runs.len());
    for run in runs {
        let program = match run.parent {
            Some(parent) => members[parent],
            None => {
                let (name, language) = (run.name.clone(), run.language.clone());
                programs.push(Program { name, language, pids: Vec::new(), serves: false });
                programs.len() - 1
            }
        };
        programs[program].pids.push(run.pid);
        members.push(program);
    }
    (programs, members)
}

/// Finds out which programs serve.
fn serving(story: &mut Story) {
    let mut spoke = vec![false; story.sockets.len()];
    let mut binds = Vec::new();
    for step in &story.steps {
        if step.call.call == "bind" {
            binds.push((step.program, step.socket));
        }
        let listens = matches!(&*step.call.call, "listen" | "accept");
        let asked = step.call.transport == "udp" && step.receives() && !spoke[step.socket];
        spoke[step.socket] |= step.sends() || step.call.call == "connect";
        story.programs[step.program].serves |= listens || asked;
    }
    // What is bound and no more was about to serve, and may have found its address in use.
    for (program, socket) in binds {
        story.programs[program].serves |= !spoke[socket];
    }
}
