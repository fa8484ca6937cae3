//! `capsock man`: the manual pages, generated from the same definitions as the help.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

use crate::failure::{Failure, Result};
use crate::stdio::Output;

/// Print the manual page, or write all pages.
#[derive(Debug, clap::Args)]
pub(crate) struct Pages {
    /// The folder for all pages: capsock.1, capsock-serve.1 and so on. It is created if it does not
    /// exist. Without this option, capsock(1) is printed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Pages, command: Command) -> Result<()> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    match &args.out {
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| write(&command, folder))
            .map_err(|error| Failure::new(format!("could not write to {}: {error}", folder.display()))),
        None => {
            let page = page(&command).map_err(|error| Failure::output(&error))?;
            let mut output = Output::new().map_err(|error| Failure::output(&error))?;
            output.write_all(&page).map_err(|error| Failure::output(&error))
        }
    }
}

fn write(command: &Command, folder: &Path) -> io::Result<()> {
    std::fs::write(folder.join(Man::new(command.clone()).get_filename()), page(command)?)?;
    visible_subcommands(command).try_for_each(|subcommand| write(subcommand, folder))
}

fn visible_subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set())
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    // By default, the source of a subcommand's page is a program of the subcommand's name.
    let man = Man::new(command.clone()).source(format!("capsock {}", capsock::VERSION));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if visible_subcommands(command).next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        page.extend_from_slice(sections(&text.to_string()).as_bytes());
    }
    Ok(page)
}

/// Converts the text after the options into sections. clap_mangen would make it one section, EXTRA, and fill its lines.
fn sections(text: &str) -> String {
    let mut roff = String::new();
    for paragraph in text.split("\n\n") {
        let (name, filled, body) = match paragraph.split_once(':') {
            Some(("Examples", body)) => ("EXAMPLES", false, body),
            Some(("Exit status", body)) => ("EXIT STATUS", true, body),
            _ => ("NOTES", true, paragraph),
        };
        let body = escaped(body.trim_matches('\n').trim_start_matches(if filled { " " } else { "" }));
        // Writing to a string cannot fail.
        let _ = match filled {
            true => writeln!(roff, ".SH {name}\n{body}"),
            false => writeln!(roff, ".SH {name}\n.nf\n{body}\n.fi"),
        };
    }
    roff
}

/// Escapes text for roff: hyphens that can be copied, and no line that begins like a request.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines: Vec<_> = text
        .lines()
        .map(|line| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() })
        .collect();
    lines.join("\n")
}
