//! A server in a process of its own: this test binary, run again.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use capsock::{Concurrency, Features, ServerOptions, StopReport, Transport, UdpClient};

use crate::filter::refuse;
use crate::measure::stay_on;
use crate::support::{TIME_LIMIT, eventually, udp_peer};

/// What the server is to be, in the environment of its process: words, some with a value.
const SERVE: &str = "CAPSOCK_TEST_SERVE";

/// The server's process. Dropping it kills it.
pub(crate) struct Remote {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Remote {
    /// Starts one as the words say: those of `options_of`, `nofile=N` for its descriptors, `alone` for
    /// one processor, `refuse=NAMES` for the calls that the system refuses, and `uid=N` and `nproc=N`
    /// for the user that it becomes and the threads and processes that this user may have besides.
    pub(crate) fn start(words: &str) -> Remote {
        Remote::try_start(words).unwrap_or_else(|why| panic!("{words}: {why}"))
    }

    /// The same; the text of the error if the server does not start.
    pub(crate) fn try_start(words: &str) -> Result<Remote, String> {
        let mut command = this_binary("serve_for_another_process");
        command.env(SERVE, words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(descriptors) = value(words, "nofile") {
            // SAFETY: between fork and exec it makes a system call only.
            unsafe { command.pre_exec(move || limit_descriptors(descriptors)) };
        }
        if words.split(' ').any(|word| word == "alone") {
            // SAFETY: as above.
            unsafe { command.pre_exec(|| stay_on(None).map(drop)) };
        }
        let mut process = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (sink, said) = (Arc::clone(&log), BufReader::new(process.stderr.take().unwrap()));
        std::thread::spawn(move || {
            said.lines().map_while(Result::ok).for_each(|line| sink.lock().unwrap().push(line));
        });
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut remote = Remote { process, commands, answers, address, log };
        let begun = remote.answer();
        remote.address = begun.parse().map_err(|_| begun)?;
        Ok(remote)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        while self.answers.read_line(&mut line).unwrap() > 0 {
            // The rest of what it writes is the test runner's.
            if let Some(answer) = line.strip_prefix('@') {
                return answer.trim_end().to_owned();
            }
            line.clear();
        }
        panic!("the server's process has gone: {:?}", self.log.lock().unwrap());
    }

    fn command(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").unwrap();
        self.answer()
    }

    /// One of its totals.
    pub(crate) fn total(&mut self, name: &str) -> u64 {
        let stats = self.command("stats");
        let (_, rest) = stats.split_once(&format!(" {name}: ")).unwrap();
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    }

    /// The optional calls that its system has.
    pub(crate) fn features(&mut self) -> Features {
        self.command("features").parse().unwrap()
    }

    /// Has a client in its process send requests to it: `done`, or the error.
    pub(crate) fn request_many(&mut self) -> String {
        self.command("many")
    }

    /// Waits until a total has come to a number.
    pub(crate) fn until(&mut self, name: &str, enough: impl Fn(u64) -> bool) {
        let end = Instant::now() + TIME_LIMIT;
        loop {
            let total = self.total(name);
            if enough(total) {
                return;
            }
            assert!(Instant::now() < end, "{name} is {total}: {:?}", self.log());
        }
    }

    /// What stopping it reports, and how long that took there.
    pub(crate) fn stop(&mut self, timeout: Duration) -> (StopReport, Duration) {
        let told = self.command(&format!("stop {}", timeout.as_millis()));
        let numbers: Vec<u64> = told.split(' ').map(|number| number.parse().unwrap()).collect();
        let mut report = StopReport::default();
        (report.completed, report.cut, report.running) = (numbers[0], numbers[1], numbers[2]);
        (report, Duration::from_micros(numbers[3]))
    }

    /// Sets how many threads and processes its user may have, beyond those that its process has now.
    pub(crate) fn allow_threads(&mut self, more: i64) {
        self.command(&format!("nproc {more}"));
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Lines of its log that contain the text.
    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log().iter().filter(|line| line.contains(text)).count()
    }

    pub(crate) fn id(&self) -> i32 {
        self.process.id() as i32
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        stream.set_write_timeout(Some(TIME_LIMIT)).unwrap();
        stream
    }

    pub(crate) fn udp_peer(&self) -> UdpSocket {
        udp_peer(self.address)
    }

    /// The processes that it has forked.
    pub(crate) fn children(&self) -> Vec<i32> {
        let mut children = Vec::new();
        for task in std::fs::read_dir(format!("/proc/{}/task", self.id())).unwrap().flatten() {
            let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            children.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
        children
    }

    /// Bytes of memory that it has to itself and its part of what it shares, those of its children with it
    /// (`Pss` of proc_pid_smaps(5)).
    pub(crate) fn memory(&self) -> u64 {
        let of = |pid: i32| {
            let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        let all = self.children().into_iter().chain([self.id()]);
        all.filter_map(of).sum::<u64>() * 1024
    }

    /// The processor time that it has used, that of its children with it (the first number of `schedstat`).
    pub(crate) fn processor_time(&self) -> Duration {
        let of = |pid: i32| {
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
            let spent = tasks.filter_map(|task| {
                let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
                text.split(' ').next()?.parse::<u64>().ok()
            });
            Some(spent.sum::<u64>())
        };
        let all = self.children().into_iter().chain([self.id()]);
        Duration::from_nanos(all.filter_map(of).sum())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// This binary, to run one of its tests alone.
pub(crate) fn this_binary(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("remote::{test}"), "--exact", "--nocapture", "--test-threads=1"]);
    command
}

/// Sets both limits of descriptors; the hard one stays where it is if it is lower.
pub(crate) fn limit_descriptors(value: u64) -> std::io::Result<()> {
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: the limit is read from a whole struct.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// What follows `name=` in the words.
fn value(words: &str, name: &str) -> Option<u64> {
    let found = words.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?;
    Some(found.parse().unwrap())
}

/// `tcp events host=HOST framing=line idle=MS write=MS request=BYTES workers=N without=FEATURES`
fn options_of(words: &str) -> ServerOptions {
    let mut of_words = words.split(' ');
    let transport: Transport = of_words.next().unwrap().parse().unwrap();
    let concurrency: Concurrency = of_words.next().unwrap().parse().unwrap();
    let given: HashMap<&str, &str> = of_words.filter_map(|word| word.split_once('=')).collect();
    let host = given.get("host").copied().unwrap_or("127.0.0.1");
    let mut options = ServerOptions::new(transport, (host, 0)).concurrency(concurrency);
    let time = |name| given.get(name).map(|value: &&str| Duration::from_millis(value.parse().unwrap()));
    if let Some(framing) = given.get("framing") {
        options = options.framing(framing.parse().unwrap());
    }
    if let Some(idle) = time("idle") {
        options = options.idle_timeout(Some(idle));
    }
    if let Some(write) = time("write") {
        options = options.write_timeout(Some(write));
    }
    if let Some(request) = given.get("request") {
        options = options.max_request(request.parse().unwrap());
    }
    if let Some(without) = given.get("without") {
        options = options.without(without.parse().unwrap());
    }
    if let Some(workers) = given.get("workers") {
        options = options.workers(workers.parse().unwrap());
    }
    options
}

fn request_many(server: SocketAddr) -> String {
    let requests: Vec<String> = (0..1000).map(|index| format!("item {index}")).collect();
    match UdpClient::connect(server).and_then(|client| client.request_many(&requests)) {
        Ok(replies) if replies.iter().zip(&requests).all(|(a, b)| *a == b.to_uppercase()) => {
            "done".to_owned()
        }
        other => format!("{other:?}"),
    }
}

/// Becomes another user, whose threads and processes are limited; the superuser's are not.
fn become_user(id: u64, more: i64) {
    let id = libc::uid_t::try_from(id).unwrap();
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::setresgid(id, id, id) | libc::setresuid(id, id, id) }, 0);
    allow_threads(more);
}

fn allow_threads(more: i64) {
    let now = std::fs::read_dir("/proc/self/task").unwrap().count() as i64;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is written to and read from a whole struct.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NPROC, &raw mut limit), 0);
        limit.rlim_cur = u64::try_from(now + more).unwrap();
        assert_eq!(libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit), 0);
    }
}

/// The other end of [`Remote`]: no test of its own.
#[test]
fn serve_for_another_process() {
    let Ok(words) = std::env::var(SERVE) else { return };
    if let Some(id) = value(&words, "uid") {
        become_user(id, value(&words, "nproc").unwrap() as i64);
    }
    if let Some(names) = words.split(' ').find_map(|word| word.strip_prefix("refuse=")) {
        refuse(names);
    }
    let say = |text: &str| {
        let mut out = std::io::stdout().lock();
        // The runner has begun a line.
        out.write_all(format!("\n@{text}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
    };
    let server = match options_of(&words).start() {
        Ok(server) => server,
        Err(error) => {
            say(&format!("{:?}: {error}", error.kind()));
            let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
            eventually("the threads of the attempt have ended", || threads() == 2);
            return;
        }
    };
    say(&server.local_addr().to_string());
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        match line.split_once(' ') {
            None if line == "features" => say(&Features::of_this_machine().to_string()),
            None if line == "many" => say(&request_many(server.local_addr())),
            None => say(&format!("{:?}", server.stats())),
            Some(("nproc", more)) => {
                allow_threads(more.parse().unwrap());
                say("done");
            }
            Some((_, timeout)) => {
                let begin = Instant::now();
                let report = server.stop(Duration::from_millis(timeout.parse().unwrap())).unwrap();
                let took = begin.elapsed().as_micros();
                say(&format!("{} {} {} {took}", report.completed, report.cut, report.running));
            }
        }
    }
    // Nobody asks any more; what this leaves behind is for the tests of kills to look at.
    std::process::exit(0);
}
