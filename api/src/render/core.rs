//! The core's enums, settings, totals and options of clients.

use std::fmt::Write;

use super::file::{File, file, rust_head};
use crate::choices::{CHOICES, FEATURES};
use crate::kinds::{KINDS, SENTENCE};
use crate::model::{Choice, Default, Kind, Opt, Options, Total};
use crate::options::{SERVER, TCP_CLIENT, UDP_CLIENT};
use crate::prose::{Language, comment, paragraphs, pascal, shouted, translated};
use crate::totals::{FEATURES as FEATURES_TOTAL, REPORT, REPORT_SENTENCE, STATS, TOTALS};

pub(super) fn files() -> Vec<File> {
    vec![
        file("core/src/choices.rs", choices()),
        file("core/src/kinds.rs", kinds()),
        file("core/src/server/config/settings.rs", settings()),
        file("core/src/server/config/setters.rs", setters()),
        file("core/src/net/feature_table.rs", features()),
        file("core/src/server/state/totals.rs", totals()),
        file("core/src/client/options.rs", clients()),
    ]
}

fn doc(indent: &str, text: &str) -> String {
    comment(&format!("{indent}/// "), 110, &[translated(Language::Rust, text)])
}

fn choices() -> String {
    let mut text = rust_head("Choices that have a name and a stable number in every language.");
    text += "use crate::named::named;\n";
    for choice in CHOICES {
        let kind = pascal(choice.name);
        let derived = if choice.default.is_some() { ", Default" } else { "" };
        let _ = write!(text, "\n{}", doc("", choice.sentence));
        let _ = write!(
            text,
            "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash{derived})]\n#[repr(i32)]\npub enum {kind} {{\n"
        );
        for value in choice.values {
            text += &doc("    ", value.sentence);
            if choice.default == Some(value.name) {
                text += "    #[default]\n";
            }
            let _ = writeln!(text, "    {} = {},", pascal(value.name), value.number);
        }
        text += "}\n";
    }
    for choice in CHOICES {
        let _ = write!(text, "\n{}", named(choice));
    }
    text
}

fn named(choice: &Choice) -> String {
    let values: Vec<_> =
        choice.values.iter().map(|value| format!("{} => {:?}", pascal(value.name), value.name)).collect();
    format!("named!({}, {:?}, {});\n", pascal(choice.name), choice.name, values.join(", "))
}

fn kinds() -> String {
    let mut text = rust_head("The kinds of error, with their stable numbers.");
    text += &doc("", SENTENCE);
    text += "///\n";
    text += &doc(
        "",
        "The numbers are the status codes of the C library, where 0 is success. No number changes its meaning or is \
         used again.",
    );
    text += "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\n#[repr(i32)]\n#[non_exhaustive]\npub enum ErrorKind {\n";
    for kind in KINDS {
        text += &doc("    ", kind.value.sentence);
        let _ = writeln!(text, "    {} = {},", pascal(kind.value.name), kind.value.number);
    }
    text += "}\n\nimpl ErrorKind {\n    /// Every kind, in the order of the numbers.\n";
    let _ = writeln!(text, "    pub const ALL: [ErrorKind; {}] = [", KINDS.len());
    for kind in KINDS {
        let _ = writeln!(text, "        ErrorKind::{},", pascal(kind.value.name));
    }
    text += "    ];\n\n    /// The stable number: the C status code.\n    #[must_use]\n";
    text += "    pub fn number(self) -> i32 {\n        self as i32\n    }\n}\n";
    text
}

/// The type of a value.
fn kind(option: &Opt) -> String {
    match option.kind {
        Kind::Choice(choice) => pascal(choice),
        Kind::Number | Kind::Mode => "u32".to_owned(),
        Kind::Size => "usize".to_owned(),
        Kind::Limit => "Option<Duration>".to_owned(),
        Kind::Pause | Kind::Micros => "Duration".to_owned(),
        Kind::Flag => "bool".to_owned(),
        Kind::Bytes => "Vec<u8>".to_owned(),
        Kind::Text => "String".to_owned(),
        Kind::Interruptible => "Option<InterruptHook>".to_owned(),
        Kind::Host | Kind::Port => unreachable!("the address has them"),
    }
}

fn default(option: &Opt) -> String {
    match (option.default, option.kind) {
        (Default::Millis(0), Kind::Pause | Kind::Micros) => "Duration::ZERO".to_owned(),
        (Default::Millis(millis), kind) => {
            let time = if millis.is_multiple_of(1_000) {
                format!("Duration::from_secs({})", millis / 1_000)
            } else {
                format!("Duration::from_millis({millis})")
            };
            if kind == Kind::Limit { format!("Some({time})") } else { time }
        }
        (Default::Number(number), _) => crate::prose::number(number).replace(',', "_"),
        (Default::Value(value), Kind::Choice(choice)) => format!("{}::{}", pascal(choice), pascal(value)),
        (Default::False, Kind::Flag) => "false".to_owned(),
        (Default::False, _) => "None".to_owned(),
        (Default::Empty, _) => "String::new()".to_owned(),
        (Default::CrLf, _) => "b\"\\r\\n\".to_vec()".to_owned(),
        (Default::Constant | Default::Value(_), _) => unreachable!("the address has it, or it is a choice"),
    }
}

/// The name of a field.
fn name(option: &Opt) -> &'static str {
    if option.kind == Kind::Interruptible { "on_interrupt" } else { option.name }
}

fn option_doc(option: &Opt) -> String {
    if option.kind == Kind::Interruptible {
        return "    /// Called when a signal handler has run in a thread during a blocking call: `true` ends the call \
                with\n    /// `Interrupted`, `false` continues it. Default `None`: the call continues.\n"
            .to_owned();
    }
    comment("    /// ", 110, &paragraphs(Language::Rust, option))
}

fn fields(options: &Options) -> String {
    let fields = options.options.iter().filter(|option| option.in_settings());
    fields
        .map(|option| format!("{}    pub {}: {},\n", option_doc(option), name(option), kind(option)))
        .collect()
}

fn defaults(options: &Options) -> String {
    let fields = options.options.iter().filter(|option| option.in_settings());
    fields.map(|option| format!("            {}: {},\n", name(option), default(option))).collect()
}

fn settings() -> String {
    let mut text = rust_head("The options of a server that are plain values.");
    text += "use std::time::Duration;\n\nuse crate::choices::{Concurrency, Endian, Framing};\n\n";
    text += "/// The options of a server that are plain values, whatever its transport and address.\n";
    text += "#[derive(Debug, Clone)]\n#[non_exhaustive]\npub struct ServerSettings {\n";
    text += &fields(&SERVER);
    text += "}\n\nimpl Default for ServerSettings {\n    fn default() -> ServerSettings {\n        ServerSettings {\n";
    text += &defaults(&SERVER);
    text += "        }\n    }\n}\n";
    text
}

fn setters() -> String {
    let mut text = rust_head("The methods that set the options of a server that are plain values.");
    text += "use std::time::Duration;\n\nuse super::options::ServerOptions;\nuse crate::choices::{Concurrency, Endian, Framing};\n\n";
    text += "impl ServerOptions {\n";
    let setters = SERVER.options.iter().filter(|option| option.in_settings()).map(|option| {
        let Opt { name, .. } = option;
        let (kind, value) = match option.kind {
            Kind::Bytes => ("impl Into<Vec<u8>>".to_owned(), format!("{name}.into()")),
            Kind::Text => ("impl Into<String>".to_owned(), format!("{name}.into()")),
            _ => (kind(option), name.to_string()),
        };
        format!(
            "{}    pub fn {name}(mut self, {name}: {kind}) -> Self {{\n        self.settings.{name} = {value};\n        self\n    }}\n",
            option_doc(option),
        )
    });
    text += &setters.collect::<Vec<_>>().join("\n");
    text += "}\n";
    text
}

fn clients() -> String {
    let mut text = rust_head("The options of the clients.");
    text += "use std::time::Duration;\n\nuse crate::choices::{Endian, Framing};\nuse crate::net::InterruptHook;\n";
    for (options, about) in [
        (&TCP_CLIENT, "How a [`TcpClient`](super::TcpClient) connects and waits."),
        (&UDP_CLIENT, "How a [`UdpClient`](super::UdpClient) waits and sends again."),
    ] {
        let kind = pascal(options.owner) + "Options";
        let _ = write!(
            text,
            "\n/// {about}\n#[derive(Debug, Clone)]\npub struct {kind} {{\n{}}}\n",
            fields(options)
        );
        let _ = write!(
            text,
            "\nimpl Default for {kind} {{\n    fn default() -> {kind} {{\n        {kind} {{\n{}        }}\n    }}\n}}\n",
            defaults(options)
        );
    }
    text
}

fn features() -> String {
    let mut text = rust_head("The optional calls of the system, with their bits.");
    text += "use super::features::Features;\n\nimpl Features {\n";
    for feature in FEATURES {
        text += &doc("    ", feature.sentence);
        let _ = writeln!(
            text,
            "    pub const {}: Features = Features({});",
            shouted(feature.name),
            feature.number
        );
    }
    let _ = writeln!(text, "\n    pub(super) const ALL: [(Features, &'static str); {}] = [", FEATURES.len());
    for feature in FEATURES {
        let _ = writeln!(text, "        (Features::{}, {:?}),", shouted(feature.name), feature.name);
    }
    text += "    ];\n}\n";
    text
}

fn totals() -> String {
    let mut text = rust_head(
        "The totals of a server, as they are counted and as they are read, and the report of its stop.",
    );
    text += "use super::counter::Counter;\nuse super::metric::Metric;\nuse crate::net::Features;\n\n";
    text += &doc("", STATS);
    text += "#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]\n#[non_exhaustive]\npub struct Stats {\n";
    text += &numbers(TOTALS);
    text += &doc("    ", FEATURES_TOTAL.sentence);
    text += "    /// The number is that of [`Features::bits`].\n    pub features: u64,\n}\n\nimpl Stats {\n";
    text += "    /// The totals with their names, in their order, without the features.\n    #[must_use]\n";
    let _ =
        writeln!(text, "    pub fn by_name(&self) -> [(&'static str, u64); {}] {{\n        [", TOTALS.len());
    for Total { name, .. } in TOTALS {
        let _ = writeln!(text, "            ({name:?}, self.{name}),");
    }
    text += "        ]\n    }\n\n    /// The totals as metrics, in their order, without the features.\n";
    let _ = writeln!(
        text,
        "    pub(in crate::server) fn metrics(&self) -> [Metric; {}] {{\n        [",
        TOTALS.len()
    );
    TOTALS.iter().for_each(|total| text += &metric(total));
    text += "        ]\n    }\n}\n\n/// The totals as one or some threads count them, without a lock.\n#[derive(Debug, Default)]\n";
    text += "pub(in crate::server) struct Counters {\n";
    for Total { name, .. } in TOTALS {
        let _ = writeln!(text, "    pub(in crate::server) {name}: Counter,");
    }
    text += "}\n\nimpl Counters {\n    /// `total` adds up a counter over all threads.\n";
    text +=
        "    pub(in crate::server) fn snapshot(\n        total: impl Fn(fn(&Counters) -> &Counter) -> u64,\n";
    text += "        features: Features,\n    ) -> Stats {\n        Stats {\n";
    for Total { name, .. } in TOTALS {
        let _ = writeln!(text, "            {name}: total(|counters| &counters.{name}),");
    }
    text += "            features: features.bits(),\n        }\n    }\n}\n\n";
    text += &doc("", REPORT_SENTENCE);
    text +=
        "#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]\n#[non_exhaustive]\npub struct StopReport {\n";
    text += &numbers(REPORT);
    text += "}\n";
    text
}

fn metric(total: &Total) -> String {
    // The text of OpenMetrics has the names that a reader of any language knows, without backticks.
    let help = translated(Language::Plain, total.sentence);
    assert!(!help.contains(['"', '\\', '\n']), "it would have to be escaped: {help}");
    format!(
        "            Metric {{ family: {:?}, gauge: {}, unit: {:?}, help: {help:?}, value: self.{} }},\n",
        total.family(),
        total.metric == crate::model::Metric::Gauge,
        total.unit,
        total.name
    )
}

fn numbers(totals: &[Total]) -> String {
    totals
        .iter()
        .map(|total| format!("{}    pub {}: u64,\n", doc("    ", total.sentence), total.name))
        .collect()
}
