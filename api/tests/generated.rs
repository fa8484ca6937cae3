//! The committed files are what the description says.
//!
//! `CAPSOCK_BLESS=1 cargo test -p capsock-api` writes them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use capsock_api::render::files;

#[test]
fn the_files_are_rendered_from_the_description() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace");
    let bless = std::env::var_os("CAPSOCK_BLESS").is_some();
    let mut different = Vec::new();
    for file in files() {
        let path = root.join(file.path);
        let content = if file.path.ends_with(".rs") { formatted(root, &file.content) } else { file.content };
        if fs::read_to_string(&path).is_ok_and(|committed| committed == content) {
            continue;
        }
        if bless {
            fs::write(&path, content).expect("a writable source tree");
        } else {
            different.push(file.path);
        }
    }
    assert!(different.is_empty(), "not what api/src says; CAPSOCK_BLESS=1 writes them: {different:?}");
}

/// Rust as the workspace formats it.
fn formatted(root: &Path, source: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--quiet", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt: rustup component add rustfmt");
    rustfmt.stdin.take().expect("piped").write_all(source.as_bytes()).expect("rustfmt reads");
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "rustfmt refuses:\n{source}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
