//! `capsock run` and the program `capsock-run` of the Python package.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The command in a folder of its own, in which a test puts the program beside it. It is a link: a copy could still be
/// open for writing in a process that another test forks, and could not be executed then.
fn installed() -> (TempDir, PathBuf) {
    let built = Path::new(env!("CARGO_BIN_EXE_capsock"));
    let folder = tempfile::tempdir_in(built.parent().unwrap()).unwrap();
    let command = folder.path().join("capsock");
    fs::hard_link(built, &command).unwrap();
    (folder, command)
}

fn output(command: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(command).args(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_program_beside_the_command_gets_the_arguments_of_run() {
    let (folder, command) = installed();
    symlink("/bin/sh", folder.path().join("capsock-run")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("capsock");
    symlink(&command, &link).unwrap();
    for command in [&command, &link] {
        let args = ["run", "-c", "echo \"$# $*\"; exit 7", "sh", "--no-hints", "a script.py", "run"];
        assert_eq!(output(command, &args), (Some(7), "3 --no-hints a script.py run\n".into(), String::new()));
        assert_eq!(output(command, &["run"]), (Some(0), String::new(), String::new()));
    }
    let (code, printed, _) = output(&command, &["uppercase", "run"]);
    assert_eq!((code, printed.as_str()), (Some(2), ""), "run is the first argument or none");
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let (folder, command) = installed();
    let (code, _, error) = output(&command, &["run", "script.py"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("python -m capsock run script.py"), "{error}");

    fs::write(folder.path().join("capsock-run"), "").unwrap();
    let (code, printed, error) = output(&command, &["run", "script.py"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(error.contains("could not start") && error.contains("capsock-run: Permission denied"), "{error}");
}
