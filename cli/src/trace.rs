//! `capsock trace`: pictures of the socket calls in a trace.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use capsock_figure::{self as figure, Model, PageOptions, TextOptions};

use crate::failure::{Failure, Result};
use crate::picture::{self, Kind};
use crate::seconds::Seconds;
use crate::stdio::{Input, Output};
use crate::terminal;
use crate::trace_file;
#[cfg(unix)]
use crate::watch::Style;

const AFTER: &str = "\
Examples:
  capsock trace run.jsonl                                the figure of the textbook
  capsock trace server.jsonl client.jsonl -o figure.svg  of two files, as SVG
  capsock trace run.jsonl --format gantt                 which clients were served, and which waited

The exit status is 2 if a file is not a trace, or has a newer version of the format.";

/// The usual factor of `--scale`.
const SCALE: u8 = 2;

/// Draw the socket calls of programs from their traces.
///
/// The files are of the same run, of programs in any language. The same files give the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Trace {
    /// The traces; `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which runs of the programs to draw, if they were recorded more than once.
    #[arg(long, value_enum, default_value = "last", value_name = "RUNS")]
    run: Runs,
    #[command(flatten)]
    drawing: Drawing,
}

/// How a trace is drawn, and where to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Drawing {
    /// The format [default: from the extension of --output, else text].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write instead of standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Show ordinals for times, processes, descriptors and ephemeral ports, so that runs with the same calls give the
    /// same bytes.
    #[arg(long)]
    normalize: bool,
    /// Show the length of what was sent, but no bytes.
    #[arg(long)]
    no_payload: bool,
    /// The width of the text formats, in columns [default: that of the terminal, else 80].
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=500))]
    width: Option<u16>,
    /// Draw only these programs, by their names in the figure; the others share a column without calls.
    #[arg(long, value_name = "PROGRAM,...", value_delimiter = ',')]
    only: Vec<String>,
    /// The columns from left to right: Server, Client (or Client 1, Client 2) as the headings, or programs by their names
    /// in the figure; NAME=TEXT gives one a heading. The others follow.
    #[arg(long, value_name = "NAME[=TEXT],...", value_delimiter = ',')]
    columns: Vec<String>,
    /// Draw only the calls with these numbers, as the picture and the page show them.
    #[arg(long, value_name = "FIRST-LAST")]
    rows: Option<Rows>,
    /// Draw every round of repeated calls, instead of a note that counts them.
    #[arg(long)]
    unfolded: bool,
    /// End the axis of the Gantt chart this long after its beginning, so that two charts can be compared.
    #[arg(long, value_name = "SECONDS", conflicts_with = "normalize")]
    until: Option<Seconds>,
    /// The heading of the picture or the page.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// A text below the picture.
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// The size of the text in the picture, in pixels; the picture grows with it.
    #[arg(long, value_name = "PIXELS", default_value_t = 13, value_parser = clap::value_parser!(u16).range(6..=60))]
    font_size: u16,
    /// The pixels of a PNG for each pixel of the picture; a slide takes 2 to 4.
    #[arg(long, value_name = "FACTOR", default_value_t = SCALE, value_parser = clap::value_parser!(u8).range(1..=8))]
    scale: u8,
    /// Give the page light colours also where its reader prefers dark ones.
    #[arg(long)]
    light: bool,
    /// Use only ASCII in the text formats.
    #[arg(long)]
    ascii: bool,
    /// Colours in the text formats; `auto` uses them on a terminal unless NO_COLOR is set.
    #[arg(long, alias = "color", value_enum, default_value = "auto", value_name = "WHEN")]
    colour: When,
}

/// The numbers of the first and the last call that are drawn.
#[derive(Debug, Clone, Copy)]
struct Rows(usize, usize);

impl std::str::FromStr for Rows {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Rows, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(Rows(first, last)),
            _ => Err(format!("'{text}' is no range of calls, such as 3-20, counted from 1")),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// The figure of the textbook as text.
    Text,
    /// The figure of the textbook as a picture.
    Svg,
    /// The same picture, with pixels.
    Png,
    /// The same picture as a page of its size.
    Pdf,
    /// One page with both pictures and a table of the calls.
    Html,
    /// A sequence diagram for Markdown.
    Mermaid,
    /// A page in Markdown with that diagram.
    Markdown,
    /// When each client connected, was queued, served, without a reply, and holding the server; a picture if --output ends in .svg, .png or .pdf.
    Gantt,
    /// The JSON of Chrome's tracing, for ui.perfetto.dev.
    Perfetto,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Runs {
    /// The last one: the server that started last, its clients, and all that ran at the same time.
    Last,
    /// All, one below the other.
    All,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

pub(crate) fn run(args: &Trace) -> Result<()> {
    args.drawing.checked()?;
    let trace = read(&args.files)?;
    let model = match args.run {
        Runs::Last => figure::link_last_run(trace),
        Runs::All => figure::link(trace),
    };
    let output = Output::new().map_err(|error| Failure::output(&error))?;
    draw(&args.drawing, model, output)
}

/// Draws a model to the file that the options name, or else to standard output.
pub(crate) fn draw(args: &Drawing, mut model: Model, mut output: Output) -> Result<()> {
    let format = args.checked()?;
    if args.no_payload {
        model = model.without_payload();
    }
    if args.normalize {
        model = figure::normalize(model);
    }
    if !args.only.is_empty() {
        let names: Vec<&str> = args.only.iter().map(String::as_str).collect();
        let all: Vec<_> = model.programs.iter().map(|program| program.name.clone()).collect();
        model = model.only(&names).map_err(|name| {
            Failure::usage(format!(
                "--only {name}: the trace has no such program; it has: {}",
                all.join(", ")
            ))
        })?;
    }
    if let Some(Rows(first, _)) = args.rows.filter(|rows| rows.0 > model.steps.len()) {
        let calls = model.steps.len();
        return Err(Failure::usage(format!("--rows {first}: the figure has {calls} calls")));
    }
    if !args.columns.is_empty() {
        let names: Vec<&str> = args.columns.iter().map(String::as_str).collect();
        let all: Vec<_> = model.programs.iter().map(|program| program.name.clone()).collect();
        model = model.with_columns(&names).map_err(|name| {
            Failure::usage(format!(
                "--columns {name}: the trace has no such program, or an earlier column shows it; it has: {}",
                all.join(", ")
            ))
        })?;
    }
    let drawn = args.draw(&model, format)?;
    match &args.output {
        None => output.write_all(&drawn).map_err(|error| Failure::output(&error)),
        Some(path) => std::fs::write(path, drawn)
            .map_err(|error| Failure::new(format!("could not write {}: {error}", path.display()))),
    }
}

fn read(files: &[PathBuf]) -> Result<figure::Trace> {
    let mut contents = Vec::with_capacity(files.len());
    let mut seen = HashSet::new();
    for file in files {
        // Its calls would be drawn twice. What cannot be found is an error below.
        if !seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
            continue;
        }
        let mut bytes = Vec::new();
        if file.as_os_str() == "-" {
            let mut input = Input::new().map_err(|error| Failure::input(&error))?;
            input.read_to_end(&mut bytes).map_err(|error| Failure::input(&error))?;
        } else {
            trace_file::open(file)
                .and_then(|mut opened| opened.read_to_end(&mut bytes))
                .map_err(|error| Failure::usage(format!("could not read {}: {error}", file.display())))?;
        }
        contents.push((file.display().to_string(), bytes));
    }
    let named = contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    figure::read(named).map_err(|error| Failure::usage(error.to_string()))
}

impl Drawing {
    /// The file that is written.
    pub(crate) fn output(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    /// Whether no bytes of what was sent are shown.
    pub(crate) fn no_payload(&self) -> bool {
        self.no_payload
    }

    /// How a page looks that is served.
    #[cfg(unix)]
    pub(crate) fn style(&self) -> Style {
        Style {
            title: self.title.clone(),
            font_size: self.font_size,
            light: self.light,
            unfolded: self.unfolded,
            payload: !self.no_payload,
            stepped: false,
        }
    }

    /// The same, written to this file.
    pub(crate) fn to_file(&self, file: PathBuf) -> Drawing {
        Drawing { output: Some(file), ..self.clone() }
    }

    /// The format, if the other options fit it.
    pub(crate) fn checked(&self) -> Result<Format> {
        let format = self.format()?;
        self.check(format)?;
        Ok(format)
    }

    fn draw(&self, model: &Model, format: Format) -> Result<Vec<u8>> {
        let page = PageOptions {
            ordinals: self.normalize,
            until: self.until(),
            unfolded: self.unfolded,
            rows: self.rows.map(|Rows(first, last)| (first, last)),
            title: self.title.as_deref().unwrap_or(PageOptions::default().title),
            caption: self.caption.as_deref(),
            font_size: self.font_size,
            light: self.light,
            live: false,
            stepped: false,
        };
        let kind = self.picture(format);
        let drawn = match format {
            Format::Text => figure::text(model, &self.text()),
            Format::Svg | Format::Png | Format::Pdf => figure::svg(model, &page),
            Format::Html => figure::html(model, &page),
            Format::Mermaid => figure::mermaid(model),
            Format::Markdown => {
                format!("# {}\n\n```mermaid\n{}```\n", page.title, figure::mermaid(model))
            }
            Format::Gantt if kind.is_some() => figure::gantt_svg(model, &page),
            Format::Gantt => figure::gantt_text(model, &self.text()),
            Format::Perfetto => figure::perfetto(model),
        };
        picture::file(drawn, kind.unwrap_or(Kind::Svg))
    }

    /// Refuses options that the format has no use for.
    fn check(&self, format: Format) -> Result<()> {
        let (text, gantt, html) = (format == Format::Text, format == Format::Gantt, format == Format::Html);
        let kind = self.picture(format);
        let picture = html || kind.is_some();
        let calls = text || html || (kind.is_some() && !gantt);
        let cases = [
            ("--until", self.until.is_some(), gantt || html, "the Gantt chart and the page"),
            ("--unfolded", self.unfolded, calls, "text, the pictures of the calls and the page"),
            ("--rows", self.rows.is_some(), calls, "text, the pictures of the calls and the page"),
            ("--title", self.title.is_some(), picture || format == Format::Markdown, "pictures and the page"),
            ("--caption", self.caption.is_some(), picture, "pictures and the page"),
            (
                "--font-size",
                self.font_size != PageOptions::default().font_size,
                picture,
                "pictures and the page",
            ),
            ("--scale", self.scale != SCALE, matches!(kind, Some(Kind::Png(_))), "PNG"),
            ("--light", self.light, html, "the page"),
        ];
        match cases.into_iter().find(|(_, given, fits, _)| *given && !fits) {
            Some((option, _, _, of)) => Err(Failure::usage(format!("{option} is of {of}"))),
            None => Ok(()),
        }
    }

    fn format(&self) -> Result<Format> {
        let extension = self.output.as_deref().and_then(Path::extension);
        match (
            self.format,
            extension.map(|extension| extension.to_string_lossy().to_ascii_lowercase()).as_deref(),
        ) {
            (Some(format), _) => Ok(format),
            (None, None | Some("txt")) => Ok(Format::Text),
            (None, Some("svg")) => Ok(Format::Svg),
            (None, Some("png")) => Ok(Format::Png),
            (None, Some("pdf")) => Ok(Format::Pdf),
            (None, Some("html")) => Ok(Format::Html),
            (None, Some("mmd")) => Ok(Format::Mermaid),
            (None, Some("md")) => Ok(Format::Markdown),
            (None, Some("json")) => Ok(Format::Perfetto),
            (None, Some(other)) => Err(Failure::usage(format!(
                "no format has the extension .{other}: name the file .svg, .png, .pdf, .html, .md, .mmd, .json or .txt, or give --format"
            ))),
        }
    }

    /// The kind of the picture's file, if the format is a picture.
    fn picture(&self, format: Format) -> Option<Kind> {
        let kinds = [("svg", Kind::Svg), ("png", Kind::Png(self.scale)), ("pdf", Kind::Pdf)];
        let by_name =
            || kinds.into_iter().find(|(extension, _)| self.ends_in(extension)).map(|(_, kind)| kind);
        match format {
            Format::Svg => Some(Kind::Svg),
            Format::Png => Some(Kind::Png(self.scale)),
            Format::Pdf => Some(Kind::Pdf),
            Format::Gantt => by_name(),
            Format::Text | Format::Html | Format::Mermaid | Format::Markdown | Format::Perfetto => None,
        }
    }

    fn ends_in(&self, extension: &str) -> bool {
        self.output
            .as_deref()
            .and_then(Path::extension)
            .is_some_and(|found| found.eq_ignore_ascii_case(extension))
    }

    fn text(&self) -> TextOptions {
        let colour = match self.colour {
            When::Always => true,
            When::Never => false,
            When::Auto => self.output.is_none() && terminal::coloured(),
        };
        let width =
            self.width.map(usize::from).or_else(|| self.output.is_none().then(terminal::columns).flatten());
        TextOptions {
            width: width.unwrap_or(80),
            colour,
            ascii: self.ascii,
            ordinals: self.normalize,
            until: self.until(),
            unfolded: self.unfolded,
            rows: self.rows.map(|Rows(first, last)| (first, last)),
        }
    }

    /// The end of the Gantt chart's axis, in nanoseconds.
    fn until(&self) -> Option<u64> {
        let limit = self.until?.0?;
        Some(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX))
    }
}
