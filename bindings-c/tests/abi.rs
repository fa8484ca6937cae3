//! What the header declares is what `abi/libcapsock.txt` records: functions with their types, constants with their
//! numbers, structs with their fields, and of each struct and enum the size, the alignment and the offsets that a C
//! compiler gives it on a 64-bit system.
//!
//! A line of it is removed or changed only when the soname in `build.rs` moves; a new line is written by
//! `CAPSOCK_BLESS=1 cargo test -p capsock-c --test abi`.
#![cfg(target_pointer_width = "64")]

use std::fs;
use std::path::Path;
use std::process::Command;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_abi_is_the_recorded_one() {
    let read = |name| fs::read_to_string(Path::new(CRATE).join(name)).expect("a file of the crate");
    let build = read("build.rs");
    let soname = build.split("-soname,").nth(1).and_then(|rest| rest.split('"').next()).expect("a soname");
    let mut exported = declarations(&read("include/capsock.h"));
    assert!(exported.iter().filter(|line| line.contains('(')).count() > 100, "{exported:#?}");
    exported.extend(layouts(&exported));
    let about = "The C ABI: what capsock.h declares. Written by the tests of bindings-c.";
    let file = Path::new(CRATE).join("abi/libcapsock.txt");
    capsock_api::record::check(&file, about, soname, &exported).unwrap_or_else(|why| panic!("{why}"));
}

/// The lines of the header on systems other than Windows.
fn of_unix(header: &str) -> String {
    let mut windows = false;
    let kept = header.lines().filter(|line| {
        windows = match *line {
            "#if defined(_WIN32)" => true,
            "#else" | "#endif" => false,
            _ => windows,
        };
        !windows
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// Each declaration on one line, without comments; the constants of an enum and the fields of a struct on lines of
/// their own, with the name that they belong to. A type that is an int here is shown as int.
fn declarations(header: &str) -> Vec<String> {
    let header = of_unix(header);
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
    let is_int =
        |line: &String| line.strip_prefix("typedef int capsock_").map(|name| format!("capsock_{name}"));
    let ints: Vec<_> = lines.iter().filter_map(is_int).collect();
    for line in lines.iter_mut().filter(|line| line.contains('(')) {
        for int in &ints {
            *line = line.replace(&format!("{int} "), "int ");
        }
    }
    lines.sort();
    lines.dedup();
    lines
}

/// The size, alignment and offsets of each struct and enum among the declarations, as a C program that includes the
/// header prints them.
fn layouts(declarations: &[String]) -> Vec<String> {
    let mut types: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, member) in declarations.iter().filter_map(|line| line.split_once(": ")) {
        // The constants of an enum have no offset.
        let field = (!name.starts_with("enum ")).then(|| member.rsplit([' ', '*']).next().unwrap_or(member));
        match types.last_mut() {
            Some((last, fields)) if *last == name => fields.extend(field),
            _ => types.push((name, field.into_iter().collect())),
        }
    }
    assert!(types.len() > 5, "{types:?}");

    let mut program = String::from("#include <stdio.h>\n#include \"capsock.h\"\nint main(void) {\n");
    for (name, fields) in types {
        program += &format!(
            "  struct with_{tag} {{ char before; {name} it; }};\n  \
             printf(\"{name}: size %zu, alignment %zu\\n\", sizeof({name}), offsetof(struct with_{tag}, it));\n",
            tag = name.replace(' ', "_"),
        );
        for field in fields {
            program += &format!(
                "  printf(\"{name}: {field} at offset %zu, size %zu\\n\", offsetof({name}, {field}), \
                 sizeof((({name} *)0)->{field}));\n"
            );
        }
    }
    program += "  return 0;\n}\n";
    run_c(&program).lines().map(str::to_owned).collect()
}

/// What a C program prints.
fn run_c(source: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, program) = (folder.join("layouts.c"), folder.join("layouts"));
    fs::write(&file, source).expect("a writable target folder");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-Wall", "-Werror", "-I"]).arg(Path::new(CRATE).join("include"));
    let compiled = compiler.arg("-o").arg(&program).arg(&file).status().expect("a C compiler");
    assert!(compiled.success(), "cc refuses {}:\n{source}", file.display());
    let output = Command::new(&program).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
