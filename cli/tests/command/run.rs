//! `capsock run`: which program takes the place of the command, and with which words.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
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

/// A program that prints its name and its arguments, one a line, and ends with 7.
fn program(folder: &Path, name: &str) {
    let file = folder.join(name);
    // Written by another name, and renamed: a script that is open for writing cannot be executed.
    let text = "#!/bin/sh\n[ \"$1\" != -c ] || exit 1\necho \"${0##*/}\"\nprintf '%s\\n' \"$@\"\nexit 7\n";
    fs::write(file.with_extension("part"), text).unwrap();
    fs::set_permissions(file.with_extension("part"), PermissionsExt::from_mode(0o755)).unwrap();
    fs::rename(file.with_extension("part"), file).unwrap();
}

fn run(command: &Path, path: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
    let mut run = Command::new(command);
    run.args(args)
        .env("PATH", path)
        .env_remove("CAPSOCK_JAR")
        .env_remove("CAPSOCK_TRACE")
        .env_remove("CLASSPATH")
        .current_dir("/");
    let Output { status, stdout, stderr } = run.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_program_of_the_package_beside_the_command_runs_a_script() {
    let (folder, command) = installed();
    program(folder.path(), "capsock-run");
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("capsock");
    symlink(&command, &link).unwrap();
    for command in [&command, &link] {
        for (args, words) in [
            (&["run", "a script.py", "run", "--no-hints"][..], "-- 'a script.py' run --no-hints"),
            (&["run", "--no-hints", "x.PY"], "--no-hints -- x.PY"),
            (&["run", "-", "-h"], "-- - -h"),
            (&["run", "--trace", "t.jsonl", "--no-payload", "x.py"], "--trace /t.jsonl --no-payload -- x.py"),
        ] {
            let (code, printed, error) = run(command, elsewhere.path(), args);
            let printed: Vec<_> = printed
                .lines()
                .map(|word| if word.contains(' ') { format!("'{word}'") } else { word.into() })
                .collect();
            assert_eq!(
                (code, printed.join(" ")),
                (Some(7), format!("capsock-run {words}")),
                "{args:?}: {error}"
            );
        }
    }
    let (code, printed, _) = run(&command, elsewhere.path(), &["uppercase", "run"]);
    assert_eq!((code, printed.as_str()), (Some(2), ""), "run is the first argument or none");
}

#[test]
fn each_language_has_its_launcher() {
    let (folder, command) = installed();
    // So deep that the jar of this checkout, if it is built, is not found.
    let deeper = folder.path().join("deeper");
    fs::create_dir(&deeper).unwrap();
    let command = {
        let linked = deeper.join("capsock");
        fs::hard_link(command, &linked).unwrap();
        linked
    };
    let path = tempfile::tempdir().unwrap();
    for name in ["java", "node", "python3", "python3.99", "server"] {
        program(path.path(), name);
    }
    let jar = path.path().join("capsock.jar");
    fs::write(&jar, "").unwrap();
    let (programs, jar) = (path.path().display().to_string(), jar.display().to_string());
    let source = format!("{programs}/TCPServer.java");
    let archive = format!("{programs}/server.jar");
    let agent = format!("java --enable-native-access=ALL-UNNAMED -javaagent:{jar}");
    for (args, words) in [
        (&["server", "1"][..], "server 1".to_owned()),
        (&["server.js", "1"], "node server.js 1".into()),
        // These interpreters say that they have no package.
        (&["x.py", "1"], "python3 x.py 1".into()),
        (&["python3.99", "-u", "x.py"], "python3.99 -u x.py".into()),
        (&[&source, "6789"], format!("{agent} -cp {jar}:. {source} 6789")),
        (&["--no-hints", &archive], format!("{agent}=hints=off -jar {archive}")),
        (
            &["--trace", "/t.jsonl", "--no-payload", &source],
            format!("{agent}=trace=/t.jsonl,no-payload -cp {jar}:. {source}"),
        ),
        (&["--trace", "/a,b", &source], format!("{agent} -cp {jar}:. {source}")),
    ] {
        let args: Vec<&str> = ["run"].iter().chain(args).copied().collect();
        let (code, printed, error) = run(&command, path.path(), &args);
        assert_eq!(
            (code, printed.lines().collect::<Vec<_>>().join(" ")),
            (Some(7), words),
            "{args:?}: {error}"
        );
    }
    let (code, printed, error) = run(&command, path.path(), &["run", "/Elsewhere.java"]);
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    assert!(error.contains("set CAPSOCK_JAR to it"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn java_is_recorded_as_other_programs_without_the_jar_and_with_channels() {
    let (folder, command) = installed();
    // So deep that neither the jar of this checkout nor the library is found.
    let deeper = folder.path().join("deeper");
    fs::create_dir(&deeper).unwrap();
    fs::hard_link(&command, deeper.join("capsock")).unwrap();
    let command = deeper.join("capsock");
    let path = tempfile::tempdir().unwrap();
    program(path.path(), "java");
    let sources = tempfile::tempdir().unwrap();
    let source = |name: &str, text: &str| {
        let file = sources.path().join(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let plain = source("Plain.java", "new ServerSocket(1);");
    let channels = source("Channels.java", "ServerSocketChannel.open();");
    let imports = source("Imports.java", "import io.capsock.net.*; SocketChannel.open();");
    let (jar, library) = ("set CAPSOCK_JAR to it", "libcapsock_preload.so");
    let agent = "Channels.java opens channels of java.nio, which the agent does not record: ";
    for (file, with_jar, status, wanted, unwanted) in [
        (&plain, false, 1, vec![jar, "without it", library], vec![]),
        (&channels, false, 1, vec![agent, library], vec![jar]),
        (&channels, true, 1, vec![agent, library], vec![jar]),
        (&imports, false, 2, vec![jar], vec![library]),
    ] {
        if with_jar {
            fs::write(sources.path().join("capsock.jar"), "").unwrap();
        }
        let (code, printed, error) = run(&command, path.path(), &["run", "--trace", "/t.jsonl", file]);
        assert_eq!((code, printed.as_str()), (Some(status), ""), "{file}: {error}");
        assert!(wanted.iter().all(|text| error.contains(text)), "{file}: {error}");
        assert!(!unwanted.iter().any(|text: &&str| error.contains(text)), "{file}: {error}");
        let _ = fs::remove_file(sources.path().join("capsock.jar"));
    }
    // Nothing is recorded.
    fs::write(sources.path().join("capsock.jar"), "").unwrap();
    let (code, printed, error) = run(&command, path.path(), &["run", &channels]);
    assert!(code == Some(7) && printed.contains("-javaagent"), "{printed}{error}");
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let (folder, command) = installed();
    fs::write(folder.path().join("capsock-run"), "").unwrap();
    let (code, printed, error) = run(&command, folder.path(), &["run", "script.py"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(error.contains("could not start") && error.contains("capsock-run: Permission denied"), "{error}");
}
