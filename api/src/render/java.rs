//! The Java package's options, enums, records and exceptions, and what reads them natively.

use std::fmt::Write;

use super::file::{File, file, rust_head};
use crate::choices::{FEATURE, FEATURES};
use crate::kinds::KINDS;
use crate::model::{Choice, Kind, Opt, Options, Total, Value};
use crate::options::{SERVER, TCP_CLIENT, UDP_CLIENT};
use crate::prose::{Language, camel, filled, paragraphs, pascal, shouted, translated};
use crate::totals::{FEATURES as FEATURES_TOTAL, REPORT, REPORT_SENTENCE, STATS, TOTALS};

const GENERATED: &str =
    "// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.\n";

macro_rules! java {
    ($name:literal) => {
        concat!("bindings-java/src/main/java/io/capsock/", $name, ".java")
    };
}

pub(super) fn files() -> Vec<File> {
    let choice = |name| crate::prose::choice(name);
    vec![
        file(java!("ServerOptions"), options(include_str!("../../templates/ServerOptions.java"), &SERVER)),
        file(
            java!("TcpClientOptions"),
            options(include_str!("../../templates/TcpClientOptions.java"), &TCP_CLIENT),
        ),
        file(
            java!("UdpClientOptions"),
            options(include_str!("../../templates/UdpClientOptions.java"), &UDP_CLIENT),
        ),
        file(java!("Concurrency"), enumeration(choice("concurrency"))),
        file(java!("Framing"), enumeration(choice("framing"))),
        file(java!("Endian"), enumeration(choice("endian"))),
        file(java!("Transport"), enumeration(choice("transport"))),
        file(
            java!("Feature"),
            include_str!("../../templates/Feature.java")
                .replace("{{about}}\n", &javadoc("", &[text(FEATURE)], &[]))
                .replace("{{values}}\n", &values(FEATURES))
                .replace("{{generated}}\n", GENERATED),
        ),
        file(java!("Errors"), errors()),
        file(java!("Stats"), record("Stats", STATS, TOTALS, Some(&FEATURES_TOTAL))),
        file(java!("StopReport"), record("StopReport", REPORT_SENTENCE, REPORT, None)),
        file("bindings-java/src/option_fields.rs", native()),
    ]
}

fn text(prose: &str) -> String {
    translated(Language::Java, prose)
}

fn in_java(options: &Options) -> impl Iterator<Item = &'static Opt> {
    options.options.iter().filter(|option| option.in_every_language())
}

/// A Javadoc comment as google-java-format leaves it.
fn javadoc(indent: &str, paragraphs: &[String], tags: &[(String, String)]) -> String {
    let width = 100 - indent.len();
    if let ([one], []) = (paragraphs, tags)
        && one.chars().count() + "/**  */".len() <= width
    {
        return format!("{indent}/** {one} */\n");
    }
    let mut comment = format!("{indent}/**\n");
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let paragraph = if index == 0 { paragraph.clone() } else { format!("<p>{paragraph}") };
        if index > 0 {
            let _ = writeln!(comment, "{indent} *");
        }
        for line in filled(&paragraph, width - " * ".len()) {
            let _ = writeln!(comment, "{indent} * {line}");
        }
    }
    if !tags.is_empty() {
        let _ = writeln!(comment, "{indent} *");
    }
    for (tag, text) in tags {
        // A continued line is indented, which the first one is not.
        let mut lines = filled(&format!("{tag} {text}"), width - " * ".len());
        if lines.len() > 1 {
            let rest = lines.split_off(1).join(" ");
            lines
                .extend(filled(&rest, width - " *     ".len()).into_iter().map(|line| format!("    {line}")));
        }
        for line in lines {
            let _ = writeln!(comment, "{indent} * {line}");
        }
    }
    let _ = writeln!(comment, "{indent} */");
    comment
}

/// A sentence as a Javadoc tag has it.
fn phrase(sentence: &str) -> String {
    let sentence = text(sentence);
    let sentence = sentence.trim_end_matches('.');
    let acronym = sentence.chars().nth(1).is_some_and(char::is_uppercase);
    if acronym { sentence.to_owned() } else { sentence[..1].to_lowercase() + &sentence[1..] }
}

fn kind(option: &Opt) -> String {
    match option.kind {
        Kind::Host | Kind::Text => "String".to_owned(),
        Kind::Port | Kind::Number | Kind::Mode | Kind::Size => "int".to_owned(),
        Kind::Choice(name) => pascal(name),
        Kind::Flag => "boolean".to_owned(),
        Kind::Bytes => "byte[]".to_owned(),
        Kind::Limit | Kind::Pause | Kind::Micros => "Duration".to_owned(),
        Kind::Interruptible => unreachable!("Java has no such option"),
    }
}

fn field(option: &Opt) -> String {
    let name = camel(option.name);
    match option.kind {
        Kind::Host | Kind::Text | Kind::Bytes => format!("  private byte[] {name};\n"),
        Kind::Limit | Kind::Pause | Kind::Micros => {
            format!("  private double {name} = Native.UNSET_SECONDS;\n")
        }
        _ => format!("  private long {name} = Native.UNSET;\n"),
    }
}

fn setter(class: &str, option: &Opt) -> String {
    let name = camel(option.name);
    let what = match option.kind {
        Kind::Host => "a name, an IP address, or \"\"".to_owned(),
        Kind::Text => "the text, never null".to_owned(),
        Kind::Port => "0 to 65535".to_owned(),
        Kind::Choice(_) => "one of them, never null".to_owned(),
        Kind::Flag => "whether it is so".to_owned(),
        Kind::Bytes => "the bytes, never null; they are copied".to_owned(),
        Kind::Mode => "the permissions, such as 0660".to_owned(),
        Kind::Number | Kind::Size => option.unit.to_owned(),
        Kind::Limit => "how long; null for no limit".to_owned(),
        Kind::Pause | Kind::Micros => "how long, never null".to_owned(),
        Kind::Interruptible => unreachable!("Java has no such option"),
    };
    let checked = format!("Objects.requireNonNull({name}, \"{name}\")");
    let value = match option.kind {
        Kind::Host | Kind::Text => format!("Text.encode({checked})"),
        Kind::Choice(_) => format!("{name}.number"),
        Kind::Flag => format!("{name} ? 1 : 0"),
        Kind::Bytes => format!("{checked}.clone()"),
        Kind::Limit => format!("Timeouts.seconds({name})"),
        Kind::Pause | Kind::Micros => format!("Timeouts.seconds({checked})"),
        _ => name.clone(),
    };
    let tags = [
        (format!("@param {name}"), what),
        ("@return".to_owned(), "this".to_owned()),
        ("@since".to_owned(), option.since.to_owned()),
    ];
    let statement = format!("    this.{name} = {value};\n");
    let statement = if statement.trim_end().len() <= 100 {
        statement
    } else {
        format!("    this.{name} =\n        {value};\n")
    };
    format!(
        "{}  public {class} {name}({} {name}) {{\n{statement}    return this;\n  }}\n",
        javadoc("  ", &paragraphs(Language::Java, option), &tags),
        kind(option)
    )
}

fn options(template: &str, options: &Options) -> String {
    let class = pascal(options.owner) + "Options";
    let fields: String = in_java(options).map(field).collect();
    let setters: Vec<_> = in_java(options).map(|option| setter(&class, option)).collect();
    template
        .replace("{{generated}}\n", GENERATED)
        .replace("{{fields}}\n", &fields)
        .replace("{{setters}}\n", &setters.join("\n"))
}

fn values(values: &[Value]) -> String {
    let constants: Vec<_> = values
        .iter()
        .map(|value| {
            format!(
                "{}  {}({})",
                javadoc("  ", &[text(value.sentence)], &[]),
                shouted(value.name),
                value.number
            )
        })
        .collect();
    constants.join(",\n") + ";\n"
}

fn enumeration(choice: &Choice) -> String {
    let name = pascal(choice.name);
    format!(
        "{GENERATED}package io.capsock;\n\n{}public enum {name} {{\n{}\n  final long number;\n\n  {name}(long number) \
         {{\n    this.number = number;\n  }}\n}}\n",
        javadoc("", &[text(choice.sentence)], &[]),
        values(choice.values)
    )
}

fn errors() -> String {
    let mut cases = String::new();
    for kind in KINDS {
        let exception = match kind.java {
            "CharacterCodingException" => "InvalidTextException",
            other => other,
        };
        let _ = write!(
            cases,
            "      // {}\n      case {} -> new {exception}(message);\n",
            kind.value.name, kind.value.number
        );
    }
    include_str!("../../templates/Errors.java")
        .replace("{{generated}}\n", GENERATED)
        .replace("{{cases}}\n", &cases)
}

/// A record, and its making from the numbers that the native side gives.
fn record(name: &str, about: &str, totals: &[Total], features: Option<&Total>) -> String {
    let mut text = format!("{GENERATED}package io.capsock;\n\n");
    if features.is_some() {
        text += "import java.util.Set;\n\n";
    }
    let tags: Vec<_> = totals
        .iter()
        .chain(features)
        .map(|total| {
            let set = if total.name == "features" { ", an unmodifiable set" } else { "" };
            (format!("@param {}", camel(total.name)), phrase(total.sentence) + set)
        })
        .collect();
    let note = "A later version may have further components: read those that there are, and neither construct nor \
                deconstruct one.";
    text += &javadoc("", &[format!("{about} {note}")], &tags);
    let mut components: Vec<_> = totals.iter().map(|total| format!("long {}", camel(total.name))).collect();
    components.extend(features.map(|total| format!("Set<Feature> {}", camel(total.name))));
    let one_line = format!("public record {name}({}) {{", components.join(", "));
    if one_line.len() <= 100 {
        let _ = writeln!(text, "{one_line}");
    } else {
        let _ = writeln!(text, "public record {name}(\n    {}) {{", components.join(",\n    "));
    }
    let mut numbers: Vec<_> = (0..totals.len()).map(|index| format!("n[{index}]")).collect();
    numbers.extend(features.map(|_| format!("Feature.set(n[{}])", totals.len())));
    let count = numbers.len();
    let _ = write!(
        text,
        "  /** The native core's numbers, in the order of the components. */\n  static {name} of(long[] n) {{\n    \
         if (n.length != {count}) {{\n      throw new AssertionError(\"{count} numbers, not \" + n.length);\n    }}\n"
    );
    let one_line = format!("    return new {name}({});", numbers.join(", "));
    if one_line.len() <= 100 {
        let _ = writeln!(text, "{one_line}");
    } else {
        let _ = writeln!(text, "    return new {name}(");
        let lines = filled(&(numbers.join(", ") + ");"), 92);
        if lines.len() > 1 {
            // google-java-format puts each argument on a line of its own once they do not fit one.
            let all: String = numbers.join(",\n        ");
            let _ = writeln!(text, "        {all});");
        } else {
            let _ = writeln!(text, "        {}", lines[0]);
        }
    }
    text += "  }\n}\n";
    text
}

/// What reads the fields of the options.
fn native() -> String {
    let mut text =
        rust_head("The options as Java holds them, read field by field; and the totals as Java takes them.");
    text += "use std::time::Duration;\n\nuse capsock::{Concurrency, Endian, Framing, Transport};\nuse jni::sys::jint;\nuse jni::{Env, bind_java_type};\n\n";
    text += "use crate::bytes;\nuse crate::failure::Failure;\nuse crate::fields::fields;\nuse crate::options::{number, port, seconds};\n";
    for options in [&SERVER, &TCP_CLIENT, &UDP_CLIENT] {
        let class = pascal(options.owner) + "Options";
        let handler = options.owner == "server";
        // The macro's own fields would keep a reference to the class, and so its loader.
        let _ = write!(text, "\nbind_java_type! {{ pub(crate) {class} => io.capsock.{class} }}\n");
        let _ = write!(text, "\nfields! {{\n    {class}, \"io/capsock/{class}\",\n");
        for option in in_java(options) {
            let kind = match option.kind {
                Kind::Host | Kind::Text | Kind::Bytes => "bytes",
                Kind::Limit | Kind::Pause | Kind::Micros => "double",
                _ => "long",
            };
            let _ = writeln!(text, "    {}: {kind} = \"{}\",", option.name, camel(option.name));
        }
        if handler {
            text += "    handler: handler = \"handler\",\n    context_handler: context_handler = \"contextHandler\",\n    async_handler: async_handler = \"asyncHandler\",\n    sockets: longs = \"sockets\",\n    predecessor: long = \"predecessorHandle\",\n    systemd: long = \"systemd\",\n    systemd_name: bytes = \"systemdName\",\n";
        }
        text += "}\n";
    }
    text += "\n/// The options of a server but for its handler.\npub(crate) fn server_options(\n    env: &mut Env<'_>,\n    transport: jint,\n    given: &ServerOptions<'_>,\n) -> Result<capsock::ServerOptions, Failure> {\n";
    text += "    let host = given.host(env)?;\n    let host = if host.is_null() {\n        capsock::DEFAULT_HOST.to_owned()\n    } else {\n        bytes::text_from_java(env, \"the host\", &host)?\n    };\n";
    text += "    let port = port(given.port(env)?)?.unwrap_or(capsock::DEFAULT_PORT);\n    let mut options = capsock::ServerOptions::new(Transport::from_number(transport)?, (host, port));\n";
    for option in in_java(&SERVER) {
        text += &read(option, "options.settings");
    }
    text += "    Ok(options)\n}\n";
    for options in [&TCP_CLIENT, &UDP_CLIENT] {
        let class = pascal(options.owner) + "Options";
        let _ = write!(
            text,
            "\n/// The options of a client.\npub(crate) fn {}_options(\n    env: &mut Env<'_>,\n    given: &{class}<'_>,\n) -> Result<capsock::{class}, Failure> {{\n    let mut options = capsock::{class}::default();\n",
            options.owner
        );
        for option in in_java(options) {
            text += &read(option, "options");
        }
        text += "    Ok(options)\n}\n";
    }
    for (function, kind, totals, features) in
        [("stats", "Stats", TOTALS, true), ("report", "StopReport", REPORT, false)]
    {
        let mut numbers: Vec<_> = totals.iter().map(|total| format!("{function}.{}", total.name)).collect();
        if features {
            numbers.push(format!("{function}.features"));
        }
        let _ = write!(
            text,
            "\n/// The numbers in the order of the components of the record `{kind}`.\npub(crate) fn {function}({function}: &capsock::{kind}) -> [u64; {}] {{\n    [{}]\n}}\n",
            numbers.len(),
            numbers.join(", ")
        );
    }
    text
}

fn read(option: &Opt, target: &str) -> String {
    let Opt { name, error, .. } = option;
    let value = match option.kind {
        Kind::Host | Kind::Port => return String::new(),
        Kind::Choice(choice) => {
            return format!(
                "    if let Some(value) = number({error:?}, given.{name}(env)?)? {{\n        {target}.{name} = {}::from_number(value)?;\n    }}\n",
                pascal(choice)
            );
        }
        Kind::Flag => {
            return format!(
                "    if let Some(value) = number::<i64>(\"\", given.{name}(env)?)? {{\n        {target}.{name} = value != 0;\n    }}\n"
            );
        }
        Kind::Bytes => {
            return format!(
                "    let {name} = given.{name}(env)?;\n    if !{name}.is_null() {{\n        {target}.{name} = bytes::from_java(env, &{name})?;\n    }}\n"
            );
        }
        Kind::Text => {
            return format!(
                "    let {name} = given.{name}(env)?;\n    if !{name}.is_null() {{\n        {target}.{name} = bytes::text_from_java(env, {error:?}, &{name})?;\n    }}\n"
            );
        }
        Kind::Number | Kind::Mode | Kind::Size => {
            return format!(
                "    if let Some(value) = number({error:?}, given.{name}(env)?)? {{\n        {target}.{name} = value;\n    }}\n"
            );
        }
        Kind::Limit => "value",
        // What no duration holds is the longest one.
        _ => "value.unwrap_or(Duration::MAX)",
    };
    format!(
        "    if let Some(value) = seconds({error:?}, given.{name}(env)?)? {{\n        {target}.{name} = {value};\n    }}\n"
    )
}
