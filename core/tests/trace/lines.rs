//! Running a scenario by itself, and reading what it recorded.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use capsock::trace::{Begin, Call, Event, Process};

/// Says to this binary which file a scenario records to.
const FILE: &str = "CAPSOCK_TEST_TRACE";

/// The file that this process, which runs a scenario by itself, records to.
pub(crate) fn file_of_this_process() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// A file that is gone with this value.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(name: &str) -> File {
        let name = name.replace("::", "-");
        File(std::env::temp_dir().join(format!("capsock-{}-{name}.trace", std::process::id())))
    }
}

impl Deref for File {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The test of that name in a process of its own; it sees [`file_of_this_process`].
pub(crate) fn alone(test: &str, file: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(FILE, file);
    command.env_remove("CAPSOCK_TRACE").envs(environment.iter().copied());
    command.stdin(Stdio::null());
    command
}

/// Runs a scenario by itself, and reads what it recorded.
pub(crate) fn run(test: &str, environment: &[(&str, &str)]) -> (Vec<Event<'static>>, Output) {
    let file = File::new(test);
    let output = alone(test, &file, environment).output().unwrap();
    assert!(output.status.success(), "{test}: {}{}", text(&output.stdout), text(&output.stderr));
    (read(&file), output)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines of a trace, each of which is whole.
pub(crate) fn read(file: &Path) -> Vec<Event<'static>> {
    let all = std::fs::read_to_string(file).unwrap_or_default();
    assert!(all.is_empty() || all.ends_with('\n'), "the last line is not whole");
    all.lines().map(|line| parse(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn parse(line: &str) -> serde_json::Result<Event<'static>> {
    Ok(match serde_json::from_str(line)? {
        Event::Process(process) => Event::Process(owned_process(process)),
        Event::Begin(begin) => Event::Begin(owned_begin(begin)),
        Event::Call(call) => Event::Call(owned(call)),
    })
}

fn owned_process(process: Process<'_>) -> Process<'static> {
    Process {
        program: process.program.into_owned().into(),
        language: process.language.into_owned().into(),
        ..process
    }
}

fn owned_begin(begin: Begin<'_>) -> Begin<'static> {
    Begin {
        call: begin.call.into_owned().into(),
        variable: begin.variable.map(|variable| variable.into_owned().into()),
        transport: begin.transport.into_owned().into(),
        waited_in: begin.waited_in.into_owned().into(),
        waited_out: begin.waited_out.into_owned().into(),
        ..begin
    }
}

fn owned(call: Call<'_>) -> Call<'static> {
    Call {
        waited_in: call.waited_in.into_owned().into(),
        waited_out: call.waited_out.into_owned().into(),
        ready_in: call.ready_in.into_owned().into(),
        ready_out: call.ready_out.into_owned().into(),
        call: call.call.into_owned().into(),
        variable: call.variable.map(|variable| variable.into_owned().into()),
        transport: call.transport.into_owned().into(),
        data: call.data.map(|data| data.into_owned().into()),
        impairment: call.impairment.map(|impairment| impairment.into_owned().into()),
        outcome: call.outcome.into_owned().into(),
        ..call
    }
}

pub(crate) fn processes<'a>(events: &'a [Event<'static>]) -> Vec<&'a Process<'static>> {
    events
        .iter()
        .filter_map(|event| if let Event::Process(process) = event { Some(process) } else { None })
        .collect()
}

/// The calls in the order of their numbers, each process's by themselves.
pub(crate) fn calls<'a>(events: &'a [Event<'static>]) -> Vec<&'a Call<'static>> {
    let call = |event: &'a Event<'static>| if let Event::Call(call) = event { Some(call) } else { None };
    let mut calls: Vec<_> = events.iter().filter_map(call).collect();
    calls.sort_by_key(|call| (call.pid, call.seq));
    for call in &calls {
        assert!(call.begin <= call.end && call.blocked <= call.end - call.begin, "{call:?}");
    }
    calls
}

/// `recv 11 "hello world" ok` of each call, with what is not there left out.
pub(crate) fn summaries(calls: &[&Call<'static>]) -> Vec<String> {
    calls
        .iter()
        .map(|call| {
            let mut words = vec![call.call.to_string()];
            words.extend(call.bytes.map(|bytes| bytes.to_string()));
            words.extend(call.data.as_ref().map(|data| format!("{data:?}")));
            words.push(call.outcome.to_string());
            words.join(" ")
        })
        .collect()
}
