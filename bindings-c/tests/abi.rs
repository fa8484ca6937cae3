//! What the header declares is what `abi/libcapsock.txt` records: functions with their types, constants with their
//! numbers, structs with their fields.
//!
//! A line of it goes or changes only when the soname in `build.rs` moves; a new line is written by
//! `CAPSOCK_BLESS=1 cargo test -p capsock-c --test abi`.

use std::fs;
use std::path::Path;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_abi_is_the_recorded_one() {
    let read = |name| fs::read_to_string(Path::new(CRATE).join(name)).expect("a file of the crate");
    let build = read("build.rs");
    let soname = build.split("-soname,").nth(1).and_then(|rest| rest.split('"').next()).expect("a soname");
    let exported = declarations(&read("include/capsock.h"));
    assert!(exported.iter().filter(|line| line.contains('(')).count() > 100, "{exported:#?}");
    let about = "The C ABI: what capsock.h declares. Written by the tests of bindings-c.";
    let file = Path::new(CRATE).join("abi/libcapsock.txt");
    capsock_api::record::check(&file, about, soname, &exported).unwrap_or_else(|why| panic!("{why}"));
}

/// Each declaration on one line, without comments; the constants of an enum and the fields of a struct on lines of
/// their own, with the name that they belong to.
fn declarations(header: &str) -> Vec<String> {
    let code: Vec<_> = header
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty() && !line.starts_with("extern \"C\""))
        .collect();
    let mut lines: Vec<_> = code
        .iter()
        .filter(|line| line.starts_with("#define CAPSOCK_"))
        .map(|line| (*line).to_owned())
        .collect();
    let code = code.into_iter().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
    let mut rest = code.as_str();
    while let Some(end) = rest.find([';', '{']) {
        let declared = one_line(&rest[..end]);
        if rest.as_bytes()[end] == b';' {
            rest = &rest[end + 1..];
            lines.push(declared);
            continue;
        }
        let close = rest.find('}').expect("a body ends");
        let body = &rest[end + 1..close];
        let after = rest[close + 1..].find(';').expect("a declaration ends") + close + 1;
        let name = one_line(&rest[close + 1..after]);
        let name =
            if name.is_empty() { declared.split(" :").next().unwrap_or_default().to_owned() } else { name };
        let parts = body.split([',', ';']).map(one_line).filter(|part| !part.is_empty());
        lines.extend(parts.map(|part| format!("{name}: {part}")));
        rest = &rest[after + 1..];
    }
    lines.retain(|line| line != "#define CAPSOCK_H" && !line.is_empty());
    lines.sort();
    lines.dedup();
    lines
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
