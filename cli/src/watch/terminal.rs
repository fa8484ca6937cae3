//! The picture on a terminal.

use std::io::Write;

use capsock_figure::TextOptions;

use super::pictures::Pictures;
use crate::failure::{Failure, Result};
use crate::stdio::Output;
use crate::terminal::{coloured, columns, height, redraws};

pub(super) struct Screen {
    output: Output,
    /// The number of the picture that is shown, and for which size.
    shown: Option<(u64, usize, usize)>,
}

impl Screen {
    pub(super) fn new() -> Result<Screen> {
        if !redraws() {
            return Err(Failure::usage(
                "--text draws on a terminal, and standard output is none: capsock trace draws a trace as text",
            ));
        }
        let output = Output::new().map_err(|error| Failure::output(&error))?;
        Ok(Screen { output, shown: None })
    }

    /// Shows the end of the picture, if there is a new one, or the terminal has another size.
    pub(super) fn show(&mut self, pictures: &Pictures) -> Result<()> {
        let width = columns().unwrap_or(80);
        let lines = height();
        let now = Some((pictures.number(), width, lines));
        if self.shown == now || !pictures.is_rested() {
            return Ok(());
        }
        self.shown = now;
        let text = pictures.text(&TextOptions { width, colour: coloured(), ..TextOptions::default() });
        let screen = last_lines(&text, lines);
        self.output.write_all(screen.as_bytes()).map_err(|error| Failure::output(&error))
    }
}

/// What shows the last lines of a text: a cleared screen (ECMA-48), and the lines, after the last of which the cursor
/// stays.
pub(crate) fn last_lines(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let last = &all[all.len().saturating_sub(lines.max(2) - 1)..];
    format!("\x1b[H\x1b[2J{}", last.iter().map(|line| format!("{line}\r\n")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_end_of_a_text_is_what_a_terminal_has_room_for() {
        assert_eq!(last_lines("a\nb\nc\n", 24), "\x1b[H\x1b[2Ja\r\nb\r\nc\r\n");
        assert_eq!(last_lines("a\nb\nc\n", 3), "\x1b[H\x1b[2Jb\r\nc\r\n");
        assert_eq!(last_lines("a\nb\nc\n", 0), "\x1b[H\x1b[2Jc\r\n");
        assert_eq!(last_lines("", 3), "\x1b[H\x1b[2J");
    }
}
