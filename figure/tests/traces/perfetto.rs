//! The JSON for ui.perfetto.dev by the rules of the Trace Event Format: its trace processor leaves out, without a word,
//! what breaks them.

use std::collections::HashMap;

use capsock_figure::{normalize, perfetto};
use serde_json::Value;

use super::golden::ALL;
use super::model;

type Thread = (u64, u64);

/// Nanoseconds, of microseconds.
fn nanoseconds(time: &Value) -> u64 {
    let time = time.as_f64().unwrap() * 1000.0;
    assert!(time >= 0.0 && (time - time.round()).abs() < 1e-6, "{time}");
    time.round() as u64
}

#[test]
fn slices_nest_and_flows_begin_and_end_in_them() {
    for (name, script) in ALL {
        for model in [model(script), normalize(model(script))] {
            let json: Value = serde_json::from_str(&perfetto(&model)).unwrap();
            let events = json["traceEvents"].as_array().unwrap();
            let mut slices: HashMap<Thread, Vec<(u64, u64)>> = HashMap::new();
            let mut named = Vec::new();
            let thread = |event: &Value| (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
            for event in events {
                match event["ph"].as_str().unwrap() {
                    "X" => {
                        let begin = nanoseconds(&event["ts"]);
                        let slice = (begin, begin + nanoseconds(&event["dur"]));
                        slices.entry(thread(event)).or_default().push(slice);
                    }
                    "M" => named.push(thread(event).0),
                    "s" | "f" => {}
                    other => panic!("{other}"),
                }
            }
            for ((pid, _), slices) in &mut slices {
                assert!(named.contains(pid), "{name}: {pid} has no name");
                slices.sort_unstable();
                let apart = slices.windows(2).all(|pair| pair[0].1 <= pair[1].0);
                assert!(apart, "{name}: calls of one thread overlap: {slices:?}");
            }
            let mut flows: HashMap<u64, u64> = HashMap::new();
            for event in events.iter().filter(|event| event["ph"] == "s" || event["ph"] == "f") {
                let (at, id) = (nanoseconds(&event["ts"]), event["id"].as_u64().unwrap());
                let within = slices[&thread(event)].iter().any(|(begin, end)| *begin <= at && at < *end);
                assert!(within, "{name}: {event}");
                if event["ph"] == "s" {
                    assert_eq!(flows.insert(id, at), None, "{name}: {event}");
                } else {
                    assert_eq!(event["bp"], "e");
                    assert!(flows.remove(&id).is_some_and(|sent| sent <= at), "{name}: {event}");
                }
            }
            assert_eq!(flows.len(), 0, "{name}");
            let arrows =
                model.messages.iter().filter(|message| message.from.is_some() && message.to.is_some());
            assert_eq!(events.iter().filter(|event| event["ph"] == "f").count(), arrows.count(), "{name}");
        }
    }
}
