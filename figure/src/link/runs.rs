//! Finds the runs of a trace: a file to which programs were recorded again and again has several.
//!
//! Programs that were there at the same time are of one run, as are those that one server served: the server's first and
//! last calls are around theirs. When a server ended is not recorded, since the call that it was blocked in did not
//! return. So a pause alone does not end a run; the start of a server after an exchange that has ended does.

use super::processes::RecordedProcess;

/// Programs whose times overlap, directly or by others of them.
struct Group {
    begin: u64,
    end: u64,
    /// Indices of processes.
    processes: Vec<usize>,
    /// The names of its servers.
    servers: Vec<String>,
    /// Whether a server accepted a connection or received data.
    exchanged: bool,
    called: bool,
}

/// The processes of the last run, and the number of runs.
pub(super) fn last(processes: Vec<RecordedProcess>) -> (Vec<RecordedProcess>, usize) {
    let mut runs = split(groups(&processes));
    let number = runs.len();
    let Some(run) = runs.pop().filter(|_| number > 1) else { return (processes, number) };
    let mut places = vec![None; processes.len()];
    let mut kept: Vec<usize> = run.into_iter().flat_map(|group| group.processes).collect();
    kept.sort_unstable();
    for (place, process) in kept.into_iter().enumerate() {
        places[process] = Some(place);
    }
    let mut chosen = Vec::new();
    for (index, process) in processes.into_iter().enumerate() {
        if places[index].is_some() {
            let parent = process.parent.and_then(|parent| places[parent]);
            chosen.push(RecordedProcess { parent, ..process });
        }
    }
    (chosen, number)
}

/// The groups in order of time. The processes are in the order of their start.
fn groups(processes: &[RecordedProcess]) -> Vec<Group> {
    let mut programs: Vec<Group> = Vec::new();
    let mut members: Vec<usize> = Vec::with_capacity(processes.len());
    for (index, process) in processes.iter().enumerate() {
        let one = Group::of(index, process);
        match process.parent {
            Some(parent) => {
                members.push(members[parent]);
                programs[members[parent]].join(one);
            }
            None => {
                members.push(programs.len());
                programs.push(one);
            }
        }
    }
    programs.sort_by_key(|program| program.begin);
    let mut groups: Vec<Group> = Vec::new();
    for program in programs {
        match groups.last_mut().filter(|group| program.begin <= group.end) {
            Some(group) => group.join(program),
            None => groups.push(program),
        }
    }
    groups
}

impl Group {
    fn of(index: usize, process: &RecordedProcess) -> Group {
        let calls = &process.calls;
        let serves = calls.iter().any(|call| matches!(&*call.call, "bind" | "listen" | "accept"));
        let exchanges = |call: &capsock::trace::Call<'_>| {
            call.outcome == "ok" && (call.call == "accept" || call.call.starts_with("recv"))
        };
        Group {
            begin: process.at,
            end: calls.iter().map(|call| call.end).max().unwrap_or(process.at).max(process.at),
            processes: vec![index],
            servers: serves.then(|| process.name.clone()).into_iter().collect(),
            exchanged: serves && calls.iter().any(exchanges),
            called: !calls.is_empty(),
        }
    }

    fn join(&mut self, other: Group) {
        self.begin = self.begin.min(other.begin);
        self.end = self.end.max(other.end);
        self.processes.extend(other.processes);
        self.servers.extend(other.servers);
        self.exchanged |= other.exchanged;
        self.called |= other.called;
    }

    fn serves(&self) -> bool {
        !self.servers.is_empty()
    }
}

/// The groups of each run.
fn split(groups: Vec<Group>) -> Vec<Vec<Group>> {
    let traced_server = groups.iter().any(Group::serves);
    let mut runs: Vec<Vec<Group>> = Vec::new();
    for group in groups {
        let Some(run) = runs.last_mut() else {
            runs.push(vec![group]);
            continue;
        };
        let ended = if traced_server {
            group.serves() && is_complete(run, &group)
        } else {
            group.called && run.iter().any(|group| group.called)
        };
        if ended {
            let mut next = early_clients(run, group.begin);
            next.push(group);
            runs.push(next);
        } else {
            run.push(group);
        }
    }
    runs
}

/// Whether a server that starts now is not of this run: there was an exchange, or it is the same server again after a
/// client in vain.
fn is_complete(run: &[Group], next: &Group) -> bool {
    let again = |group: &Group| group.servers.iter().any(|server| next.servers.contains(server));
    let served = run.iter().any(|group| group.exchanged);
    served || (run.iter().any(again) && run.iter().any(|group| !group.serves()))
}

/// Takes the clients of the next run that came before its server out of a run: those that are nearer to the server's
/// start than to the run's last exchange.
fn early_clients(run: &mut Vec<Group>, server: u64) -> Vec<Group> {
    let Some(last) = run.iter().rposition(Group::serves) else { return Vec::new() };
    let end = run[last].end;
    let nearer = |group: &Group| server.saturating_sub(group.end) < group.begin.saturating_sub(end);
    let first = run[last + 1..].iter().position(nearer);
    first.map_or_else(Vec::new, |first| run.split_off(last + 1 + first))
}
