//! Java: the agent of the jar, and where the jar is. A source that opens channels, and any program where there is no jar, is
//! recorded as a program of another language.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Launch, Recording, native};
use crate::failure::{Failure, Result};

/// The environment variable that names the jar.
const VARIABLE: &str = "CAPSOCK_JAR";

/// A source file, a jar, or the launcher with its arguments.
pub(super) fn program(words: &[OsString], recording: &Recording) -> Result<Launch> {
    let (first, rest) = words.split_first().ok_or_else(|| Failure::usage("no program was given"))?;
    let file = Path::new(first);
    let is = |wanted: &str| file.extension().is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    let (java, rest) = if is("java") {
        (launcher(), words.to_vec())
    } else if is("jar") {
        (launcher(), [OsString::from("-jar")].into_iter().chain(words.iter().cloned()).collect())
    } else {
        (first.clone(), rest.to_vec())
    };
    let source = if is("java") { fs::read_to_string(file).unwrap_or_default() } else { String::new() };
    let imports_it = source.contains("io.capsock");
    let has_channels = CHANNELS.iter().any(|open| source.contains(open));
    if recording.is_wanted() && has_channels && !imports_it {
        let why = format!("{} opens channels of java.nio, which the agent does not record", file.display());
        return as_any_other(java, rest, recording, &why);
    }
    let Some(jar) = jar(file.parent())? else { return without_jar(java, rest, recording, imports_it) };
    let mut agent = OsString::from("-javaagent:");
    agent.push(&jar);
    let mut options: Vec<OsString> = Vec::new();
    let mut launch_environment = false;
    match &recording.file {
        // The agent's options are separated by commas.
        Some(file) if file.to_string_lossy().contains(',') => launch_environment = true,
        Some(file) => {
            let mut option = OsString::from("trace=");
            option.push(file);
            options.push(option);
            if recording.no_payload {
                options.push("no-payload".into());
            }
        }
        None => {}
    }
    if recording.no_hints {
        options.push("hints=off".into());
    }
    if !options.is_empty() {
        agent.push("=");
        agent.push(options.join(OsStr::new(",")));
    }
    // Without the permission, Java 24 and later print a warning.
    let mut own = vec![OsString::from("--enable-native-access=ALL-UNNAMED"), agent];
    if is("java") {
        own.extend(["-cp".into(), class_path(jar)?]);
    }
    let launch = Launch::new(java, own.into_iter().chain(rest).collect());
    Ok(if launch_environment { launch.traced(recording) } else { launch })
}

/// How a source opens the channels of java.nio, which do not run on the core: `SocketChannel.open` is also the end of
/// `ServerSocketChannel.open`, and of the asynchronous ones.
const CHANNELS: [&str; 2] = ["SocketChannel.open", "DatagramChannel.open"];

/// It is recorded as any other program, if it is to be and needs no jar itself.
fn without_jar(
    java: OsString,
    arguments: Vec<OsString>,
    recording: &Recording,
    imports_it: bool,
) -> Result<Launch> {
    let missing = format!(
        "a Java program needs the agent in capsock.jar, which is neither beside this command, in share/java of its \
         installation, nor beside the program: set {VARIABLE} to it"
    );
    if imports_it || !recording.is_wanted() {
        return Err(Failure::usage(missing));
    }
    as_any_other(java, arguments, recording, &format!("{missing}; without it"))
}

/// The calls of its C library are recorded, since the agent cannot: where they cannot be either, the error says both.
fn as_any_other(
    java: OsString,
    arguments: Vec<OsString>,
    recording: &Recording,
    agent: &str,
) -> Result<Launch> {
    native::program(java, arguments, recording).map_err(|failure| {
        let why = failure.text.unwrap_or_default();
        Failure { text: Some(format!("{agent}: {why}")), ..failure }
    })
}

/// The class path of a source file, for its compilation: a program may import `io.capsock.net`.
fn class_path(jar: PathBuf) -> Result<OsString> {
    let others = env::var_os("CLASSPATH").filter(|others| !others.is_empty()).unwrap_or_else(|| ".".into());
    let folders: Vec<PathBuf> = [jar].into_iter().chain(env::split_paths(&others)).collect();
    env::join_paths(folders).map_err(|error| Failure::usage(format!("no class path has the jar: {error}")))
}

/// `java` of PATH, or of JAVA_HOME if PATH has none.
fn launcher() -> OsString {
    let name = if cfg!(windows) { "java.exe" } else { "java" };
    let folders = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&folders).any(|folder| folder.join(name).is_file());
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin").join(name));
    match home.filter(|java| !in_path && java.is_file()) {
        Some(java) => java.into_os_string(),
        None => "java".into(),
    }
}

/// The jar: the one that the environment names; else that of an installation or of a checkout, or beside the program.
///
/// # Errors
/// The environment names no file.
fn jar(beside_program: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) else {
        return Ok(candidates(beside_program).into_iter().find(|jar| jar.is_file()));
    };
    let named = PathBuf::from(named);
    if named.is_file() {
        Ok(Some(named))
    } else {
        Err(Failure::usage(format!("{VARIABLE} names {}, and there is no such file", named.display())))
    }
}

fn candidates(beside_program: Option<&Path>) -> Vec<PathBuf> {
    let names = ["capsock.jar".to_owned(), format!("capsock-{}.jar", capsock::VERSION)];
    let in_folder = |folder: PathBuf| names.iter().map(|name| folder.join(name)).collect::<Vec<_>>();
    let mut found = Vec::new();
    if let Some(folder) = env::current_exe().ok().as_deref().and_then(Path::parent) {
        found.extend(in_folder(folder.to_owned()));
        if let Some(prefix) = folder.parent() {
            found.extend(in_folder(prefix.join("share").join("java")));
        }
        // A checkout: the command is in target/release, or in the environment of Python.
        let built = Path::new("bindings-java").join("target").join("capsock.jar");
        found.extend(folder.ancestors().skip(1).take(3).map(|folder| folder.join(&built)));
    }
    if let Some(folder) = beside_program {
        found.extend(in_folder(folder.to_owned()));
    }
    found
}
