//! Several processes, and the environment.

use std::process::Stdio;
use std::thread;

use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};
use capsock::trace;

use super::lines::{File, alone, calls, file_of_this_process, processes, read, run, text};
use crate::numbers;

fn two_sockets() -> (BlockingSocket, BlockingSocket) {
    let make = || BlockingSocket::new(Family::V4, Kind::Datagram, true).unwrap();
    let (server, client) = (make(), make());
    server.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    (server, client)
}

fn ask(sockets: &(BlockingSocket, BlockingSocket), times: usize) {
    let to = sockets.0.local_addr().unwrap();
    for _ in 0..times {
        sockets.1.send_to(b"hello", &to, 0, WaitPolicy::default()).unwrap();
        sockets.0.receive_from(&mut [0; 9], 0, WaitPolicy::default()).unwrap();
    }
}

#[test]
fn several_processes_write_one_file() {
    const TIMES: usize = 300;
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let one = thread::spawn(|| ask(&two_sockets(), TIMES));
        ask(&two_sockets(), TIMES);
        return one.join().unwrap();
    }
    let test = "processes::several_processes_write_one_file";
    let file = File::new(test);
    let start = |_| alone(test, &file, &[]).stdout(Stdio::null()).spawn().unwrap();
    let children: Vec<_> = (0..4).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let events = read(&file);
    let calls = calls(&events);
    assert_eq!(processes(&events).len(), 4);
    for process in processes(&events) {
        let its: Vec<_> = calls.iter().filter(|call| call.pid == process.pid).collect();
        assert_eq!(its.iter().filter(|call| call.call == "recvfrom").count(), 2 * TIMES);
        assert!(its.iter().zip(0..).all(|(call, number)| call.seq == number), "each number once");
    }
}

#[cfg(unix)]
#[test]
fn a_process_that_the_host_forks_introduces_itself() {
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let sockets = two_sockets();
        ask(&sockets, 1);
        // SAFETY: the only other thread is the test runner's, which waits.
        match unsafe { libc::fork() } {
            0 => {
                ask(&sockets, 1);
                sockets.1.close().unwrap();
                // SAFETY: it ends the process.
                unsafe { libc::_exit(0) }
            }
            child => {
                let mut status = 0;
                // SAFETY: the status is writable.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0);
            }
        }
        return ask(&sockets, 1);
    }
    let (events, _) = run("processes::a_process_that_the_host_forks_introduces_itself", &[]);
    let said = processes(&events);
    assert_eq!((said.len(), said[0].parent, said[1].parent), (2, None, Some(said[0].pid)));
    let calls = calls(&events);
    let count = |pid, name: &str| calls.iter().filter(|call| call.pid == pid && call.call == name).count();
    assert_eq!((count(said[0].pid, "sendto"), count(said[1].pid, "sendto")), (2, 1));
    assert_eq!(count(said[1].pid, "close"), 1);
}

#[test]
fn the_environment_starts_a_recording() {
    if file_of_this_process().is_some() {
        return ask(&two_sockets(), 1);
    }
    let test = "processes::the_environment_starts_a_recording";
    for (payload, recorded) in
        [(None, true), (Some("1"), true), (Some(""), true), (Some("0"), false), (Some("no"), false)]
    {
        let file = File::new("environment");
        let name = file.to_str().unwrap();
        let mut environment = vec![("CAPSOCK_TRACE", name)];
        environment.extend(payload.map(|payload| ("CAPSOCK_TRACE_PAYLOAD", payload)));
        run(test, &environment);
        let events = read(&file);
        let calls = calls(&events);
        assert_eq!(calls.iter().filter(|call| call.call == "sendto").count(), 1);
        assert_eq!(calls.iter().any(|call| call.data.is_some()), recorded, "{payload:?}");
    }
    let (_, output) = run(test, &[("CAPSOCK_TRACE", "/no/such/folder/trace")]);
    let warning = text(&output.stderr);
    let reason = if cfg!(windows) { "not found" } else { "(ENOENT)" };
    assert!(warning.contains("CAPSOCK_TRACE") && warning.contains(reason), "{warning}");
    assert_eq!(warning.lines().count(), 1, "{warning}");
    let (_, output) = run(test, &[("CAPSOCK_TRACE", "")]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_programs_own_recording_takes_the_place_of_the_environments() {
    if let Some(file) = file_of_this_process() {
        ask(&two_sockets(), 1);
        trace::start(&file, true).unwrap();
        let error = trace::start(&file, true).unwrap_err();
        assert_eq!((error.kind(), error.errno()), (capsock::ErrorKind::InputOutput, Some(numbers::EBUSY)));
        ask(&two_sockets(), 1);
        trace::stop();
        trace::stop();
        return ask(&two_sockets(), 1);
    }
    let theirs = File::new("theirs");
    let environment = [("CAPSOCK_TRACE", theirs.to_str().unwrap())];
    let (events, _) =
        run("processes::the_programs_own_recording_takes_the_place_of_the_environments", &environment);
    for events in [events, read(&theirs)] {
        let count = calls(&events).iter().filter(|call| call.call == "sendto").count();
        assert_eq!((processes(&events).len(), count), (1, 1));
    }
}
