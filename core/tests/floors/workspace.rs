//! The crates of the tree, as cargo reads their manifests.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::source::normal;

/// What each crate of the workspace may depend on; `dev-` is for its tests alone.
pub(crate) const CRATES: &[(&str, &[&str])] = &[
    ("capsock-api", &[]),
    ("capsock", &[]),
    ("capsock-figure", &["capsock"]),
    ("capsock-link", &["capsock"]),
    ("capsock-preload", &["capsock"]),
    ("capsock-c", &["capsock", "dev-capsock-api"]),
    ("capsock-python", &["capsock", "dev-capsock-cli"]),
    ("capsock-jni", &["capsock"]),
    ("capsock-check", &["capsock", "capsock-figure"]),
    ("capsock-cli", &["capsock", "capsock-check", "capsock-figure", "capsock-link"]),
    ("capsock-examples", &["capsock"]),
];

pub(crate) struct Crate {
    pub(crate) name: String,
    /// The first file of each library, program and test, from the root of the tree on.
    pub(crate) roots: Vec<PathBuf>,
    /// The crates of the tree that it depends on; `dev-` stands before those that its tests alone depend on.
    pub(crate) dependencies: Vec<String>,
}

/// The root of the tree.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("core is a folder of the tree")
}

/// The text of a file of the tree, if it is there.
pub(crate) fn read(file: &Path) -> Option<String> {
    std::fs::read_to_string(root().join(file)).ok()
}

/// The crates of a workspace.
pub(crate) fn crates(manifest: &str) -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path", manifest])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let described: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().expect("cargo describes it as text").to_owned();
    let list = |value: &Value| value.as_array().expect("cargo describes it as a list").clone();
    let described = list(&described["packages"]);
    let crates = described.iter().map(|described| {
        let roots = list(&described["targets"]).into_iter().map(|target| {
            let file = PathBuf::from(text(&target["src_path"]));
            normal(file.strip_prefix(root()).expect("a crate's files are in the tree"))
        });
        let ours = list(&described["dependencies"]).into_iter().filter(|one| one["path"].is_string());
        let dependencies = ours.map(|one| match one["kind"].as_str() {
            None => text(&one["name"]),
            Some(kind) => format!("{kind}-{}", text(&one["name"])),
        });
        Crate { name: text(&described["name"]), roots: roots.collect(), dependencies: dependencies.collect() }
    });
    crates.collect()
}
