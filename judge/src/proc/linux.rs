//! Processes in proc(5).

use std::collections::BTreeSet;
use std::fs;

use super::Usage;

/// A line of /proc/PID/stat behind the name of the program, from the state on.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in parentheses, and may contain any character.
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_ascii_whitespace().map(str::to_owned).collect())
}

/// The children of a process: of each of its threads, or where the kernel has no such list, by their parents.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(text) => found.extend(text.split_ascii_whitespace().filter_map(|one| one.parse::<u32>().ok())),
            // The thread has ended, or the kernel was built without CONFIG_PROC_CHILDREN.
            Err(_) if !thread.path().exists() => {}
            Err(_) => return children_by_parent(process),
        }
    }
    found
}

fn children_by_parent(process: u32) -> Vec<u32> {
    let parent = process.to_string();
    let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
    let all = all.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    all.filter(|one| stat(*one).is_some_and(|stat| stat.get(1) == Some(&parent))).collect()
}

/// The processes of the program that was started as `root`: its descendants, and, since the judge is the subreaper of
/// those whose parent has ended, its own children but `not`.
pub(crate) fn tree(root: u32, not: &[u32]) -> Vec<u32> {
    let own = children(std::process::id());
    let mut pending: Vec<u32> = own.into_iter().filter(|child| !not.contains(child)).collect();
    pending.push(root);
    let mut found = BTreeSet::new();
    while let Some(process) = pending.pop() {
        if found.insert(process) {
            pending.extend(children(process));
        }
    }
    found.into_iter().collect()
}

/// What processes hold.
pub(crate) fn usage(processes: &[u32]) -> Option<Usage> {
    let mut usage = Usage::default();
    for process in processes {
        let Some(stat) = stat(*process) else { continue };
        let number = |place: usize| stat.get(place).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        usage.processes += 1;
        // utime and stime, in clock ticks, of which proc(5) has 100 in a second.
        usage.cpu += number(11) + number(12);
        if stat.first().is_some_and(|state| matches!(state.as_str(), "Z" | "X")) {
            continue;
        }
        usage.living += 1;
        usage.threads += number(17) as usize;
        usage.memory += resident(*process).unwrap_or(0);
        usage.descriptors +=
            fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |descriptors| descriptors.count());
    }
    Some(usage)
}

/// Whether a thread of the processes runs, or waits for a processor or a disk.
pub(crate) fn busy(processes: &[u32]) -> bool {
    let threads = processes.iter().filter_map(|process| fs::read_dir(format!("/proc/{process}/task")).ok());
    threads.flatten().flatten().any(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| matches!(rest.trim_start().get(..1), Some("R" | "D")))
    })
}

/// The resident memory of a process in bytes.
fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_ascii_whitespace().next()?.parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_child_is_in_the_tree_and_is_measured() {
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let found = tree(child.id(), &children(std::process::id()));
        let usage = usage(&found);
        let by_parent = children_by_parent(std::process::id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [child.id()]);
        assert!(by_parent.contains(&child.id()));
        let usage = usage.unwrap();
        assert_eq!((usage.processes, usage.living, usage.threads), (1, 1, 1));
        assert!(usage.descriptors >= 3 && usage.memory > 0, "{usage:?}");
    }
}
