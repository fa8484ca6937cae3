//! Traces to pictures: what belongs together, and what it looks like. `CAPSOCK_BLESS=1` writes the golden figures.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod golden;
mod languages;
mod linking;
mod perfetto;
mod random;
mod runs;
mod script;
mod scripts;
mod waits;

use capsock_figure::{Model, link, read};

fn model(script: &str) -> Model {
    link(read([("trace.jsonl", script::trace(script).as_bytes())]).unwrap())
}
