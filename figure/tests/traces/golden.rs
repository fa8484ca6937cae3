//! The figures of each textbook exchange.

use std::path::Path;

use capsock_figure::{PageOptions, TextOptions, gantt_text, mermaid, normalize, perfetto, svg, text};

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

pub(crate) const ALL: [(&str, &str); 15] = [
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
    ("chat", CHAT),
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
    compare("chat.svg", &svg(&model(CHAT), &PageOptions::default()));
    compare("many.svg", &svg(&model(&many()), &PageOptions::default()));
    compare("many.txt", &text(&model(&many()), &TextOptions::default()));
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

/// A web server with more clients than a picture holds; they are not traced.
fn many() -> String {
    let mut script = String::from(
        "server WebServer.py python\nserver socket 3 tcp\nserver bind 3 local=0.0.0.0:6789\n\
         server listen 3 argument=1\n",
    );
    for client in 0..20 {
        let port = 50_000 + client;
        script.push_str(&format!(
            "server accept 3 accepted=4 local=127.0.0.1:6789 peer=127.0.0.1:{port}\n\
             server recv 4 room=1024 data=GET␠/{client}\nserver send 4 data=HTTP/1.1␠200␠OK\nserver close 4\n"
        ));
    }
    script
}

#[test]
fn the_picture_and_the_text_fold_the_same_rounds_unless_they_are_told_otherwise() {
    let model = model(&many());
    let note = "19 more rounds of the ";
    assert!(text(&model, &TextOptions::default()).contains(note));
    assert!(svg(&model, &PageOptions::default()).contains("19 more rounds of the 4 rows above, 76 calls"));
    let unfolded = text(&model, &TextOptions { unfolded: true, ..TextOptions::default() });
    let picture = svg(&model, &PageOptions { unfolded: true, ..PageOptions::default() });
    for (figure, calls) in [(unfolded, "├ connection"), (picture, "server.accept()</text>")] {
        assert!(!figure.contains(note), "{figure}");
        assert!(figure.matches(calls).count() >= 20, "{figure}");
    }
}
