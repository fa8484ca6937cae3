//! The pictures of stories made by hand, compared with files; `CAPSOCK_BLESS=1` writes these.

mod scene;
mod stories;

use std::path::Path;

use capsock::figure::{PageOptions, Story, gantt_svg, svg};

fn compare(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("CAPSOCK_BLESS").is_some() {
        std::fs::write(&path, picture).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = golden.lines().zip(picture.lines()).enumerate().find(|(_, (old, new))| old != new);
    assert!(golden == picture, "{name} differs (CAPSOCK_BLESS=1 takes it), first in line {difference:?}");
}

const ORDINARY: PageOptions<'static> =
    PageOptions { title: "Client/server socket interaction", ordinals: false };

fn all() -> [(&'static str, Story); 4] {
    [
        ("udp", stories::udp()),
        ("tcp", stories::tcp()),
        ("crowd", stories::crowd()),
        ("troubles", stories::troubles()),
    ]
}

#[test]
fn the_figures_are_those_of_the_files() {
    for (name, story) in all() {
        compare(&format!("{name}.svg"), &svg(&story, &ORDINARY));
        compare(&format!("{name}-gantt.svg"), &gantt_svg(&story, &ORDINARY));
    }
}

#[test]
fn what_is_not_drawn_is_counted() {
    let picture = svg(&stories::long(200), &ORDINARY);
    assert!(picture.contains("The first 400 of 800 calls are drawn."));
    assert_eq!(picture.matches("class=\"call\"").count(), 400);
}

#[test]
fn nothing_of_a_trace_is_markup() {
    let picture = svg(&stories::troubles(), &ORDINARY);
    for sign in ["<script", "<img", "<b>", "\u{202e}", "\u{2028}", "\0", "\x1b"] {
        assert!(!picture.contains(sign), "{sign:?}");
    }
}
