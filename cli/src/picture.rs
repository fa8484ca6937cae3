//! Pictures as PNG and PDF, from those in SVG. The text is in the fonts of `cli/fonts` and in no other, so that the same
//! trace gives the same bytes on every machine.

use crate::failure::{Failure, Result};

/// The format of a picture's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it is drawn, which is text.
    Svg,
    /// With so many pixels for each of the picture's.
    Png(u8),
    /// With its text as outlines.
    Pdf,
}

/// The picture's file.
///
/// # Errors
/// A PNG would have too many pixels; this command was built without the feature `pictures`.
pub(crate) fn file(svg: String, kind: Kind) -> Result<Vec<u8>> {
    match kind {
        Kind::Svg => Ok(svg.into_bytes()),
        Kind::Png(scale) => png(&svg, scale),
        Kind::Pdf => pdf(&svg),
    }
}

#[cfg(feature = "pictures")]
mod drawn {
    use std::sync::Arc;

    use resvg::tiny_skia::{Pixmap, Transform};
    use svg2pdf::usvg::{self, fontdb::Database};

    use super::{Failure, Result};

    const FONTS: [&[u8]; 4] = [
        include_bytes!("../fonts/DejaVuSans.ttf"),
        include_bytes!("../fonts/DejaVuSans-Bold.ttf"),
        include_bytes!("../fonts/DejaVuSansMono.ttf"),
        include_bytes!("../fonts/DejaVuSansMono-Bold.ttf"),
    ];

    /// The most pixels of a PNG, which take 4 bytes each while it is drawn.
    const MOST_PIXELS: u64 = 100_000_000;

    fn tree(svg: &str) -> Result<usvg::Tree> {
        let mut fonts = Database::new();
        FONTS.into_iter().for_each(|font| fonts.load_font_data(font.to_vec()));
        fonts.set_sans_serif_family("DejaVu Sans");
        fonts.set_monospace_family("DejaVu Sans Mono");
        let options = usvg::Options {
            fontdb: Arc::new(fonts),
            font_family: "DejaVu Sans".to_owned(),
            ..usvg::Options::default()
        };
        // usvg knows the weights that are a multiple of 100 alone; the others are in the style sheet.
        let (head, rest) = svg.split_once("</style>").unwrap_or(("", svg));
        let head = head.replace("font-weight: 650", "font-weight: 700");
        let close = if head.is_empty() { "" } else { "</style>" };
        usvg::Tree::from_str(&format!("{head}{close}{rest}"), &options).map_err(|error| failed(&error))
    }

    fn failed(error: &dyn std::fmt::Display) -> Failure {
        Failure::new(format!("could not draw the picture: {error}"))
    }

    pub(super) fn png(svg: &str, scale: u8) -> Result<Vec<u8>> {
        let tree = tree(svg)?;
        let size = tree.size().to_int_size();
        let (width, height) = (size.width() * u32::from(scale), size.height() * u32::from(scale));
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(Failure::usage(format!(
                "the picture would have {width} x {height} pixels: choose a smaller --scale or --font-size, part of it \
                 by --rows, or .svg or .pdf"
            )));
        }
        let mut pixels = Pixmap::new(width, height).ok_or_else(|| failed(&"it has no pixels"))?;
        let scale = f32::from(scale);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(&error))
    }

    pub(super) fn pdf(svg: &str) -> Result<Vec<u8>> {
        // Text as outlines: svg2pdf writes embedded fonts in an order that differs from run to run.
        let options =
            svg2pdf::ConversionOptions { embed_text: false, ..svg2pdf::ConversionOptions::default() };
        let page = svg2pdf::PageOptions::default();
        let mut pdf = svg2pdf::to_pdf(&tree(svg)?, options, page).map_err(|error| failed(&error))?;
        sort_resources(&mut pdf);
        Ok(pdf)
    }

    /// Sorts the entries of the dictionaries of resources, which svg2pdf writes in an order that differs from run to run. No
    /// byte but theirs moves, so that the table of objects stays right.
    fn sort_resources(pdf: &mut [u8]) {
        const DICTIONARIES: [&[u8]; 5] =
            [b"/ExtGState <<\n", b"/XObject <<\n", b"/Pattern <<\n", b"/ColorSpace <<\n", b"/Shading <<\n"];
        let is_entry = |line: &&[u8]| line.trim_ascii_start().starts_with(b"/") && line.ends_with(b" 0 R\n");
        let mut at = 0;
        while at < pdf.len() {
            let end = pdf[at..].iter().position(|byte| *byte == b'\n').map_or(pdf.len(), |end| at + end + 1);
            let opens = DICTIONARIES.iter().any(|name| pdf[at..end].ends_with(name));
            at = end;
            if opens {
                let lines = pdf[at..].split_inclusive(|byte| *byte == b'\n').take_while(is_entry);
                let mut entries: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
                entries.sort();
                let sorted = entries.concat();
                pdf[at..at + sorted.len()].copy_from_slice(&sorted);
                at += sorted.len();
            }
        }
    }
}

#[cfg(feature = "pictures")]
use drawn::{pdf, png};

#[cfg(not(feature = "pictures"))]
fn png(_: &str, _: u8) -> Result<Vec<u8>> {
    Err(Failure::usage("this capsock was built without the feature `pictures`, for PNG and PDF: write .svg"))
}

#[cfg(not(feature = "pictures"))]
fn pdf(svg: &str) -> Result<Vec<u8>> {
    png(svg, 1)
}
