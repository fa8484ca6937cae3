//! The pictures of models made by hand, compared with files; `CAPSOCK_BLESS=1` writes these.

mod models;
mod scene;

use std::path::Path;

use capsock_figure::{PageOptions, gantt_svg, html, svg};

fn compare(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("CAPSOCK_BLESS").is_some() {
        std::fs::write(&path, picture).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = golden.lines().zip(picture.lines()).enumerate().find(|(_, (old, new))| old != new);
    assert!(golden == picture, "{name} differs (CAPSOCK_BLESS=1 takes it), first in line {difference:?}");
}

const ORDINARY: PageOptions<'static> = PageOptions {
    title: "Client/server socket interaction",
    ordinals: false,
    until: None,
    unfolded: false,
    rows: None,
    caption: None,
    font_size: 13,
    light: false,
    live: false,
    stepped: false,
};

#[test]
fn the_pictures_are_those_of_the_files() {
    let (udp, tcp, troubles) = (models::udp(), models::tcp(), models::troubles());
    for (name, model) in [("udp", &udp), ("tcp", &tcp), ("troubles", &troubles)] {
        compare(&format!("{name}.svg"), &svg(model, &ORDINARY));
        compare(&format!("{name}.html"), &html(model, &ORDINARY));
    }
    compare("browser.svg", &svg(&models::browser(), &ORDINARY));
    compare("long.svg", &svg(&models::long(40), &ORDINARY));
    compare("link.svg", &svg(&models::link(), &ORDINARY));
    compare("tcp-gantt.svg", &gantt_svg(&tcp, &ORDINARY));
    compare("pings-gantt.svg", &gantt_svg(&models::pings(), &ORDINARY));
    let until = PageOptions { until: Some(4_000_000), ..ORDINARY };
    compare("pings-until-gantt.svg", &gantt_svg(&models::pings(), &until));
    compare("crowd-gantt.svg", &gantt_svg(&models::crowd(), &ORDINARY));
}

#[test]
fn the_style_of_a_file_has_one_class_for_each_rule_and_none_for_dark_schemes() {
    let models = [models::udp(), models::link(), models::tcp(), models::troubles()];
    let pictures = models.iter().flat_map(|model| [svg(model, &ORDINARY), gantt_svg(model, &ORDINARY)]);
    for picture in pictures {
        let (_, rest) = picture.split_once("<style>\n").expect("a style");
        let (style, drawing) = rest.split_once("</style>").expect("its end");
        let names: Vec<_> =
            style.lines().filter_map(|rule| rule.strip_prefix('.')?.split(" { ").next()).collect();
        assert_eq!(names.len(), style.lines().count(), "{style}");
        let letters = |name: &&str| name.starts_with(char::is_alphabetic) && !name.contains([' ', '.', ',']);
        assert!(names.iter().all(letters), "{style}");
        for used in drawing.split(" class=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(names.contains(&used), "{used} has no rule");
        }
    }
}

#[test]
fn what_is_not_drawn_is_counted() {
    let picture = svg(&models::long(200), &ORDINARY);
    assert!(picture.contains("more rounds of the 6 rows above"), "{picture}");
    let drawn = picture.matches("class=\"call-").count();
    assert!((4..20).contains(&drawn), "{drawn}");
    let whole = svg(&models::long(200), &PageOptions { unfolded: true, ..ORDINARY });
    assert_eq!(whole.matches("class=\"call-").count(), 800);
    let most = svg(&models::long(2000), &PageOptions { unfolded: true, ..ORDINARY });
    assert!(most.contains(" calls are not drawn"));
    let page = html(&models::long(25_000), &ORDINARY);
    assert!(page.contains("The table has 2,000 of 100,000 calls; the counts below are of all."));
    assert!(page.contains("<td><code>recvfrom</code></td><td>25,000</td>"));
    assert!(page.len() < 2_000_000, "{}", page.len());
    let clients = gantt_svg(&models::long(150), &ORDINARY);
    assert!(clients.contains("The first 100 of 151 clients are drawn."));
}

#[test]
fn nothing_of_a_trace_is_markup() {
    let model = models::troubles();
    for picture in [svg(&model, &ORDINARY), gantt_svg(&model, &ORDINARY), html(&model, &ORDINARY)] {
        for sign in ["<script><", "<script>alert", "<img", "<b>", "\u{202e}", "\u{2028}", "\0", "\x1b"] {
            assert!(!picture.contains(sign), "{sign:?}");
        }
    }
}

#[test]
fn columns_have_the_order_and_the_headings_that_are_asked_for() {
    let udp = models::udp();
    let names = |model: &capsock_figure::Model| -> Vec<String> {
        model.programs.iter().map(|program| program.name.clone()).collect()
    };
    let names_before = names(&udp);
    let [server, client] = [0, 1].map(|place| names_before[place].as_str());
    let renamed = format!("{client}=Laptop");
    for (asked, expected) in [
        (&[][..], [server, client]),
        (&[client], [client, server]),
        (&["Client", "server"], ["Client", "server"]),
        (&["Server"], ["Server", client]),
        (&["Client 1=A, B"], ["A, B", server]),
        (&[renamed.as_str(), server], ["Laptop", server]),
    ] {
        let model = udp.clone().with_columns(asked).expect("they are there");
        assert_eq!(names(&model), expected, "{asked:?}");
        // Each call stays with its program.
        for (before, after) in udp.steps.iter().zip(&model.steps) {
            assert_eq!(udp.programs[before.program].pids, model.programs[after.program].pids, "{asked:?}");
            let (before, after) = (&udp.sockets[before.socket], &model.sockets[after.socket]);
            assert_eq!(udp.programs[before.program].pids, model.programs[after.program].pids, "{asked:?}");
        }
    }
    for (asked, wrong) in [
        (&["Server 2"][..], "Server 2"),
        (&["Client 0"], "Client 0"),
        (&["Nobody"], "Nobody"),
        (&["Server", server], server),
    ] {
        assert_eq!(udp.clone().with_columns(asked), Err(wrong));
    }
}
