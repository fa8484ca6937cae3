//! The C library's enums, opaque options, totals and report.

use std::fmt::Write;

use super::file::{File, file, rust_head};
use crate::choices::{CHOICES, FEATURE, FEATURES};
use crate::kinds::KINDS;
use crate::model::{Kind, Opt, Options, Value};
use crate::options::{SERVER, TCP_CLIENT, UDP_CLIENT};
use crate::prose::{Language, comment, paragraphs, pascal, shouted, translated};
use crate::totals::{FEATURES as FEATURES_TOTAL, REPORT, REPORT_SENTENCE, STATS, TOTALS};

pub(super) fn files() -> Vec<File> {
    vec![
        file("bindings-c/src/choices.rs", choices()),
        file("bindings-c/src/status.rs", status()),
        file("bindings-c/src/server_options.rs", server_options()),
        file("bindings-c/src/client_options.rs", client_options()),
        file("bindings-c/src/stats.rs", stats()),
    ]
}

fn doc(indent: &str, text: &str) -> String {
    comment(&format!("{indent}/// "), 100, &[translated(Language::C, text)])
}

fn enumeration(name: &str, sentence: &str, prefix: &str, values: &[Value]) -> String {
    let mut text = format!(
        "\n{}#[derive(Debug, Clone, Copy)]\n#[repr(i32)]\npub enum capsock_{name} {{\n",
        doc("", sentence)
    );
    for value in values {
        let _ = writeln!(
            text,
            "{}    CAPSOCK_{prefix}{} = {},",
            doc("    ", value.sentence),
            shouted(value.name),
            value.number
        );
    }
    text += "}\n";
    text
}

fn choices() -> String {
    let mut text = rust_head(
        "The choices that C makes by number. The functions take any number, and the core checks it.",
    );
    for choice in CHOICES {
        let prefix = shouted(choice.name) + "_";
        text += &enumeration(choice.name, choice.sentence, &prefix, choice.values);
    }
    let about = format!("{FEATURE} They are bits of the number that `capsock_stats_features` returns.");
    text += &enumeration("feature", &about, "FEATURE_", FEATURES);
    text
}

fn status() -> String {
    let mut text = rust_head("The status codes: the core's kinds of error by their stable numbers.");
    text += "use capsock::ErrorKind;\n\n";
    text += &doc(
        "",
        "What a call returned. No number changes its meaning or is used again; a later version may add some.",
    );
    text += "#[derive(Debug, Clone, Copy, PartialEq, Eq)]\n#[repr(i32)]\npub enum capsock_status {\n";
    text += "    /// The call succeeded.\n    CAPSOCK_OK = 0,\n";
    for kind in KINDS {
        let Value { name, number, sentence } = &kind.value;
        let _ = writeln!(text, "{}    CAPSOCK_{} = {number},", doc("    ", sentence), shouted(name));
    }
    text +=
        "}\n\nimpl From<ErrorKind> for capsock_status {\n    fn from(kind: ErrorKind) -> capsock_status {\n";
    text += "        use capsock_status::*;\n        match kind {\n";
    for kind in KINDS.iter().filter(|kind| kind.value.name != "other") {
        let name = kind.value.name;
        let _ = writeln!(text, "            ErrorKind::{} => CAPSOCK_{},", pascal(name), shouted(name));
    }
    text += "            _ => CAPSOCK_OTHER,\n        }\n    }\n}\n";
    text
}

/// The parameter that sets the option.
fn parameter(option: &Opt) -> (String, &'static str) {
    let Opt { name, .. } = option;
    match option.kind {
        Kind::Host | Kind::Text => (name.to_string(), "*const c_char"),
        Kind::Port | Kind::Choice(_) => (name.to_string(), "i32"),
        Kind::Number | Kind::Mode => (name.to_string(), "u32"),
        Kind::Size => (name.to_string(), "usize"),
        Kind::Limit | Kind::Pause => (format!("{name}_ms"), "i64"),
        Kind::Micros => (format!("{name}_us"), "i64"),
        Kind::Flag | Kind::Interruptible => (name.to_string(), "bool"),
        Kind::Bytes => (name.to_string(), "*const c_void"),
    }
}

fn setter(owner: &str, option: &Opt) -> String {
    let (parameter, kind) = parameter(option);
    let (field, error) = (option.name, option.error);
    let (field, value) = match option.kind {
        Kind::Host => ("host".to_owned(), format!("unsafe {{ text({parameter}, \"host\") }}?.to_owned()")),
        Kind::Text => {
            (format!("core.{field}"), format!("unsafe {{ text({parameter}, {parameter:?}) }}?.to_owned()"))
        }
        Kind::Port => ("port".to_owned(), format!("from_number({parameter}.into())?")),
        Kind::Choice(choice) => {
            (format!("core.{field}"), format!("{}::from_number({parameter})?", pascal(choice)))
        }
        Kind::Number | Kind::Mode | Kind::Size | Kind::Flag => (format!("core.{field}"), parameter.clone()),
        Kind::Bytes => (
            format!("core.{field}"),
            format!("unsafe {{ bytes({parameter}, length, {parameter:?}) }}?.to_vec()"),
        ),
        Kind::Limit => (format!("core.{field}"), format!("from_millis({error:?}, {parameter})?")),
        Kind::Pause => (format!("core.{field}"), format!("longest_from_millis({error:?}, {parameter})?")),
        Kind::Micros => (format!("core.{field}"), format!("from_micros({error:?}, {parameter})?")),
        Kind::Interruptible => {
            ("core.on_interrupt".to_owned(), format!("(SIGNALS_INTERRUPT && {parameter}).then_some(|| true)"))
        }
    };
    let field = if owner == "server" { field.replace("core.", "core.settings.") } else { field };
    let (unsafety, safety) = match option.kind {
        Kind::Host | Kind::Text => {
            ("unsafe ", "        // SAFETY: text or NULL, by the contract of the header.\n")
        }
        Kind::Bytes => {
            ("unsafe ", "        // SAFETY: `length` bytes or NULL, by the contract of the header.\n")
        }
        _ => ("", ""),
    };
    let mut documented = paragraphs(Language::C, option);
    if let Kind::Choice(choice) = option.kind {
        documented[0] += &format!(" `{parameter}` is a `capsock_{choice}`.");
    }
    let more = if option.kind == Kind::Bytes {
        documented[0] += &format!(" `{parameter}` has `length` bytes, which are copied.");
        "    length: usize,\n"
    } else {
        ""
    };
    format!(
        "\n{}#[unsafe(no_mangle)]\npub {unsafety}extern \"C\" fn capsock_{owner}_options_set_{}(\n    options: \
         Option<&mut capsock_{owner}_options>,\n    {parameter}: {kind},\n{more}) -> capsock_status {{\n    guard(|| {{\n        \
         let options = given(options, \"options\")?;\n{safety}        options.{field} = {value};\n        Ok(())\n    }})\n}}\n",
        comment("/// ", 100, &documented),
        option.name,
    )
}

/// The functions that make and free an object.
fn new(owner: &str) -> String {
    let kind = format!("capsock_{owner}_options");
    format!(
        "\n/// Makes options with all defaults, which are freed with `{kind}_free`. Never NULL.\n\
         #[unsafe(no_mangle)]\npub extern \"C\" fn {kind}_new() -> Option<Box<{kind}>> {{\n    \
         guard_or(None, || Ok(Some(Box::default())))\n}}\n"
    )
}

fn free(kind: &str, argument: &str, what: &str) -> String {
    format!(
        "\n/// Frees {what}. NULL has no effect.\n#[unsafe(no_mangle)]\npub extern \"C\" fn {kind}_free({argument}: \
         Option<Box<{kind}>>) {{\n    guard_or((), || {{\n        drop({argument});\n        Ok(())\n    }});\n}}\n"
    )
}

fn server_options() -> String {
    let mut text = rust_head("The options of a server.");
    text += "use std::ffi::{c_char, c_void};\n\nuse capsock::net::port::from_number;\nuse capsock::net::timeout::{from_micros, from_millis};\n";
    text += "use capsock::{Concurrency, DEFAULT_HOST, DEFAULT_PORT, Endian, Framing, Result, ServerOptions, Transport};\n\n";
    text += "use crate::guard::{guard, guard_or};\nuse crate::pointer::{bytes, given, text};\nuse crate::status::capsock_status;\n\n";
    text += &doc("", "The port that servers listen on unless another is set: the textbook's.");
    text += "pub const CAPSOCK_DEFAULT_PORT: i32 = 12000;\n\nconst _: () = assert!(CAPSOCK_DEFAULT_PORT == DEFAULT_PORT as i32);\n\n";
    text += &doc(
        "",
        "The options of a server. Each setter validates its value; on error the option is unchanged. \
         `capsock_server_start` validates the combination. The options may be changed, used again and freed while servers that were started with them run.",
    );
    text += "pub struct capsock_server_options {\n    pub(crate) core: ServerOptions,\n    host: String,\n    port: u16,\n}\n\n";
    text += "impl Default for capsock_server_options {\n    fn default() -> capsock_server_options {\n        \
             let (host, port) = (DEFAULT_HOST, DEFAULT_PORT);\n        \
             // Transport and address are set at the start.\n        \
             let core = ServerOptions::new(Transport::Tcp, (host, port));\n        \
             capsock_server_options { core, host: host.to_owned(), port }\n    }\n}\n\n";
    text += "impl capsock_server_options {\n    /// The core's, for that transport.\n    \
             pub(crate) fn to_core(&self, transport: i32) -> Result<ServerOptions> {\n        \
             let on = (self.host.as_str(), self.port);\n        \
             Ok(self.core.clone().on(Transport::from_number(transport)?, on))\n    }\n}\n";
    text += &new("server");
    for option in SERVER.options {
        text += &setter("server", option);
    }
    text += &free("capsock_server_options", "options", "options");
    text
}

fn client_options() -> String {
    let mut text = rust_head("The options of the clients.");
    text += "use std::ffi::c_void;\n\nuse capsock::net::timeout::from_millis;\nuse capsock::{Endian, Framing, TcpClientOptions, UdpClientOptions};\n\n";
    text += "use crate::guard::{guard, guard_or};\nuse crate::pointer::{bytes, given};\nuse crate::status::capsock_status;\nuse crate::system::SIGNALS_INTERRUPT;\nuse crate::time::longest_from_millis;\n";
    for (options, about) in
        [(&TCP_CLIENT, "The options of a TCP client."), (&UDP_CLIENT, "The options of a UDP client.")]
    {
        let Options { owner, options } = options;
        let _ = write!(
            text,
            "\n{}#[derive(Default)]\npub struct capsock_{owner}_options {{\n    pub(crate) core: {}Options,\n}}\n",
            doc(
                "",
                &format!(
                    "{about} They may be changed, used again and freed while clients that were made with them are in use."
                )
            ),
            pascal(owner)
        );
        text += &new(owner);
        for option in options.iter().filter(|option| option.in_settings()) {
            text += &setter(owner, option);
        }
        text += &free(&format!("capsock_{owner}_options"), "options", "options");
    }
    text
}

fn stats() -> String {
    let mut text = rust_head("A server's totals, and the report of its stop.");
    text += "use capsock::{Stats, StopReport};\n\nuse crate::guard::guard_or;\nuse crate::pointer::given;\n";
    let (stats, report) =
        (("stats", "Stats", STATS, TOTALS), ("stop_report", "StopReport", REPORT_SENTENCE, REPORT));
    for (name, core, about, totals) in [stats, report] {
        let more = (name == "stats").then_some(&FEATURES_TOTAL);
        let kind = format!("capsock_{name}");
        let argument = if name == "stats" { "stats" } else { "report" };
        let about = format!("{about} It is freed with `{kind}_free`. Its functions return 0 for NULL.");
        let _ = write!(text, "\n{}pub struct {kind}(pub(crate) {core});\n", doc("", &about));
        for total in totals.iter().chain(more) {
            let mut sentence = total.sentence.to_owned();
            if total.name == "features" {
                sentence += " The number is the sum of `capsock_feature` values.";
            }
            let _ = write!(
                text,
                "\n{}#[unsafe(no_mangle)]\npub extern \"C\" fn {kind}_{}({argument}: Option<&{kind}>) -> u64 {{\n    \
                 guard_or(0, || Ok(given({argument}, \"{argument}\")?.0.{}))\n}}\n",
                doc("", &sentence),
                total.name,
                total.name
            );
        }
        text += &free(&kind, argument, if name == "stats" { "totals" } else { "a report" });
    }
    text
}
