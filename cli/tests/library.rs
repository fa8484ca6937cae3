//! The command as a library: what a host that calls it gets back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ffi::OsString;
use std::io::Read;
use std::mem::MaybeUninit;
use std::time::Duration;

/// Longer than anything here takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

fn run(args: &[&str]) -> i32 {
    capsock_cli::run(args.iter().map(OsString::from).collect())
}

fn handler(signal: i32) -> (usize, i32) {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the new action is null, so this only fills the old one, which is read when it is.
    let action = unsafe {
        assert_eq!(libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()), 0);
        action.assume_init()
    };
    // The C library's own flag, which it adds to whatever is installed.
    const SA_RESTORER: i32 = 0x0400_0000;
    (action.sa_sigaction, action.sa_flags & !SA_RESTORER)
}

extern "C" fn hosts_own(_signal: i32) {}

// One test: handlers belong to the whole process.
#[test]
fn a_host_gets_an_exit_code_and_its_signal_handlers_back() {
    let ours = hosts_own as extern "C" fn(i32) as usize;
    // SAFETY: the handler does nothing, which is safe in any context.
    unsafe { libc::signal(libc::SIGINT, ours) };
    let signals = [libc::SIGINT, libc::SIGTERM, libc::SIGURG];
    let before = signals.map(handler);
    assert_eq!(before[0].0, ours);

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let scenarios: &[(&[&str], i32)] = &[
        (&[], 2),
        (&["capsock"], 2),
        (&["anything at all", "frobnicate"], 2),
        (&["capsock", "man", "--out", out], 0),
        (&["capsock", "client", "tcp", "does-not-exist.invalid", "1", "hello"], 1),
        (&["capsock", "serve", "tcp", "--max-request", "0", "--port", "0"], 2),
    ];
    for (args, code) in scenarios {
        assert_eq!(run(args), *code, "{args:?}");
        assert_eq!(signals.map(handler), before, "{args:?}");
    }
    // The signal meets the main thread, or whichever the system picks; the command's has to notice.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let (say, said) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        say.send(run(&["capsock", "client", "tcp", "127.0.0.1", &port, "--timeout", "inf", "hello"]))
            .unwrap();
    });
    let (met, arrived) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.read_exact(&mut [0; 6]).unwrap();
        met.send(connection).unwrap();
    });
    let _connection = arrived.recv_timeout(TIMEOUT).unwrap();
    // SAFETY: both numbers are valid.
    assert_eq!(unsafe { libc::kill(libc::getpid(), libc::SIGINT) }, 0);
    assert_eq!(said.recv_timeout(TIMEOUT), Ok(130));
    assert_eq!(signals.map(handler), before);

    let threads = std::thread::scope(|scope| {
        let both =
            [scope.spawn(|| run(&["capsock", "man", "--out", out])), scope.spawn(|| run(&["capsock"]))];
        both.map(|one| one.join().unwrap())
    });
    assert_eq!(threads, [0, 2]);
    assert_eq!(signals.map(handler), before);
}
