//! Links a trace: calls to sockets, sockets to programs, sends to receives.

mod addresses;
mod conversations;
mod datagrams;
mod names;
mod order;
mod polls;
mod processes;
mod renumber;
mod runs;
mod sockets;
mod streams;
mod untraced;
mod waiting;

use super::read::Trace;
use super::{Model, Program, Socket};
use processes::RecordedProcess;

pub(super) use conversations::conversations;
pub(super) use names::{base_names, name};
pub(super) use order::{Order, arrange, moment};
pub(super) use polls::wakes;

/// Links the events: finds the socket of each call, the send of each receive, and a causal order.
///
/// Streams are matched by the addresses of their connection and byte offsets, datagrams by addresses, content and
/// order. Steps are in the order of their clocks unless that puts an effect before its cause. The model does not depend on the
/// order of the files, nor on the order of the lines of different processes.
#[must_use]
pub fn link(trace: Trace) -> Model {
    let (processes, remarks) = processes::gather(trace);
    linked(processes, remarks)
}

/// Links the events of the last run of the programs that were recorded, as [`link`]; a [remark](Model::remarks) tells if
/// there are others.
///
/// Programs whose times overlap are of one run. A server that starts after another one has served begins a new run, with
/// its clients, whether they come before or after its start. If no server was recorded, programs whose times do not
/// overlap are of different runs.
#[must_use]
pub fn link_last_run(trace: Trace) -> Model {
    let (processes, mut remarks) = processes::gather(trace);
    let (processes, runs) = runs::last(processes);
    if runs > 1 {
        remarks.push(format!("this is the last of {runs} runs in the trace; --run all draws all of them"));
    }
    linked(processes, remarks)
}

fn linked(mut processes: Vec<RecordedProcess>, mut remarks: Vec<String>) -> Model {
    let calls = processes.iter().flat_map(|process| &process.calls);
    let end = calls.map(|call| call.end).max().unwrap_or(0);
    let calls = processes.iter_mut().flat_map(|process| &mut process.calls);
    calls.for_each(|call| waiting::extend(call, end));
    let (programs, members) = programs(&processes);
    let (steps, histories) = sockets::track(processes, &members, &mut remarks);
    let mut messages = streams::messages(&steps, &histories);
    messages.extend(datagrams::messages(&steps, &histories));
    untraced::mark(&steps, &histories, &mut messages);
    let sockets =
        histories.iter().map(|history| Socket { program: history.program, name: String::new() }).collect();
    let mut model =
        Model { programs, sockets, steps, messages, conversations: Vec::new(), remarks, hidden: false };
    serving(&mut model);
    if !arrange(&mut model, Order::Clock) {
        model
            .remarks
            .push("the record contradicts itself, so that the order of some calls is a guess".to_owned());
    }
    name(&mut model);
    model.conversations = conversations(&model);
    model
}

/// A program for each process that no recorded process forked; and for each process its program.
fn programs(processes: &[RecordedProcess]) -> (Vec<Program>, Vec<usize>) {
    let mut programs: Vec<Program> = Vec::new();
    let mut members: Vec<usize> = Vec::with_capacity(processes.len());
    for process in processes {
        let program = match process.parent {
            Some(parent) => members[parent],
            None => {
                let (name, language) = (process.name.clone(), process.language.clone());
                programs.push(Program { name, language, pids: Vec::new(), serves: false });
                programs.len() - 1
            }
        };
        programs[program].pids.push(process.pid);
        members.push(program);
    }
    (programs, members)
}

/// Sets which programs are servers.
fn serving(model: &mut Model) {
    let mut spoke = vec![false; model.sockets.len()];
    let mut binds = Vec::new();
    for step in &model.steps {
        if step.call.call == "bind" {
            binds.push((step.program, step.socket));
        }
        let listens = matches!(&*step.call.call, "listen" | "accept");
        let asked = step.call.transport == "udp" && step.receives() && !spoke[step.socket];
        spoke[step.socket] |= step.sends() || step.call.call == "connect";
        model.programs[step.program].serves |= listens || asked;
    }
    // A socket that was only bound belongs to a server, whose address may have been in use.
    for (program, socket) in binds {
        model.programs[program].serves |= !spoke[socket];
    }
}
