//! The options of the pictures.

/// What a picture or page is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions<'a> {
    /// The heading.
    pub title: &'a str,
    /// Whether the model's times are ordinals, as `--normalize` makes them, and no nanoseconds: then no unit is shown.
    pub ordinals: bool,
}

impl Default for PageOptions<'_> {
    fn default() -> Self {
        Self { title: "Client/server socket interaction", ordinals: false }
    }
}

/// How a figure is drawn for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOptions {
    /// The terminal's columns; 80 by default. More programs than fit share columns.
    pub width: usize,
    /// Whether to write the terminal's colours (ECMA-48); off by default.
    pub colour: bool,
    /// Whether to write ASCII alone, without the lines of box drawing; off by default.
    pub ascii: bool,
    /// Whether the model's times are ordinals, as [`normalize`](super::normalize) makes them, so that none are
    /// written; off by default.
    pub ordinals: bool,
}

impl Default for TextOptions {
    fn default() -> TextOptions {
        TextOptions { width: 80, colour: false, ascii: false, ordinals: false }
    }
}
