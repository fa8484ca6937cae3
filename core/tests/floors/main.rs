//! The dependencies between files and between crates: the files of a crate do not use each other in a circle, a file of
//! the core uses what the table in docs/architecture.md allows its floor, and a crate depends only on the crates that
//! `CRATES` lists for it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod architecture;
mod graph;
mod source;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use architecture::Floors;
use graph::{Uses, circles, uses};
use workspace::{CRATES, crates, read};

#[test]
fn no_file_uses_itself_through_others() {
    let mut wrong = String::new();
    for root in roots() {
        let uses = uses(&root, &read);
        for circle in circles(&uses) {
            wrong.push_str(&describe(&uses, &circle));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_file_of_the_core_uses_what_stands_below_it() {
    let floors = Floors::read();
    let uses = uses(Path::new("core/src/lib.rs"), &read);
    let mut wrong = String::new();
    for (from, used) in &uses {
        for (to, names) in used {
            if !floors.allow(from, to) {
                wrong.push_str(&format!("{} uses {names:?} of {}\n", from.display(), to.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_floor_has_rooms_and_each_file_a_floor() {
    let files = uses(Path::new("core/src/lib.rs"), &read).into_keys();
    assert_eq!(Floors::read().misfits(&files.collect::<Vec<_>>()), Vec::<String>::new());
}

#[test]
fn a_crate_depends_on_those_below_it() {
    let found: BTreeMap<String, BTreeSet<String>> = crates("Cargo.toml")
        .into_iter()
        .map(|one| (one.name, one.dependencies.into_iter().collect()))
        .collect();
    let wanted = CRATES.iter().map(|(name, below)| {
        ((*name).to_owned(), below.iter().map(|other| (*other).to_owned()).collect::<BTreeSet<_>>())
    });
    assert_eq!(found, wanted.collect());
}

#[test]
fn the_figures_use_the_trace_and_nothing_else_of_the_core() {
    let modules = source::modules(Path::new("figure/src/lib.rs"), &read);
    let imports = modules.iter().flat_map(|module| module.imports.iter().map(|import| &import.path));
    let paths = imports.chain(modules.iter().flat_map(|module| &module.paths));
    let used: BTreeSet<&str> =
        paths.filter(|path| path[0] == "capsock").filter_map(|path| Some(path.get(1)?.as_str())).collect();
    assert_eq!(used, BTreeSet::from(["trace"]));
}

/// Each row: the content of a.rs, and the names that it uses of the other files of the crate.
#[test]
fn a_use_is_found_where_the_name_is_defined() {
    let face = ("lib.rs", "mod a; mod b; pub use b::Thing; pub use a::a; pub fn own() {}");
    let thing = ("b.rs", "pub struct Thing; impl Thing { pub fn method() {} } pub const N: u8 = 1;");
    for (a, wanted) in [
        ("use crate::b::Thing;", "b.rs: Thing"),
        ("use super::b::{self, N as M, Thing};", "b.rs: N Thing"),
        ("use crate::b; fn a() { b::Thing::method() }", "b.rs: Thing"),
        ("fn a() -> crate::b::Thing { crate::Thing }", "b.rs: Thing"),
        ("use super::*; fn a(_: Thing) { own() }", "b.rs: Thing, lib.rs: own"),
        ("fn a() { println!(\"{}\", super::b::N) }", "b.rs: N"),
        ("macro_rules! a { () => { $crate::b::N } }", "b.rs: N"),
        ("#[value(parser = crate::b::N)] struct A;", "b.rs: N"),
        ("mod inner { use super::super::b::Thing; } use crate::own as _;", "b.rs: Thing, lib.rs: own"),
        ("pub use crate::b::Thing;", ""),
        ("pub(crate) use crate::b::Thing; fn a(_: Thing) {}", "b.rs: Thing"),
        ("// crate::b::N\n/* crate::b::N */ /// crate::b::N\nconst A: &str = \"crate::b::N\";", ""),
        ("use std::b::Thing; fn a(own: u8) { own.b::<u8>(); ::b::N; <u8 as Into<u8>>::own }", ""),
        ("#[cfg(test)] mod tests { use crate::b::Thing; }", ""),
        ("#[cfg(test)] use crate::b::N; fn a<'own>(_: &'own u8) {}", ""),
    ] {
        let files = BTreeMap::from([face, thing, ("a.rs", a)]);
        let uses =
            uses(Path::new("lib.rs"), &|file| files.get(file.to_str()?).map(|text| (*text).to_owned()));
        let found = uses[Path::new("a.rs")].iter().map(|(file, names)| {
            format!("{}: {}", file.display(), names.iter().cloned().collect::<Vec<_>>().join(" "))
        });
        assert_eq!(found.collect::<Vec<_>>().join(", "), wanted, "{a}");
        assert!(uses[Path::new("lib.rs")].is_empty(), "a name is handed on");
    }
}

#[test]
fn a_circle_is_found_and_what_leads_to_it_is_no_part_of_it() {
    let files = BTreeMap::from([
        ("lib.rs", "mod a; mod b; mod c; fn f() { a::f() }"),
        ("a.rs", "use crate::b::f as g; pub fn f() { g() } fn h() { crate::c::f() }"),
        ("b.rs", "pub fn f() { super::a::f() }"),
        ("c.rs", "pub fn f() {}"),
    ]);
    let uses = uses(Path::new("lib.rs"), &|file| files.get(file.to_str()?).map(|text| (*text).to_owned()));
    assert_eq!(circles(&uses), [BTreeSet::from(["a.rs".into(), "b.rs".into()])]);
}

/// The root of each library, program and test of the tree.
fn roots() -> BTreeSet<PathBuf> {
    let manifests = ["Cargo.toml", "bench/Cargo.toml", "fuzz/Cargo.toml"];
    manifests.into_iter().flat_map(crates).flat_map(|one| one.roots).collect()
}

/// The files of a circle, and the names that each uses of the others.
fn describe(uses: &Uses, circle: &BTreeSet<PathBuf>) -> String {
    let mut text = "A circle:\n".to_owned();
    for file in circle {
        for (other, names) in uses[file].iter().filter(|(other, _)| circle.contains(*other)) {
            text.push_str(&format!("  {} uses {names:?} of {}\n", file.display(), other.display()));
        }
    }
    text
}
