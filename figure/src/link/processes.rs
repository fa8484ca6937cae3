//! Groups the lines of a trace by process.

use std::collections::HashMap;

use super::super::read::{LATEST, Lines, Trace};
use super::waiting;
use capsock::trace::{Begin, Call, Process};

/// Clocks that differ by less, in nanoseconds, count as one clock whose wall time was adjusted.
const SAME_CLOCK: i128 = 1_000_000_000;

/// A process with its calls in their order.
#[derive(Debug)]
pub(super) struct RecordedProcess {
    pub(super) name: String,
    pub(super) language: String,
    pub(super) pid: u32,
    /// When its recording began.
    pub(super) at: u64,
    /// The process that forked it, if it was recorded: an index of an earlier one.
    pub(super) parent: Option<usize>,
    pub(super) calls: Vec<Call<'static>>,
}

/// The lines of a process in a file, up to its next `process` line.
struct Section {
    file: usize,
    pid: u32,
    process: Option<Process<'static>>,
    calls: Vec<Call<'static>>,
    begins: Vec<Begin<'static>>,
}

/// The processes of a trace in the order of their start, with all times on one clock.
pub(super) fn gather(trace: Trace) -> (Vec<RecordedProcess>, Vec<String>) {
    let mut remarks = trace.remarks;
    let mut sections = Vec::new();
    for (file, lines) in trace.files.into_iter().enumerate() {
        split(file, lines, &mut sections);
    }
    for section in &mut sections {
        section.calls.sort_by_key(|call| call.seq);
    }
    one_clock(&mut sections);
    sections.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut sections = joined(sections);
    for section in &mut sections {
        let begins = std::mem::take(&mut section.begins);
        section.calls.extend(waiting::unfinished(begins, &section.calls));
        section.calls = connects_at_their_begin(std::mem::take(&mut section.calls));
    }
    let unnamed = sections.iter().filter(|section| section.process.is_none()).count();
    if unnamed > 0 {
        remarks.push(format!(
            "processes whose beginning was not recorded, so that their name is unknown: {unnamed}"
        ));
    }
    (with_parents(sections), remarks)
}

/// Splits a file into sections.
fn split(file: usize, lines: Lines, sections: &mut Vec<Section>) {
    let mut current: HashMap<u32, usize> = HashMap::new();
    let mut processes = lines.processes.into_iter().peekable();
    let mut begin = |pid, process, current: &mut HashMap<u32, usize>| {
        current.insert(pid, sections.len());
        sections.push(Section { file, pid, process, calls: Vec::new(), begins: Vec::new() });
        sections.len() - 1
    };
    let mut found = Vec::with_capacity(lines.calls.len());
    let mut waits = Vec::with_capacity(lines.begins.len());
    let mut begins = lines.begins.into_iter().peekable();
    let mut calls = lines.calls.into_iter().peekable();
    while let Some(line) =
        calls.peek().map(|one| one.0).into_iter().chain(begins.peek().map(|one| one.0)).min()
    {
        while let Some((_, process)) = processes.next_if(|(before, _)| *before < line) {
            begin(process.pid, Some(process), &mut current);
        }
        let mut section =
            |pid: u32| current.get(&pid).copied().unwrap_or_else(|| begin(pid, None, &mut current));
        if let Some((_, call)) = calls.next_if(|(own, _)| *own == line) {
            found.push((section(call.pid), call));
        } else if let Some((_, wait)) = begins.next() {
            waits.push((section(wait.pid), wait));
        }
    }
    for (_, process) in processes {
        begin(process.pid, Some(process), &mut current);
    }
    for (index, call) in found {
        sections[index].calls.push(call);
    }
    for (index, wait) in waits {
        sections[index].begins.push(wait);
    }
}

impl Section {
    fn at(&self) -> u64 {
        let first = || self.calls.iter().map(|call| call.begin).min().unwrap_or(0);
        self.process.as_ref().map_or_else(first, |process| process.at)
    }

    /// The sort key of sections, which does not depend on the order of lines.
    fn key(&self) -> (u64, bool, u32, Option<&str>, Option<u64>, usize) {
        let process = self.process.as_ref();
        let parent = process.and_then(|process| process.parent).is_some();
        let first = self.calls.first().map(|call| call.seq);
        (self.at(), parent, self.pid, process.map(|process| &*process.program), first, self.file)
    }

    /// Whether `other` is the same process after its recording was stopped and restarted.
    fn continues_in(&self, other: &Section) -> bool {
        let (Some(one), Some(next)) = (&self.process, &other.process) else { return false };
        let identity = |process: &Process<'static>| {
            (process.pid, process.parent, process.program.clone(), process.language.clone())
        };
        let seq = |call: Option<&Call<'static>>| call.map(|call| call.seq);
        let later = match (seq(self.calls.last()), seq(other.calls.first())) {
            (Some(last), Some(first)) => last < first,
            _ => true,
        };
        identity(one) == identity(next) && later && (offset(one) - offset(next)).abs() < SAME_CLOCK
    }
}

/// The offset of the wall clock to a process's clock.
fn offset(process: &Process<'static>) -> i128 {
    i128::from(process.wall) - i128::from(process.at)
}

/// Converts the times of other machines to the clock of the machine with the latest times.
fn one_clock(sections: &mut [Section]) {
    let known = |section: &Section| section.process.as_ref().map(offset);
    let Some(base) = sections.iter().filter_map(known).min() else { return };
    for section in sections {
        let Some(ahead) = known(section).map(|offset| offset - base) else { continue };
        if ahead < SAME_CLOCK {
            continue;
        }
        let moved = |time: u64| u64::try_from(i128::from(time) + ahead).unwrap_or(LATEST).min(LATEST);
        if let Some(process) = &mut section.process {
            process.at = moved(process.at);
        }
        for call in &mut section.calls {
            (call.begin, call.end) = (moved(call.begin), moved(call.end));
        }
        for wait in &mut section.begins {
            (wait.begin, wait.at) = (moved(wait.begin), moved(wait.at));
        }
    }
}

/// Moves each connect before the calls that its thread made while it went on: its line is written when the program learns
/// how it ended, and what those calls waited for may be its effect.
fn connects_at_their_begin(calls: Vec<Call<'static>>) -> Vec<Call<'static>> {
    let mut ordered: Vec<Call<'static>> = Vec::with_capacity(calls.len());
    for call in calls {
        let mut place = ordered.len();
        if call.call == "connect" {
            let meanwhile = ordered.iter().enumerate().rev().take_while(|(_, of)| of.end >= call.begin);
            let own = meanwhile.filter(|(_, of)| of.tid == call.tid && of.begin >= call.begin);
            place = own.last().map_or(place, |(first, _)| first);
        }
        ordered.insert(place, call);
    }
    ordered
}

/// One section for each process.
fn joined(sections: Vec<Section>) -> Vec<Section> {
    let mut joined: Vec<Section> = Vec::with_capacity(sections.len());
    let mut latest: HashMap<u32, usize> = HashMap::new();
    for section in sections {
        match latest.get(&section.pid).copied() {
            Some(before) if joined[before].continues_in(&section) => {
                joined[before].calls.extend(section.calls);
                joined[before].begins.extend(section.begins);
            }
            _ => {
                latest.insert(section.pid, joined.len());
                joined.push(section);
            }
        }
    }
    joined
}

fn with_parents(sections: Vec<Section>) -> Vec<RecordedProcess> {
    let mut recorded: Vec<RecordedProcess> = Vec::with_capacity(sections.len());
    let mut latest: HashMap<u32, usize> = HashMap::new();
    for section in sections {
        let parent = section.process.as_ref().and_then(|process| process.parent);
        let parent = parent.and_then(|pid| latest.get(&pid).copied());
        latest.insert(section.pid, recorded.len());
        let at = section.at();
        let (name, language) = match section.process {
            Some(process) => (process.program.into_owned(), process.language.into_owned()),
            None => ("unnamed".to_owned(), String::new()),
        };
        recorded.push(RecordedProcess { name, language, pid: section.pid, at, parent, calls: section.calls });
    }
    recorded
}
