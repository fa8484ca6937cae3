//! The programs, and what the command says of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// Where the programs are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/programs")
}

/// A program to check.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its language and transport.
    pub(crate) kind: String,
    role: &'static str,
    transport: &'static str,
    words: Vec<String>,
}

/// What the command found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The servers with a fault, in each language and over each transport.
pub(crate) fn servers(fault: &str) -> Vec<Program> {
    programs("server", fault)
}

/// The clients with a fault.
pub(crate) fn clients(fault: &str) -> Vec<Program> {
    programs("client", fault)
}

fn programs(role: &'static str, fault: &str) -> Vec<Program> {
    let mut all = Vec::new();
    for transport in ["tcp", "udp"] {
        let file = folder().join(format!("{transport}_{role}.py")).display().to_string();
        let python = vec!["python3".into(), file, "{port}".into(), fault.into()];
        let c = vec![compiled(role).display().to_string(), transport.into(), "{port}".into(), fault.into()];
        for (language, words) in [("python", python), ("c", c)] {
            all.push(Program { kind: format!("{language} {transport}"), role, transport, words });
        }
    }
    all
}

/// A program in C, compiled once.
fn compiled(role: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{}", std::process::id()));
        std::fs::create_dir_all(&to).unwrap();
        for role in ["server", "client"] {
            let source = folder().join(format!("{role}.c"));
            let status =
                Command::new("cc").args(["-O1", "-pthread", "-o"]).arg(to.join(role)).arg(source).status();
            assert!(status.unwrap().success(), "the C compiler compiles {role}.c");
        }
        to
    });
    folder.join(role)
}

/// Runs `capsock check` with these words.
pub(crate) fn check<S: AsRef<std::ffi::OsStr>>(words: impl IntoIterator<Item = S>) -> Found {
    let output = Command::new(env!("CARGO_BIN_EXE_capsock")).arg("check").args(words).output().unwrap();
    Found {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Program {
    /// All probes but one that a program in C is not made for: toupper(3) knows ASCII alone.
    pub(crate) fn good(&self, not_c: &str) -> String {
        let all = "answers unicode empty not-text long exact two-clients silent-client split joined leaves reset \
                   half-close many keeps-well restarts";
        let tcp = "silent-client split joined leaves reset half-close";
        let runs = |probe: &&str| {
            !(self.kind.starts_with("c ") && *probe == not_c)
                && (self.transport == "tcp" || !tcp.split(' ').any(|one| one == *probe))
        };
        all.split_whitespace().filter(runs).collect::<Vec<_>>().join(",")
    }

    /// The command with another word in the place of one.
    pub(crate) fn words_with(&self, word: &str, other: &str) -> Vec<String> {
        let replaced = self.words.iter().map(|one| if one == word { other } else { one });
        replaced.map(str::to_owned).collect()
    }

    pub(crate) fn check(&self, options: &[&str]) -> Found {
        self.run(&[&["--json"], options].concat())
    }

    /// The same without `--json`.
    pub(crate) fn run(&self, options: &[&str]) -> Found {
        let words = [self.role, self.transport].into_iter().chain(options.iter().copied()).chain(["--"]);
        check(words.chain(self.words.iter().map(String::as_str)))
    }
}

impl Found {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The names and outcomes.
    pub(crate) fn probes(&self) -> Vec<(String, String)> {
        let json = self.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        json["probes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (text(&one["name"]), text(&one["outcome"])))
            .collect()
    }

    pub(crate) fn probe(&self, name: &str) -> Value {
        let json = self.json();
        let probe = json["probes"].as_array().unwrap().iter().find(|probe| probe["name"] == name).cloned();
        probe.unwrap_or_else(|| panic!("no probe {name}: {self:?}"))
    }

    pub(crate) fn seen(&self, name: &str) -> String {
        self.probe(name)["seen"].as_str().unwrap().to_owned()
    }
}

/// The outcome of a probe.
pub(crate) fn outcome(found: &Found, name: &str) -> String {
    found.probe(name)["outcome"].as_str().unwrap().to_owned()
}

/// Whether a process has this word among its arguments.
pub(crate) fn runs(word: &str) -> bool {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.into_iter().any(|line| line.split(|byte| *byte == 0).any(|one| one == word.as_bytes()))
}
