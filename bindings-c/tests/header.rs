//! `include/capsock.h` is what cbindgen makes of the sources, and every function in them is guarded.
//!
//! `CAPSOCK_BLESS=1 cargo test -p capsock-c --test header` writes the header instead.

use std::fs;
use std::path::Path;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_header_is_made_of_the_sources() {
    let config = cbindgen::Config::from_file(Path::new(CRATE).join("cbindgen.toml")).expect("cbindgen.toml");
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_crate(CRATE)
        .with_config(config)
        .generate()
        .expect("the sources of the library")
        .write(&mut header);
    let header = String::from_utf8(header).expect("UTF-8");

    let committed = Path::new(CRATE).join("include/capsock.h");
    if std::env::var_os("CAPSOCK_BLESS").is_some() {
        fs::write(&committed, header).expect("a writable source tree");
        return;
    }
    assert!(
        fs::read_to_string(&committed).is_ok_and(|committed| committed == header),
        "{} is not what the sources say; CAPSOCK_BLESS=1 writes it",
        committed.display()
    );
}

#[test]
fn every_exported_function_is_guarded() {
    let mut functions = 0;
    let mut files = vec![Path::new(CRATE).join("src")];
    while let Some(file) = files.pop() {
        if file.is_dir() {
            files.extend(fs::read_dir(file).expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let source = fs::read_to_string(&file).expect("UTF-8");
        for exported in source.split("#[unsafe(no_mangle)]").skip(1) {
            let signature = exported.split(" {\n").next().unwrap_or_default();
            let body = &exported[signature.len()..exported.find("\n}").expect("the end of a function")];
            let name =
                signature.split(['(', ' ']).find(|word| word.starts_with("capsock_")).unwrap_or_default();
            assert!(signature.contains("extern \"C\" fn"), "{name} in {}", file.display());
            let body = body.trim_start_matches(" {\n").trim_start();
            assert!(
                body.starts_with("guard(") || body.starts_with("guard_or("),
                "{name} in {}",
                file.display()
            );
            functions += 1;
        }
    }
    assert!(functions > 30, "only {functions} functions were found");
}
