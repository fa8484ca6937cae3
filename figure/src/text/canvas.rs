//! Rows of styled characters for a terminal.

use unicode_width::UnicodeWidthChar;

use super::super::escape::indivisible;

/// The style of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Style {
    Plain,
    Dim,
    Bold,
    Bad,
    /// The colour of a program.
    Program(usize),
}

impl Style {
    /// The parameters of ECMA-48's SGR.
    fn code(self) -> Option<&'static str> {
        const PROGRAMS: [&str; 5] = ["36", "33", "35", "32", "34"];
        match self {
            Style::Plain => None,
            Style::Dim => Some("2"),
            Style::Bold => Some("1"),
            Style::Bad => Some("1;31"),
            Style::Program(index) => Some(PROGRAMS[index % PROGRAMS.len()]),
        }
    }
}

/// A row under construction.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Row {
    /// A wide character is followed by an empty cell.
    cells: Vec<(Option<char>, Style)>,
}

impl Row {
    /// Overwrites the cells from a column on; returns the next column.
    pub(in super::super) fn put(&mut self, column: usize, text: &str, style: Style) -> usize {
        let mut at = column;
        for character in text.chars() {
            let width = character.width().unwrap_or(0);
            if width == 0 {
                continue;
            }
            if self.cells.len() < at + width {
                self.cells.resize(at + width, (Some(' '), Style::Plain));
            }
            self.cells[at] = (Some(character), style);
            if width == 2 {
                self.cells[at + 1] = (None, style);
            }
            at += width;
        }
        at
    }

    /// Appends the row as text with a newline, with colours if `colour` is set.
    pub(in super::super) fn write(&self, colour: bool, out: &mut String) {
        let blank = |cell: &&(Option<char>, Style)| cell.0 == Some(' ');
        let length = self.cells.len() - self.cells.iter().rev().take_while(blank).count();
        let mut now = None;
        for (character, style) in &self.cells[..length] {
            let Some(character) = character else { continue };
            let code = style.code().filter(|_| colour && *character != ' ');
            if code != now && *character != ' ' {
                out.push_str(if now.is_some() { "\x1b[0m" } else { "" });
                if let Some(code) = code {
                    out.push_str("\x1b[");
                    out.push_str(code);
                    out.push('m');
                }
                now = code;
            }
            out.push(*character);
        }
        out.push_str(if now.is_some() { "\x1b[0m\n" } else { "\n" });
    }
}

/// Escapes untrusted text for a terminal: no control characters, no characters without width.
pub(in super::super) fn shown(text: &str, ascii: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => shown.push(character),
            '…' if ascii => shown.push_str("..."),
            _ if ascii => shown.extend(character.escape_default()),
            _ if character.width().unwrap_or(0) == 0 => shown.extend(character.escape_unicode()),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// The width of a text in columns.
pub(in super::super) fn width(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// Wraps a text into lines of at most `most` columns, after blanks and parentheses if possible; lines after the first
/// are narrower by their indent.
pub(in super::super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let most = most.max(8);
    let mut lines: Vec<String> = vec![String::new()];
    let mut room = most;
    for mut word in words(text) {
        while !word.is_empty() {
            let bare = width(word.trim_end());
            if bare <= room {
                let line = lines.last_mut().expect("there is a line from the start");
                line.push_str(word);
                room = room.saturating_sub(width(word));
                break;
            }
            let begun = lines.last().is_some_and(|line| !line.trim().is_empty());
            // A method's name is not split.
            let dot = word.find('.').filter(|dot| *dot > 0 && *dot < word.find('(').unwrap_or(0));
            let dot = dot.filter(|dot| width(&word[..*dot]) <= room);
            if dot.is_some() || !begun || bare > most - 2 && room > most / 3 {
                let (mut taken, mut fits) = (0, 0);
                for part in indivisible(word) {
                    taken += width(part);
                    if taken > room && (fits > 0 || begun) {
                        break;
                    }
                    fits += part.len();
                }
                let cut = dot.unwrap_or(fits);
                let line = lines.last_mut().expect("there is a line from the start");
                line.push_str(&word[..cut]);
                word = &word[cut..];
            }
            lines.push(String::new());
            room = most - 2;
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The parts of a text that are not split: each ends at a blank, or at a parenthesis that is not empty.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let opens = |(at, _): &(usize, &str)| !rest[at + 1..].starts_with(')');
        let end = rest.match_indices([' ', '(']).find(|found| found.1 == " " || opens(found));
        let (word, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at + 1));
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// The text, truncated to `most` columns, the ellipsis included.
pub(in super::super) fn clipped(text: &str, most: usize, ascii: bool) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let ellipsis = if ascii { "..." } else { "…" };
    let mut clipped = String::new();
    for part in indivisible(text) {
        if width(&clipped) + width(part) + width(ellipsis) > most {
            break;
        }
        clipped.push_str(part);
    }
    clipped + ellipsis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_ends_within_an_escape() {
        let text = r"\x0d\x0a".repeat(10);
        for most in 8..40 {
            let lines = wrapped(&text, most);
            assert_eq!(lines.concat(), text);
            assert!(lines.iter().all(|line| line.len() % 4 == 0 && line.len() <= most), "{most}: {lines:?}");
            let cut = clipped(&text, most, false);
            assert_eq!(cut.trim_end_matches('…').len() % 4, 0, "{most}: {cut}");
        }
    }
}
