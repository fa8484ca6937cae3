//! The Python package's constructors, documentation, totals and stub.

use std::fmt::Write;

use super::file::{File, file, rust_head};
use super::stub_docs::Docs;
use crate::choices::{FEATURE, FEATURES};
use crate::model::{Kind, Opt, Options, Total};
use crate::options::{SERVER, TCP_CLIENT, UDP_CLIENT};
use crate::prose::{self, Language, choice, comment, filled, paragraphs, pascal, shouted, translated};
use crate::totals::{FEATURES as FEATURES_TOTAL, REPORT, REPORT_SENTENCE, STATS, TOTALS};

pub(super) fn files() -> Vec<File> {
    vec![
        file("bindings-python/src/options.rs", constructors()),
        file("bindings-python/src/stats.rs", stats()),
        file("bindings-python/python/capsock/_feature.py", feature()),
        file("bindings-python/python/capsock/_native.pyi", stub()),
    ]
    .into_iter()
    .chain(CLASSES.map(|one| file(one.path, class(&one))))
    .collect()
}

/// A class with options.
struct Class {
    name: &'static str,
    /// The file of its documentation, and the template of that.
    path: &'static str,
    template: &'static str,
    options: &'static Options,
}

const CLASSES: [Class; 3] = [
    Class {
        name: "Server",
        path: "bindings-python/src/doc/Server.txt",
        template: include_str!("../../templates/Server.txt"),
        options: &SERVER,
    },
    Class {
        name: "TcpClient",
        path: "bindings-python/src/doc/TcpClient.txt",
        template: include_str!("../../templates/TcpClient.txt"),
        options: &TCP_CLIENT,
    },
    Class {
        name: "UdpClient",
        path: "bindings-python/src/doc/UdpClient.txt",
        template: include_str!("../../templates/UdpClient.txt"),
        options: &UDP_CLIENT,
    },
];

/// The classes of totals: name, documentation, totals, and one of another type.
fn totals() -> [(&'static str, &'static str, &'static [Total], Option<&'static Total>); 2] {
    [("Stats", STATS, TOTALS, Some(&FEATURES_TOTAL)), ("StopReport", REPORT_SENTENCE, REPORT, None)]
}

const GENERATED: &str =
    "# Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.\n";

fn in_python(options: &Options) -> impl Iterator<Item = &'static Opt> {
    options.options.iter().filter(|option| option.in_every_language())
}

/// The class's documentation: the template with a paragraph for each option.
fn class(class: &Class) -> String {
    let mut arguments = String::new();
    for option in in_python(class.options) {
        let mut described = paragraphs(Language::Python, option);
        // A range has the values of the choice that the option takes.
        if let Kind::Choice(name) = option.kind
            && option.range.is_empty()
        {
            let values = choice(name).values.iter();
            let values: Vec<_> = values
                .map(|value| format!("\"{}\": {}", value.name, translated(Language::Python, value.sentence)))
                .map(|value| value.replace(" The default.", ""))
                .collect();
            described.push(values.join(" "));
        }
        let text = format!("{}: {}", option.name, described.join(" "));
        for (index, line) in filled(&text, 88).iter().enumerate() {
            let indent = if index == 0 { "    " } else { "        " };
            let _ = writeln!(arguments, "{indent}{line}");
        }
    }
    class.template.replace("{{options}}\n", &arguments).trim_end().to_owned() + "\n"
}

fn kind(option: &Opt) -> String {
    match option.kind {
        Kind::Host => "Host".to_owned(),
        Kind::Port => "Port".to_owned(),
        Kind::Choice(name) => format!("OrDefault<Named<{}>>", pascal(name)),
        Kind::Number | Kind::Mode => "OrDefault<Count<u32>>".to_owned(),
        Kind::Flag => "OrDefault<bool>".to_owned(),
        Kind::Bytes => "OrDefault<Bytes>".to_owned(),
        Kind::Text => "OrDefault<String>".to_owned(),
        Kind::Size => "OrDefault<Count<usize>>".to_owned(),
        Kind::Limit | Kind::Pause => "OrDefault<Seconds>".to_owned(),
        Kind::Micros => "OrDefault<f64>".to_owned(),
        Kind::Interruptible => unreachable!("Python decides it for itself"),
    }
}

fn default(option: &Opt) -> String {
    let default = match option.kind {
        Kind::Host => "Host::default_of_server()",
        Kind::Port => "Port(capsock::DEFAULT_PORT)",
        _ => "OrDefault::Default",
    };
    format!("{} = {default}", option.name)
}

/// The statement that takes the argument over.
fn set(option: &Opt, target: &str) -> String {
    let Opt { name, error, .. } = option;
    let field = format!("{target}.{name}");
    match option.kind {
        Kind::Host | Kind::Port => String::new(),
        Kind::Choice(_) => format!("        {field} = {name}.unwrap_or(Named({field})).0;\n"),
        Kind::Number | Kind::Mode | Kind::Size => {
            format!("        {field} = {name}.unwrap_or(Count({field})).0;\n")
        }
        Kind::Flag => format!("        {field} = {name}.unwrap_or({field});\n"),
        Kind::Bytes => format!(
            "        if let OrDefault::Value(Bytes({name})) = {name} {{\n            {field} = {name}.to_vec();\n        }}\n"
        ),
        Kind::Text => format!(
            "        if let OrDefault::Value({name}) = {name} {{\n            {field} = {name};\n        }}\n"
        ),
        Kind::Limit => format!("        {field} = {name}.limit_or({error:?}, {field})?;\n"),
        Kind::Pause => format!(
            "        {field} = {name}.limit_or({error:?}, Some({field}))?.unwrap_or(Duration::MAX);\n"
        ),
        Kind::Micros => format!("        {field} = {name}.time_or({error:?}, {field})?;\n"),
        Kind::Interruptible => unreachable!("Python decides it for itself"),
    }
}

fn constructors() -> String {
    let mut text = rust_head("The constructors, whose arguments are the options.");
    text += "use std::time::Duration;\n\nuse capsock::{Concurrency, Endian, Framing, ServerOptions, TcpClientOptions, Transport, UdpClientOptions};\n";
    text += "use pyo3::prelude::*;\n\nuse crate::address::Host;\nuse crate::arguments::{Bytes, Count, OrDefault, Named, Port, Seconds};\nuse crate::blocking::interrupted;\n";
    text += "use crate::errors::Result;\nuse crate::server::Server;\nuse crate::tcp_client::TcpClient;\nuse crate::udp_client::UdpClient;\n";
    let arguments = |options| -> String {
        in_python(options).map(|option| format!("        {}: {},\n", option.name, kind(option))).collect()
    };
    let defaults = |options| in_python(options).map(default).collect::<Vec<_>>();
    let shown = |options| in_python(options).map(shown_default).collect::<Vec<_>>();
    let expected =
        "#[expect(clippy::too_many_arguments, reason = \"keyword arguments are Python's options\")]\n";
    let _ = write!(
        text,
        "\n#[pymethods]\nimpl Server {{\n    #[new]\n    #[pyo3(signature = (\n{}    ), text_signature = \"{}\")]\n    {expected}    fn new(\n        \
         py: Python<'_>,\n        transport: Named<Transport>,\n{}        sockets: Option<Bound<'_, PyAny>>,\n        handler: Option<Py<PyAny>>,\n        text: bool,\n        r#loop: Option<Py<PyAny>>,\n    ) \
         -> Result<Server> {{\n        let mut options = ServerOptions::new(transport.0, host.with_port(port.0));\n{}        \
         Server::start(py, options, sockets, handler, text, r#loop)\n    }}\n}}\n",
        signature(
            "transport, *",
            &defaults(&SERVER),
            ", sockets = None, handler = None, text = false, r#loop = None,"
        ),
        text_signature(
            "transport, *",
            &shown(&SERVER),
            ", sockets=None, handler=None, text=False, loop=None"
        ),
        arguments(&SERVER),
        in_python(&SERVER).map(|option| set(option, "options.settings")).collect::<String>()
    );
    for (name, options) in [("TcpClient", &TCP_CLIENT), ("UdpClient", &UDP_CLIENT)] {
        let many = if in_python(options).count() > 3 { format!("    {expected}") } else { String::new() };
        let _ = write!(
            text,
            "\n#[pymethods]\nimpl {name} {{\n    #[new]\n    #[pyo3(signature = (\n{}    ), text_signature = \"{}\")]\n{many}    fn new(\n        \
             py: Python<'_>,\n        host: Host,\n        port: Port,\n{}    ) -> Result<{name}> {{\n        \
             let mut options = {name}Options {{ on_interrupt: Some(interrupted), ..Default::default() }};\n{}        \
             {name}::connect(py, host.with_port(port.0), options)\n    }}\n}}\n",
            signature("host, port = Port(capsock::DEFAULT_PORT), *", &defaults(options), ","),
            text_signature("host, port=12000, *", &shown(options), ""),
            arguments(options),
            in_python(options).map(|option| set(option, "options")).collect::<String>()
        );
    }
    text
}

/// The signature's lines, as rustfmt leaves what is in an attribute.
fn signature(first: &str, options: &[String], last: &str) -> String {
    let words = format!("{first}, {}{last}", options.join(", ")).replace(" = ", "\u{a0}=\u{a0}");
    filled(&words, 100).iter().map(|line| format!("        {}\n", line.replace('\u{a0}', " "))).collect()
}

/// An argument with the value of its default, which `help()` and an editor show.
fn shown_default(option: &Opt) -> String {
    format!("{}={}", option.name, literal(option).replace('"', "'").replace('\\', r"\\"))
}

/// The default as an expression.
fn literal(option: &Opt) -> String {
    if option.kind == Kind::Bytes {
        r#"b"\r\n""#.to_owned()
    } else {
        prose::default(Language::Python, option)
    }
}

/// A string literal of Rust, in lines.
fn text_signature(first: &str, options: &[String], last: &str) -> String {
    filled(&format!("({first}, {}{last})", options.join(", ")), 90).join(" \\\n        ")
}

fn stats() -> String {
    let mut text = rust_head("What a server has done, as Python reads it.");
    text += "use pyo3::prelude::*;\n\nuse crate::reports::{Feature, report};\n";
    for (name, about, totals, more) in totals() {
        let doc = |indent: &str, text: &str| {
            comment(&format!("{indent}/// "), 100, &[translated(Language::Python, text)])
        };
        let _ = write!(text, "\nreport! {{\n{}    {name} {{\n", doc("    ", about));
        for total in totals.iter().chain(more) {
            let kind = if total.name == "features" { "Feature" } else { "u64" };
            let _ = writeln!(text, "{}        {}: {kind},", doc("        ", total.sentence), total.name);
        }
        text += "    }\n}\n";
    }
    text
}

fn feature() -> String {
    let mut text = format!(
        "\"\"\"What a server uses of the system: the type of `Stats.features`.\"\"\"\n\n{GENERATED}\n"
    );
    text += "from __future__ import annotations\n\nimport enum\n\n\nclass Feature(enum.IntFlag):\n    \"\"\"What a server uses of the system; several are joined with |.\n\n";
    for line in filled(&translated(Language::Python, FEATURE), 106) {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
    for feature in FEATURES {
        let described =
            format!("{}: {}", shouted(feature.name), translated(Language::Python, feature.sentence));
        for (index, line) in filled(&described, 102).iter().enumerate() {
            let _ = writeln!(text, "    {}{line}", if index == 0 { "" } else { "    " });
        }
    }
    text += "    \"\"\"\n\n    __module__ = \"capsock\"\n\n";
    for feature in FEATURES {
        let _ = writeln!(text, "    {} = {}", shouted(feature.name), feature.number);
    }
    text
}

fn hint(option: &Opt) -> String {
    let kind = match option.kind {
        Kind::Host => "_Host".to_owned(),
        Kind::Choice(name) => format!("_{}", pascal(name)),
        Kind::Port | Kind::Number | Kind::Mode | Kind::Size => "SupportsIndex".to_owned(),
        Kind::Limit | Kind::Pause => "float | None".to_owned(),
        Kind::Micros => "float".to_owned(),
        Kind::Flag => "bool".to_owned(),
        Kind::Bytes => "Buffer".to_owned(),
        Kind::Text => "str".to_owned(),
        Kind::Interruptible => unreachable!("Python decides it for itself"),
    };
    format!("        {}: {kind} = {},\n", option.name, literal(option))
}

fn stub() -> String {
    let hints = |options| in_python(options).map(hint).collect::<String>();
    let properties = |totals: &[Total]| -> String {
        totals
            .iter()
            .map(|total| format!("    @property\n    def {}(self) -> int: ...\n", total.name))
            .collect()
    };
    let mut text = GENERATED.to_owned() + include_str!("../../templates/_native.pyi");
    for name in ["concurrency", "endian", "framing", "transport"] {
        let values: Vec<_> = choice(name).values.iter().map(|value| format!("\"{}\"", value.name)).collect();
        text = text.replace(&format!("{{{{{name}}}}}"), &values.join(", "));
    }
    let replaced = [
        ("server_options", hints(&SERVER)),
        ("tcp_client_options", hints(&TCP_CLIENT)),
        ("udp_client_options", hints(&UDP_CLIENT)),
        ("totals", properties(TOTALS)),
        ("report", properties(REPORT)),
    ];
    for (name, content) in replaced {
        text = text.replace(&format!("{{{{{name}}}}}\n"), &content);
    }
    assert!(!text.contains("{{"), "a part of the template has no content");
    let mut docs = Docs::of_source();
    for one in CLASSES {
        docs.add(one.name, &class(&one));
    }
    for (name, about, totals, more) in totals() {
        docs.add(name, &translated(Language::Python, about));
        for total in totals.iter().chain(more) {
            let lines = filled(&translated(Language::Python, total.sentence), 98);
            docs.add(&format!("{name}.{}", total.name), &lines.join("\n"));
        }
    }
    docs.put_into(&text)
}
