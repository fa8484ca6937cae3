//! The picture of a probe's exchange.

use capsock_figure::{PageOptions, TextOptions, link, read, svg, text};

use crate::recorder::Recorder;
use crate::verdict::Picture;

const WIDTH: usize = 100;

/// Draws what was recorded; `None` if that is nothing.
pub(crate) fn picture(record: &Recorder, title: &str) -> Option<Picture> {
    let lines = record.lines()?;
    let model = link(read([(title, lines.as_bytes())]).ok()?);
    let drawn = text(&model, &TextOptions { width: WIDTH, ..TextOptions::default() });
    Some(Picture { text: drawn, svg: svg(&model, &PageOptions { title, ..PageOptions::default() }) })
}
