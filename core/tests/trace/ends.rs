//! How a recording ends, by itself too, and that the program goes on.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};
use capsock::{ErrorKind, trace};

use super::lines::{File, calls, file_of_this_process, read, run, text};

fn socket_to_itself() -> BlockingSocket {
    let socket = BlockingSocket::new(Family::V4, Kind::Datagram, true).unwrap();
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let own = socket.local_addr().unwrap();
    socket.connect(&own, WaitPolicy::default()).unwrap();
    socket
}

fn exchange(socket: &BlockingSocket) {
    socket.send(b"hello", 0, WaitPolicy::default()).unwrap();
    assert_eq!(socket.receive(&mut [0; 9], 0, WaitPolicy::default()), Ok(5));
}

/// The descriptors that this process has open to a file.
fn descriptors(file: &std::path::Path) -> Vec<i32> {
    let file = file.canonicalize().unwrap();
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let to_it = open.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to == file));
    to_it.map(|entry| entry.file_name().to_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn what_cannot_be_opened_or_written_to_is_an_error() {
    let folder = std::env::temp_dir();
    let cases: [(&std::path::Path, i32); 4] = [
        ("/no/such/folder/trace".as_ref(), libc::ENOENT),
        (&folder, libc::EISDIR),
        ("/dev/full".as_ref(), libc::ENOSPC),
        ("with\0nul".as_ref(), libc::EINVAL),
    ];
    for (path, errno) in cases {
        let error = trace::start(path, true).unwrap_err();
        assert_eq!((error.kind(), error.errno()), (ErrorKind::InputOutput, Some(errno)), "{error}");
    }
    exchange(&socket_to_itself());
}

/// The file may not grow: no SIGXFSZ, one warning, and the calls go on.
#[test]
fn a_full_disk_ends_the_recording_alone() {
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        let socket = socket_to_itself();
        let length = std::fs::metadata(&file).unwrap().len();
        let limit = libc::rlimit { rlim_cur: length + 300, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the limit lives until the call returns; SIGXFSZ gets its default, which ends a process.
        unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
            assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
        }
        (0..20).for_each(|_| exchange(&socket));
        return;
    }
    let file = File::new("full");
    let test = "ends::a_full_disk_ends_the_recording_alone";
    let output = super::lines::alone(test, &file, &[]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let warning = text(&output.stderr);
    assert_eq!(warning.lines().count(), 1, "{warning}");
    assert!(warning.contains("the trace ends here"), "{warning}");
    let lines = std::fs::read_to_string(&*file).unwrap();
    assert!(lines.lines().count() < 10, "{lines}");
}

/// A pipe whose reader is gone: no SIGPIPE.
#[test]
fn a_pipe_without_a_reader_ends_the_recording_alone() {
    if let Some(file) = file_of_this_process() {
        let name = std::ffi::CString::new(file.to_str().unwrap()).unwrap();
        // SAFETY: the name ends with a NUL; SIGPIPE gets its default, which ends a process.
        unsafe {
            assert_eq!(libc::mkfifo(name.as_ptr(), 0o600), 0);
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        }
        assert_eq!(trace::start(&file, true).unwrap_err().errno(), Some(libc::ENXIO));
        let reader = std::fs::OpenOptions::new().read(true).write(true).open(&file).unwrap();
        trace::start(&file, true).unwrap();
        let socket = socket_to_itself();
        drop(reader);
        exchange(&socket);
        return;
    }
    let file = File::new("pipe");
    let test = "ends::a_pipe_without_a_reader_ends_the_recording_alone";
    let output = super::lines::alone(test, &file, &[]).output().unwrap();
    let warning = text(&output.stderr);
    assert!(output.status.success() && warning.contains("(EPIPE)"), "{warning}");
}

/// The program closes all descriptors that it knows nothing of, and has a file of its own at the number then.
#[test]
fn a_closed_descriptor_is_nobody_elses() {
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        let socket = socket_to_itself();
        let number = descriptors(&file)[0];
        let own = File::new("own");
        let theirs = std::fs::File::create(&*own).unwrap();
        // SAFETY: the number becomes another descriptor of their file.
        assert_eq!(unsafe { libc::dup2(theirs.as_raw_fd(), number) }, number);
        exchange(&socket);
        assert_eq!(std::fs::metadata(&*own).unwrap().len(), 0);
        trace::stop();
        assert_eq!(descriptors(&own).len(), 2, "a stop closes what is its own alone");
        return trace::start(&file, true).unwrap();
    }
    let (events, output) = run("ends::a_closed_descriptor_is_nobody_elses", &[]);
    assert!(text(&output.stderr).contains("(EBADF)"), "{}", text(&output.stderr));
    let calls = calls(&events);
    assert!(calls.iter().all(|call| call.call != "send"));
}

/// A file that was removed is written to until the end, as any file is.
#[test]
fn a_removed_file_is_no_failure() {
    if let Some(file) = file_of_this_process() {
        trace::start(&file, true).unwrap();
        std::fs::remove_file(&file).unwrap();
        exchange(&socket_to_itself());
        trace::stop();
        return trace::start(&file, true).unwrap();
    }
    let (events, output) = run("ends::a_removed_file_is_no_failure", &[]);
    assert_eq!((text(&output.stderr), events.len()), (String::new(), 1));
}

#[test]
fn recordings_start_and_stop_in_the_middle_of_traffic() {
    const ROUNDS: usize = 40;
    if let Some(file) = file_of_this_process() {
        let done = Arc::new(AtomicBool::new(false));
        let traffic = |_| {
            let done = Arc::clone(&done);
            thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let socket = socket_to_itself();
                    (0..5).for_each(|_| exchange(&socket));
                }
            })
        };
        let threads: Vec<_> = (0..4).map(traffic).collect();
        for _ in 0..ROUNDS {
            let before = std::fs::metadata(&file).map_or(0, |file| file.len());
            trace::start(&file, true).unwrap();
            wait_until("calls are recorded", || std::fs::metadata(&file).unwrap().len() > before + 2000);
            trace::stop();
            let after = std::fs::metadata(&file).unwrap().len();
            thread::yield_now();
            assert_eq!(std::fs::metadata(&file).unwrap().len(), after, "nothing comes after a stop");
            assert!(descriptors(&file).is_empty());
        }
        done.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        return;
    }
    let file = File::new("traffic");
    let test = "ends::recordings_start_and_stop_in_the_middle_of_traffic";
    let output = super::lines::alone(test, &file, &[]).output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let events = read(&file);
    assert_eq!(super::lines::processes(&events).len(), ROUNDS);
    let mut numbers: Vec<_> = calls(&events).iter().map(|call| call.seq).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), calls(&events).len(), "each number once");
}

/// Waits until something holds that other processes bring about.
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + super::support::TIME_LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "not within the time: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
