//! Traces by hand: a line for each call.
//!
//! `server UDPServer.py python` begins a process, `server bind 3 local=0.0.0.0:12000` makes a call on descriptor 3. The
//! clock ticks once a line; a call takes half of its tick, and with `since=N` it has waited since line N
//! ended. `pause` lets a second pass. What a descriptor's calls said of addresses goes for those after, and so does its transport.

use std::collections::HashMap;

use capsock::trace::escape_into;
use serde_json::{Map, Value, json};

/// A tick, in nanoseconds.
pub(crate) const TICK: u64 = 1_000_000;

#[derive(Default)]
struct Writer {
    pids: HashMap<String, u32>,
    seqs: HashMap<u32, u64>,
    /// What is known of a process's descriptors.
    descriptors: HashMap<(u32, i64), Map<String, Value>>,
}

/// The lines of a trace, with the process that each is of.
pub(crate) fn lines(script: &str) -> Vec<(u32, String)> {
    let mut writer = Writer::default();
    let script = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut tick = 0;
    let mut lines = Vec::new();
    for line in script {
        if line == "pause" {
            tick += 1000;
        } else {
            tick += 1;
            lines.push(writer.line(tick, line));
        }
    }
    lines
}

/// A trace.
pub(crate) fn trace(script: &str) -> String {
    lines(script).into_iter().map(|(_, line)| line + "\n").collect()
}

impl Writer {
    fn line(&mut self, tick: u64, line: &str) -> (u32, String) {
        let words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
        match self.pids.get(words[0]).copied() {
            None => self.process(tick, &words),
            Some(pid) => (pid, self.call(tick, pid, &words)),
        }
    }

    fn process(&mut self, tick: u64, words: &[&str]) -> (u32, String) {
        let pid = 100 * (self.pids.len() as u32 + 1);
        self.pids.insert(words[0].to_owned(), pid);
        let at = tick * TICK;
        let mut event = json!({
            "event": "process", "capsock": 1, "pid": pid, "program": words[1], "language": words[2],
            "at": at, "wall": at + 1_700_000_000_000_000_000,
        });
        if let Some(parent) = words.get(3) {
            event["parent"] = json!(self.pids[*parent]);
        }
        (pid, event.to_string())
    }

    fn call(&mut self, tick: u64, pid: u32, words: &[&str]) -> String {
        let name = words[1];
        let fd: i64 = words[2].parse().expect("a descriptor");
        let seq = self.seqs.entry(pid).or_default();
        *seq += 1;
        let (begin, end) = (tick * TICK, tick * TICK + TICK / 2);
        let mut event = json!({
            "event": "call", "capsock": 1, "pid": pid, "tid": pid, "seq": *seq, "begin": begin, "end": end,
            "blocked": 0, "call": name, "fd": fd, "outcome": "ok",
        });
        let known = self.descriptors.entry((pid, fd)).or_default().clone();
        let moves = name.starts_with("send") || name.starts_with("recv");
        let event_map = event.as_object_mut().expect("it is an object");
        event_map.extend(known);
        for word in &words[3..] {
            let (key, value) = word.split_once('=').unwrap_or(("transport", word));
            match key {
                "data" => {
                    let bytes = value.replace("␠", " ").into_bytes();
                    let mut data = String::new();
                    escape_into(&bytes[..bytes.len().min(32)], &mut data).expect("a string takes all");
                    event_map.insert("data".into(), json!(data));
                    event_map.insert("bytes".into(), json!(bytes.len()));
                    if name.starts_with("send") {
                        event_map.insert("room".into(), json!(bytes.len()));
                    }
                }
                "since" => {
                    let begin = value.parse::<u64>().expect("a line") * TICK + TICK / 2;
                    event_map.insert("begin".into(), json!(begin));
                    event_map.insert("blocked".into(), json!(end - begin - TICK / 8));
                }
                "tid" | "bytes" | "room" | "argument" | "accepted" | "begin" => {
                    event_map.insert(key.into(), json!(value.parse::<i64>().expect("a number")));
                }
                _ => drop(event_map.insert(key.into(), json!(value))),
            }
        }
        if moves {
            event_map.entry("bytes").or_insert(json!(0));
        }
        let kept = ["transport", "local", "peer"];
        let tcp = event_map.get("transport") == Some(&json!("tcp"));
        let of = if name == "accept" { event_map.get("accepted").and_then(Value::as_i64) } else { Some(fd) };
        let facts =
            event_map.iter().filter(|(key, _)| kept.contains(&key.as_str()) && (tcp || *key != "peer"));
        let facts: Vec<_> = facts.map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Some(of) = of {
            let known = self.descriptors.entry((pid, of)).or_default();
            known.extend(facts);
        }
        if name == "close" {
            self.descriptors.remove(&(pid, fd));
        }
        event.to_string()
    }
}
