//! Kills a program that exceeds its bounds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::options::Bounds;
use crate::proc;
use crate::words::{counted, grouped};

use super::output::Output;
use super::system;

const INTERVAL: Duration = Duration::from_millis(25);

/// A thread that looks after a program.
pub(super) struct Guard {
    stopped: Arc<AtomicBool>,
    killed: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Guard {
    pub(super) fn start(root: u32, others: Vec<u32>, bounds: Bounds, outputs: [Arc<Output>; 2]) -> Guard {
        let stopped = Arc::new(AtomicBool::new(false));
        let killed = Arc::new(Mutex::new(None));
        let shared = (Arc::clone(&stopped), Arc::clone(&killed));
        let thread = thread::spawn(move || {
            let (stopped, killed) = shared;
            while !stopped.load(Ordering::SeqCst) {
                reap(root, &others);
                if let Some(why) = exceeded(root, &others, &bounds, &outputs) {
                    *killed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                    end(root, &others, &stopped);
                    return;
                }
                thread::sleep(INTERVAL);
            }
        });
        Guard { stopped, killed, thread: Some(thread) }
    }

    /// Why the program was killed, if it was.
    pub(super) fn killed(&self) -> Option<String> {
        self.killed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn stop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reaps the adopted processes that have ended, as init would: they are no zombies of the program's.
fn reap(root: u32, others: &[u32]) {
    let adopted = proc::children(std::process::id()).into_iter();
    adopted.filter(|child| *child != root && !others.contains(child)).for_each(system::reap);
}

fn exceeded(root: u32, others: &[u32], bounds: &Bounds, outputs: &[Arc<Output>; 2]) -> Option<String> {
    if outputs.iter().any(|output| output.flooded()) {
        return Some(format!("the program wrote more than {}", counted(bounds.output as usize, "byte")));
    }
    let usage = proc::usage(&proc::tree(root, others))?;
    if usage.living > bounds.processes {
        return Some(format!("the program had more than {}", processes(bounds.processes)));
    }
    if usage.memory > bounds.memory {
        let limit = grouped((bounds.memory >> 20) as usize);
        return Some(format!("the program had more than {limit} MiB of memory"));
    }
    None
}

fn processes(number: usize) -> String {
    format!("{} process{}", grouped(number), if number == 1 { "" } else { "es" })
}

/// Kills the processes until none is left: each look may come before a fork.
fn end(root: u32, others: &[u32], stopped: &AtomicBool) {
    while !stopped.load(Ordering::SeqCst) {
        // Its first process is a zombie at least until the submission knows of its end, and kills the group itself.
        let left: Vec<u32> = proc::tree(root, others);
        if proc::usage(&left).is_none_or(|usage| usage.living == 0) {
            return;
        }
        left.iter().filter(|process| **process != root).for_each(|process| system::kill_and_reap(*process));
        system::kill_group(root);
        thread::sleep(Duration::from_millis(1));
    }
}
