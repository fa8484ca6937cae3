//! The figures of each textbook exchange.

use std::path::Path;

use capsock_figure::{TextOptions, gantt_text, mermaid, normalize, perfetto, text};

use super::model;
use super::scripts::*;

fn compare(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces/golden").join(name);
    if std::env::var_os("CAPSOCK_BLESS").is_some() {
        std::fs::write(&path, picture).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = golden.lines().zip(picture.lines()).enumerate().find(|(_, (old, new))| old != new);
    assert!(golden == picture, "{name} differs (CAPSOCK_BLESS=1 takes it), first in line {difference:?}");
}

pub(crate) const ALL: [(&str, &str); 14] = [
    ("udp", UDP),
    ("tcp", TCP),
    ("iterative", ITERATIVE),
    ("concurrent", CONCURRENT),
    ("forked", FORKED),
    ("cut", CUT),
    ("pieces", PIECES),
    ("lost", LOST),
    ("link", LINK),
    ("reset", RESET),
    ("refused", REFUSED),
    ("half-close", HALF_CLOSE),
    ("hostile", HOSTILE),
    ("browser", BROWSER),
];

#[test]
fn the_figures_are_those_of_the_files() {
    for (name, script) in ALL {
        let model = model(script);
        compare(&format!("{name}.txt"), &text(&model, &TextOptions::default()));
        compare(&format!("{name}.mmd"), &mermaid(&model));
    }
}

#[test]
fn the_other_formats_are_those_of_the_files() {
    for (name, script) in [("iterative", ITERATIVE), ("concurrent", CONCURRENT), ("pings", PINGS)] {
        let normal = normalize(model(script));
        let options = TextOptions { ordinals: true, ..TextOptions::default() };
        compare(&format!("{name}-gantt.txt"), &gantt_text(&model(script), &TextOptions::default()));
        compare(&format!("{name}-normal.txt"), &text(&normal, &options));
        compare(&format!("{name}-normal-gantt.txt"), &gantt_text(&normal, &options));
    }
    for width in [40, 120] {
        let options = TextOptions { width, ..TextOptions::default() };
        compare(&format!("browser-{width}.txt"), &text(&model(BROWSER), &options));
    }
    let until = TextOptions { until: Some(4_000_000_000), ascii: true, ..TextOptions::default() };
    compare("pings-until-gantt.txt", &gantt_text(&model(PINGS), &until));
    let ascii = TextOptions { ascii: true, width: 100, colour: true, ..TextOptions::default() };
    compare("tcp-ascii-wide-colour.txt", &text(&model(TCP), &ascii));
    compare("tcp.json", &perfetto(&model(TCP)));
    compare("forked.json", &perfetto(&model(FORKED)));
}
