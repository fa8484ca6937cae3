//! The command's arguments.

use std::fmt::Write;

use super::file::{File, file, rust_head};
use crate::choices::CHOICES;
use crate::model::{Choice, Kind, Opt, Over};
use crate::options::{SERVER, TCP_CLIENT, UDP_CLIENT};
use crate::prose::{Language, comment, pascal, translated, unit};

pub(super) fn files() -> Vec<File> {
    vec![file("cli/src/options.rs", options())]
}

fn argument(owner: &str, option: &Opt) -> String {
    let sentence = translated(Language::Command, option.sentence);
    let default = |field: &str| match owner {
        "server" => format!("ServerSettings::default().{field}"),
        owner => format!("{}Options::default().{field}", pascal(owner)),
    };
    let (value, parser, default, kind) = match option.kind {
        Kind::Host => ("HOST", "", "default_value = capsock::DEFAULT_HOST".to_owned(), "String".to_owned()),
        Kind::Port => {
            ("PORT", "port", "default_value_t = capsock::DEFAULT_PORT".to_owned(), "u16".to_owned())
        }
        Kind::Choice(name) => {
            let value = match name {
                "concurrency" => "C",
                "framing" => "F",
                _ => "ORDER",
            };
            (value, name, format!("default_value = {}.name()", default(option.name)), pascal(name))
        }
        Kind::Number => {
            (number_name(option), "", format!("default_value_t = {}", default(option.name)), "u32".to_owned())
        }
        Kind::Size => (
            number_name(option),
            "",
            format!("default_value_t = {}", default(option.name)),
            "usize".to_owned(),
        ),
        Kind::Mode => {
            ("MODE", "", format!("default_value_t = Mode({})", default(option.name)), "Mode".to_owned())
        }
        Kind::Limit => (
            "SECONDS",
            "",
            format!("default_value_t = Seconds({})", default(option.name)),
            "Seconds".to_owned(),
        ),
        Kind::Pause => (
            "SECONDS",
            "",
            format!("default_value_t = Seconds(Some({}))", default(option.name)),
            "Seconds".to_owned(),
        ),
        Kind::Micros => (
            "MICROSECONDS",
            "",
            format!("default_value_t = Microseconds({})", default(option.name)),
            "Microseconds".to_owned(),
        ),
        Kind::Flag => {
            return format!(
                "{}    #[arg(long)]\n    pub(crate) {}: bool,\n",
                documented(&sentence),
                option.name
            );
        }
        Kind::Bytes => (
            "BYTES",
            "",
            format!("default_value_t = Escaped({})", default(option.name)),
            "Escaped".to_owned(),
        ),
        Kind::Text => (
            "NETWORKS",
            "",
            "default_value = \"\", hide_default_value = true".to_owned(),
            "String".to_owned(),
        ),
        Kind::Interruptible => unreachable!("the command has its own"),
    };
    let signed = match option.kind {
        Kind::Limit | Kind::Pause | Kind::Micros => "allow_negative_numbers = true, ",
        _ => "",
    };
    let parser = match parser {
        "" => String::new(),
        "port" => "value_parser = port, ".to_owned(),
        choice => format!("value_parser = {choice}(), "),
    };
    let help = [sentence.as_str(), unit(Language::Command, option.kind)].join(" ");
    let documentation = documented(&help);
    format!(
        "{documentation}    #[arg(long, value_name = \"{value}\", {parser}{signed}{default})]\n    pub(crate) {}: {kind},\n",
        option.name
    )
}

fn documented(help: &str) -> String {
    comment("    /// ", 110, &[help.to_owned()])
}

fn number_name(option: &Opt) -> &'static str {
    match option.unit {
        "bytes" => "BYTES",
        "times" if option.kind == Kind::Size => "TIMES",
        _ => "N",
    }
}

fn structure(name: &str, owner: &str, options: &[&Opt]) -> String {
    let mut text = format!("\n#[derive(Debug, clap::Args)]\npub(crate) struct {name} {{\n");
    for option in options {
        text += &argument(owner, option);
    }
    text += "}\n";
    text
}

/// The value as the core takes it.
fn core_value(option: &Opt) -> String {
    match option.kind {
        Kind::Limit | Kind::Micros | Kind::Mode => format!("self.{}.0", option.name),
        Kind::Bytes => format!("self.{}.0.clone()", option.name),
        Kind::Text => format!("self.{}.clone()", option.name),
        Kind::Pause => format!("self.{}.0.unwrap_or(Duration::MAX)", option.name),
        _ => format!("self.{}", option.name),
    }
}

fn options() -> String {
    let mut text = rust_head("The arguments that are options of the core.");
    text += "use std::time::Duration;\n\n";
    text += "use capsock::{Concurrency, Endian, Framing, InterruptHook, ServerOptions, ServerSettings, TcpClientOptions, Transport, UdpClientOptions};\n";
    text += "use clap::builder::{PossibleValuesParser, TypedValueParser};\n\nuse crate::escaped::Escaped;\nuse crate::mode::Mode;\nuse crate::port::port;\nuse crate::seconds::{Microseconds, Seconds};\n";
    let over = |over: Over| {
        SERVER
            .options
            .iter()
            .filter(|option| option.in_command())
            .filter(move |option| option.over == over)
            .collect::<Vec<_>>()
    };
    let tables = [(Over::Both, "ServerArgs"), (Over::Tcp, "TcpServerArgs"), (Over::Udp, "UdpServerArgs")];
    for (transport, name) in tables {
        text += &structure(name, "server", &over(transport));
        let setters: String = over(transport)
            .iter()
            .filter(|option| !matches!(option.kind, Kind::Host | Kind::Port))
            .map(|option| format!(".{}({})", option.name, core_value(option)))
            .collect();
        if transport == Over::Both {
            let _ = write!(
                text,
                "\nimpl {name} {{\n    pub(crate) fn options(&self, transport: Transport) -> ServerOptions {{\n        ServerOptions::new(transport, (self.host.as_str(), self.port)){setters}\n    }}\n}}\n"
            );
        } else {
            let _ = write!(
                text,
                "\nimpl {name} {{\n    pub(crate) fn set(&self, options: ServerOptions) -> ServerOptions {{\n        options{setters}\n    }}\n}}\n"
            );
        }
    }
    for (owner, name) in [(&TCP_CLIENT, "TcpClientArgs"), (&UDP_CLIENT, "UdpClientArgs")] {
        let options: Vec<_> = owner.options.iter().filter(|option| option.in_command()).collect();
        text += &structure(name, owner.owner, &options);
        let kind = pascal(owner.owner) + "Options";
        let fields: String = options
            .iter()
            .map(|option| format!("            {}: {},\n", option.name, core_value(option)))
            .collect();
        let _ = write!(
            text,
            "\nimpl {name} {{\n    pub(crate) fn options(&self, on_interrupt: InterruptHook) -> {kind} {{\n        {kind} {{\n{fields}            on_interrupt: Some(on_interrupt),\n        }}\n    }}\n}}\n"
        );
    }
    for choice in CHOICES.iter().filter(|choice| choice.default.is_some()) {
        text += &parser(choice);
    }
    text
}

/// The function that reads a choice by its name.
fn parser(choice: &Choice) -> String {
    let kind = pascal(choice.name);
    format!(
        "\nfn {}() -> impl TypedValueParser<Value = {kind}> {{\n    \
         PossibleValuesParser::new({kind}::ALL.iter().map(|one| one.name())).try_map(|name| name.parse())\n}}\n",
        choice.name
    )
}
