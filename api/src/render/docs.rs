//! The tables of `docs/reference.md`.

use std::fmt::Write;

use super::file::{File, file};
use crate::choices::{CHOICES, FEATURE, FEATURES};
use crate::kinds::{KINDS, SENTENCE};
use crate::model::{Kind, Metric, Opt, Options, Total, Value};
use crate::options::{SERVER, TCP_CLIENT, UDP_CLIENT};
use crate::prose::{Language, bounds, filled, pascal, shouted, translated};
use crate::totals::{FEATURES as FEATURES_TOTAL, REPORT, REPORT_SENTENCE, STATS, TOTALS};

pub(super) fn files() -> Vec<File> {
    vec![file("docs/reference.md", reference())]
}

const HEAD: &str = "\
<!-- Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit. -->
# Reference

The options, totals, features, kinds of error and choices, which are the same in every language. A name is written as
`max_request` in Rust and Python, `capsock_server_options_set_max_request` in C, `maxRequest` in Java and
`--max-request` on the command line.

| type | Rust | C | Python | Java | command |
|---|---|---|---|---|---|
| time limit | `Option<Duration>`; `None` | `int64_t`, ms; `CAPSOCK_NO_LIMIT` | seconds; `None` | `Duration`; `null` | seconds; `inf` |
| short time | `Duration` | `int64_t`, µs | seconds | `Duration` | microseconds |
| number | `usize`, `u32` | `size_t`, `uint32_t` | `int` | `int` | decimal |
| choice | an enum | `int32_t` and constants | `str` | an enum | its name |
| flag | `bool` | `bool` | `bool` | `boolean` | given or not |
| bytes | `Vec<u8>` | a pointer and a length | bytes-like | `byte[]` | text with escapes such as `\\r\\n` and `\\xFF` |
";

fn reference() -> String {
    let mut text = HEAD.to_owned();
    for (options, title) in [
        (&SERVER, "Options of a server"),
        (&TCP_CLIENT, "Options of a TCP client"),
        (&UDP_CLIENT, "Options of a UDP client"),
    ] {
        let _ = write!(
            text,
            "\n## {title}\n\n| name | type | unit | default and range | since | |\n|---|---|---|---|---|---|\n"
        );
        let Options { options, .. } = options;
        for option in *options {
            text += &option_row(option);
        }
    }
    text += &totals();
    text += &report();
    for choice in CHOICES {
        text += &values(
            &pascal(choice.name),
            choice.sentence,
            &format!("{}_", shouted(choice.name)),
            choice.values,
        );
    }
    text += &values("Features", FEATURE, "FEATURE_", FEATURES);
    let _ = write!(
        text,
        "\n## Kinds of error\n\n{SENTENCE}\n\n| number | C | Rust | Python | Java | |\n|---|---|---|---|---|---|\n"
    );
    for kind in KINDS {
        let Value { name, number, sentence } = &kind.value;
        let _ = writeln!(
            text,
            "| {number} | `CAPSOCK_{}` | `{}` | `{}` | `{}` | {sentence} |",
            shouted(name),
            pascal(name),
            kind.python,
            kind.java
        );
    }
    text
}

fn option_row(option: &Opt) -> String {
    let kind = match option.kind {
        Kind::Host | Kind::Text => "text",
        Kind::Port | Kind::Number | Kind::Size => "number",
        Kind::Mode => "file mode",
        Kind::Choice(_) => "choice",
        Kind::Flag => "flag",
        Kind::Bytes => "bytes",
        Kind::Limit | Kind::Pause => "time limit",
        Kind::Micros => "short time",
        Kind::Interruptible => "C: `bool`",
    };
    let both = format!("{} {}", option.sentence, option.paragraph);
    format!(
        "| `{}` | {kind} | {} | {} | {} | {} |\n",
        option.name,
        option.unit,
        bounds(Language::Markdown, option).trim_end_matches('.'),
        option.since,
        translated(Language::Markdown, both.trim_end())
    )
}

fn totals() -> String {
    let mut text = format!("\n## Totals\n\n{STATS}\n\n| name | since | OpenMetrics | |\n|---|---|---|---|\n");
    for total in TOTALS.iter().chain([&FEATURES_TOTAL]) {
        let Total { name, since, sentence, .. } = total;
        let sample = match total.metric {
            Metric::None => "`capsock_feature`, a state set".to_owned(),
            Metric::Counter | Metric::Gauge => format!("`{}`", total.sample()),
        };
        let sentence = translated(Language::Markdown, sentence);
        let _ = writeln!(text, "| `{name}` | {since} | {sample} | {sentence} |");
    }
    text
}

fn report() -> String {
    let mut text =
        format!("\n## Report of a stop\n\n{REPORT_SENTENCE}\n\n| name | since | |\n|---|---|---|\n");
    for Total { name, since, sentence, .. } in REPORT {
        let _ = writeln!(text, "| `{name}` | {since} | {} |", translated(Language::Markdown, sentence));
    }
    text
}

fn values(title: &str, about: &str, prefix: &str, values: &[Value]) -> String {
    let about = filled(&translated(Language::Markdown, about), 118).join("\n");
    let mut text = format!("\n## {title}\n\n{about}\n\n| name | C | |\n|---|---|---|\n");
    for Value { name, number, sentence } in values {
        let _ = writeln!(
            text,
            "| `{name}` | `CAPSOCK_{prefix}{}` = {number} | {} |",
            shouted(name),
            translated(Language::Markdown, sentence)
        );
    }
    text
}
