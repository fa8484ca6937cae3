//! Any sequence of calls of the C library. No call may crash, hang, panic or write out of bounds, and once all handles
//! are freed no descriptor and no thread may be left.
#![no_main]

mod check;
mod clients;
mod input;
mod servers;
mod sockets;
mod world;

use check::Held;
use input::{Call, Scene};
use world::World;

const CALLS: usize = 32;

libfuzzer_sys::fuzz_target!(init: sockets::wait_once(), |input: (Scene, Vec<Call>)| {
    let (scene, calls) = input;
    let held = Held::now();
    let mut world = World::default();
    world.set(&scene);
    for call in calls.iter().take(CALLS) {
        let done = world.serve(call) || world.ask(call) || world.use_socket(call);
        assert!(done, "nobody makes the call {call:?}");
    }
    drop(world);
    held.no_more_is_held();
});
