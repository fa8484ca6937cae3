//! A writer of SVG. Coordinates are whole pixels; classes select the style.

use std::fmt::Write;

use super::escape::{escape, escaped};
use super::options::ORDINARY_SIZE;
use super::style::Looks;

/// Whether a drawing is a file, which contains its style, or part of the page, in which calls link to rows of the
/// table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    File,
    Page,
}

pub(super) struct Canvas {
    out: String,
    target: Target,
    width: i32,
    id: &'static str,
    /// The classes of the groups that are open, in a file.
    groups: Vec<String>,
    looks: Looks,
    /// Where the style sheet of a file is inserted.
    style_at: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The height of a file's heading.
const HEADING: i32 = 66;

type Point = (i32, i32);

impl Canvas {
    /// Begins a drawing. `id` identifies it within the page; `heading` and `about` are its accessible title and
    /// description, and `font_size` scales it.
    pub(super) fn new(
        width: i32,
        height: i32,
        target: Target,
        id: &'static str,
        (heading, about, font_size): (&str, &str, u16),
    ) -> Self {
        let (groups, looks) = (Vec::new(), Looks::default());
        let mut canvas = Self { out: String::new(), target, width, id, groups, looks, style_at: 0 };
        let (title, description) = (escaped(heading), escaped(about));
        // The page has a heading of its own.
        let top = if target == Target::Page { HEADING } else { 0 };
        let height = height - top;
        let scaled = |length: i32| i64::from(length) * i64::from(font_size) / i64::from(ORDINARY_SIZE);
        let size = format!(
            "viewBox=\"0 {top} {width} {height}\" width=\"{}\" height=\"{}\"",
            scaled(width),
            scaled(height)
        );
        match target {
            Target::File => {
                canvas.put(format_args!("<svg xmlns=\"http://www.w3.org/2000/svg\" {size} role=\"img\" "));
                canvas.put(format_args!("aria-labelledby=\"{id}-title {id}-description\">\n"));
                canvas.put(format_args!("<title id=\"{id}-title\">{title}</title>\n"));
                canvas.put(format_args!("<desc id=\"{id}-description\">{description}</desc>\n"));
                canvas.style_at = canvas.out.len();
            }
            Target::Page => {
                canvas.put(format_args!("<svg class=\"figure\" id=\"{id}\" {size} role=\"group\" "));
                canvas.put(format_args!("aria-label=\"{title}: {description}\">\n"));
            }
        }
        let hatch = if target == Target::Page { " class=\"hatch\"" } else { "" };
        canvas.put(format_args!(
            "<defs><pattern id=\"{id}-hatch\"{hatch} width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\">"
        ));
        canvas.groups.push("hatch".to_owned());
        canvas.path("", "M3,0V6");
        canvas.groups.pop();
        canvas.out.truncate(canvas.out.trim_end().len());
        canvas.out.push_str("</pattern></defs>\n");
        canvas.rect("page", (0, top), (width, height), 0);
        if target == Target::File {
            canvas.text("title", (24, 38), Anchor::Start, heading);
            canvas.text("soft", (24, 62), Anchor::Start, about);
        }
        canvas
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        if self.target == Target::File {
            self.out.insert_str(self.style_at, &format!("<style>\n{}</style>\n", self.looks.sheet()));
        }
        self.out
    }

    /// The attribute that gives an element its look.
    fn class(&mut self, tag: &str, classes: &str) -> String {
        let class = match self.target {
            Target::File => self.looks.class(tag, classes, &self.groups),
            Target::Page => (!classes.is_empty()).then_some(classes),
        };
        class.map(|class| format!(" class=\"{class}\"")).unwrap_or_default()
    }

    /// Opens a group, whose classes in a file are in its elements' looks.
    fn open(&mut self, class: &str, attributes: std::fmt::Arguments<'_>) {
        match self.target {
            Target::File => self.put(format_args!("<g{attributes}")),
            Target::Page => self.put(format_args!("<g class=\"{class}\"{attributes}")),
        }
        self.groups.push(class.to_owned());
    }

    pub(super) fn width(&self) -> i32 {
        self.width
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): Point, (width, height): Point, radius: i32) {
        let radius = if radius == 0 { String::new() } else { format!(" rx=\"{radius}\"") };
        let class = self.class("rect", class);
        self.put(format_args!(
            "<rect{class} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{radius}/>\n"
        ));
    }

    /// A rectangle with a hatch pattern over its fill.
    pub(super) fn hatched(&mut self, class: &str, at: Point, size: Point) {
        self.rect(class, at, size, 2);
        let ((x, y), (width, height), id) = (at, size, self.id);
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\" fill=\"url(#{id}-hatch)\"/>\n"
        ));
    }

    pub(super) fn line(&mut self, class: &str, from: Point, to: Point) {
        self.path(class, &format!("M{},{}L{},{}", from.0, from.1, to.0, to.1));
    }

    pub(super) fn path(&mut self, class: &str, path: &str) {
        let class = self.class("path", class);
        self.put(format_args!("<path{class} d=\"{path}\"/>\n"));
    }

    pub(super) fn text(&mut self, class: &str, (x, y): Point, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let class = self.class("text", class);
        self.put(format_args!("<text{class} x=\"{x}\" y=\"{y}\"{anchor}>"));
        escape(text, &mut self.out);
        self.out.push_str("</text>\n");
    }

    /// Opens the group of a call; in a page, a link to its row of the table.
    pub(super) fn open_step(&mut self, class: &str, number: usize, description: &str) {
        let description = escaped(description);
        match self.target {
            Target::File => self.put(format_args!("<g><title>{description}</title>\n")),
            Target::Page => self.put(format_args!(
                "<a class=\"{class}\" id=\"c{number}\" href=\"#r{number}\" aria-label=\"{description}\">\
                 <title>{description}</title>\n"
            )),
        }
        self.groups.push(class.to_owned());
    }

    pub(super) fn close_step(&mut self) {
        self.groups.pop();
        self.out.push_str(if self.target == Target::Page { "</a>\n" } else { "</g>\n" });
    }

    /// Opens the group of an arrow; `ends` are the numbers of the calls that it connects.
    pub(super) fn open_group(&mut self, class: &str, ends: [Option<usize>; 2], description: &str) {
        let description = escaped(description);
        let mut data = String::new();
        if self.target == Target::Page {
            for (name, end) in ["from", "to"].into_iter().zip(ends) {
                if let Some(end) = end {
                    data.push_str(&format!(" data-{name}=\"{}\"", end));
                }
            }
        }
        self.open(class, format_args!("{data}><title>{description}</title>\n"));
    }

    /// Opens the group of the columns' heads.
    pub(super) fn open_heads(&mut self) {
        self.open("heads", format_args!(">\n"));
    }

    /// Opens the group of a legend entry.
    pub(super) fn open_legend(&mut self, class: &str) {
        self.open(&format!("legend {class}"), format_args!(">\n"));
    }

    pub(super) fn close_group(&mut self) {
        self.groups.pop();
        self.out.push_str("</g>\n");
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(text); // a String takes all
    }
}
