//! The options of the figures.

/// The size of the text in the coordinates of a drawing, in pixels.
pub(super) const ORDINARY_SIZE: u16 = 13;

/// The options of an SVG figure or a page.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions<'a> {
    /// The heading.
    pub title: &'a str,
    /// Whether the model's times are ordinals, as [`normalize`](super::normalize) makes them: no unit is shown; off by
    /// default.
    pub ordinals: bool,
    /// Where the axis of the Gantt chart ends, in nanoseconds after its beginning; by default with the last client.
    pub until: Option<u64>,
    /// Whether to draw every round of repeated calls, of up to some thousand rows; off by default: a note replaces them.
    pub unfolded: bool,
    /// The numbers of the first and the last call that are drawn, as the picture numbers them from 1; all by default.
    pub rows: Option<(usize, usize)>,
    /// A text below the figure.
    pub caption: Option<&'a str>,
    /// The size of the text in pixels, with which the picture grows; 13 by default.
    pub font_size: u16,
    /// Whether a page has light colours only; by default it follows the colour scheme of its reader. A picture's file has
    /// light colours.
    pub light: bool,
    /// Whether a page is served while the trace grows; off by default. It then takes new pictures from where it came
    /// from: server-sent events of its `events`, each with the number of a picture, say that there is one; `picture` is
    /// a page with it.
    pub live: bool,
    /// Whether a live page also lets calls go of programs that are stepped; off by default. An event `step` of its `events` says
    /// who is about to do what, as a JSON array of objects with `number`, `name`, `text` and `held`; a button posts to `go/next`,
    /// `go/all`, `go/message`, `go/end`, or `go/` and a number.
    pub stepped: bool,
}

impl Default for PageOptions<'_> {
    fn default() -> Self {
        Self {
            title: "Client/server socket interaction",
            ordinals: false,
            until: None,
            unfolded: false,
            rows: None,
            caption: None,
            font_size: ORDINARY_SIZE,
            light: false,
            live: false,
            stepped: false,
        }
    }
}

/// The options of a figure for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOptions {
    /// The width in columns of the terminal; 80 by default. If there are too many programs, some share a column.
    pub width: usize,
    /// Whether to write colours (ECMA-48); off by default.
    pub colour: bool,
    /// Whether to write ASCII only, without box-drawing characters; off by default.
    pub ascii: bool,
    /// Whether the model's times are ordinals, as [`normalize`](super::normalize) makes them: no times are written; off
    /// by default.
    pub ordinals: bool,
    /// Where the axis of the Gantt chart ends, in nanoseconds after its beginning; by default with the last client.
    pub until: Option<u64>,
    /// Whether to draw every round of repeated calls, of up to some thousand rows; off by default: a note replaces them.
    pub unfolded: bool,
    /// The numbers of the first and the last call that are drawn, as the picture numbers them from 1; all by default.
    pub rows: Option<(usize, usize)>,
}

impl Default for TextOptions {
    fn default() -> TextOptions {
        TextOptions {
            width: 80,
            colour: false,
            ascii: false,
            ordinals: false,
            until: None,
            unfolded: false,
            rows: None,
        }
    }
}
