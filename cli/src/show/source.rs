//! Sources that are compiled before they run.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::program::{POLL, described};
use crate::children::Group;
use crate::failure::{Failure, Result, TIMED_OUT};
use crate::launch::{file_name, sources};
use crate::signals;

/// Linked with a program in C, so that what it prints appears line by line, as in a terminal, and is not lost when it is
/// interrupted.
const LINE_BUFFERED: &str = "#include <stdio.h>\n\
    __attribute__((constructor)) static void line_buffered(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }\n";

/// How long a compiler may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The words as they are run: a source as the program that it was compiled to, in `folder`.
///
/// # Errors
/// There is no such file or compiler, or it does not compile: the compiler has said why.
pub(super) fn compiled(words: &[OsString], folder: &Path) -> Result<Vec<OsString>> {
    let Some((source, arguments)) = words.split_first() else { return Ok(Vec::new()) };
    let Some(compiler) = sources::compiler(source) else { return Ok(words.to_vec()) };
    let file = Path::new(source);
    if !file.is_file() {
        return Err(Failure::usage(format!("there is no file {}", file.display())));
    }
    let program = place(file, folder)?;
    let mut command = Command::new(compiler);
    command.arg("-o").arg(&program).arg(file);
    if compiler == "rustc" {
        command.args(["--edition", "2021", "-O"]);
    } else {
        let buffered = program.with_file_name("line_buffered.c");
        std::fs::write(&buffered, LINE_BUFFERED)
            .map_err(|error| Failure::new(format!("could not write {}: {error}", buffered.display())))?;
        command.args(["-O1", "-g", "-pthread"]).arg(buffered).args(flags(file));
    }
    run(&mut command, compiler, file)?;
    let words = [program.into_os_string()].into_iter().chain(arguments.iter().cloned());
    Ok(words.collect())
}

/// A folder of its own for each program, since two sources may have the same name.
fn place(source: &Path, folder: &Path) -> Result<PathBuf> {
    let made = tempfile::Builder::new().prefix("program-").tempdir_in(folder);
    let own = made.map_err(|error| Failure::new(format!("could not make a temporary folder: {error}")))?;
    let stem = source.file_stem().unwrap_or(OsStr::new("program"));
    let name = if cfg!(windows) { Path::new(stem).with_extension("exe") } else { PathBuf::from(stem) };
    // It is removed with the folder that it is in.
    Ok(own.keep().join(name))
}

fn run(command: &mut Command, compiler: &str, file: &Path) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let (mut child, group) = Group::spawn(command).map_err(|error| {
        Failure::new(format!("{} needs {compiler}, which could not be started: {error}", file.display()))
    })?;
    let deadline = Instant::now() + LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                let name = file_name(file.as_os_str());
                return Err(Failure::new(format!(
                    "{name} does not compile: {compiler} {}",
                    described(status)
                )));
            }
            Ok(None) if Instant::now() < deadline && !signals::once() => thread::sleep(POLL),
            _ => {
                group.kill();
                let _ = child.wait();
                let text = format!("{compiler} has not ended in {} s", LIMIT.as_secs());
                return Err(Failure { code: TIMED_OUT, ..Failure::new(text) });
            }
        }
    }
}

/// The flags for a program on the sockets of capsock's C library: of an installation, or of a checkout.
fn flags(source: &Path) -> Vec<OsString> {
    let uses = std::fs::read(source).is_ok_and(|text| {
        let text = String::from_utf8_lossy(&text);
        text.lines().any(|line| line.trim_start().starts_with("#include <capsock.h>"))
    });
    let folders = std::env::current_exe().ok().filter(|_| uses);
    let Some(own) = folders.as_deref().and_then(Path::parent) else { return Vec::new() };
    let installed = own.parent().map(|prefix| (prefix.join("include"), prefix.join("lib")));
    let built = own
        .ancestors()
        .nth(2)
        .map(|root| (root.join("bindings-c").join("include"), root.join("target").join("release")));
    let found =
        [installed, built].into_iter().flatten().find(|(include, _)| include.join("capsock.h").is_file());
    let Some((include, library)) = found else { return Vec::new() };
    let joined = |flag: &str, folder: &Path| {
        let mut word = OsString::from(flag);
        word.push(folder);
        word
    };
    vec![joined("-I", &include), joined("-L", &library), joined("-Wl,-rpath,", &library), "-lcapsock".into()]
}
