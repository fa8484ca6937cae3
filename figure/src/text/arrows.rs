//! Draws the arrows of the text figure and their labels.

use super::super::label;
use super::super::{Message, MessageKind};
use super::canvas::{Style, clipped, shown, width};
use super::draw::Drawing;

impl Drawing<'_> {
    pub(super) fn arrow(&mut self, message: &Message, tag: Option<usize>) {
        let column = |step: Option<usize>| step.map(|step| self.places[self.model.steps[step].program].0);
        let (from, to) = (column(message.from), column(message.to));
        let tag = tag.map(|tag| format!("#{tag} ")).unwrap_or_default();
        let untraced = self.columns.iter().position(|column| column.untraced).filter(|_| message.untraced);
        let (ends, whole) = match (from.or(untraced), to.or(untraced)) {
            (Some(from), Some(to)) if from != to => ((from, to), true),
            (Some(from), Some(_)) => ((from, from), true),
            // The other end was not recorded: the arrow points to where it would be.
            (Some(from), None) => ((from, default_peer(from, self.columns.len())), false),
            (None, Some(to)) => ((default_peer(to, self.columns.len()), to), false),
            (None, None) => return,
        };
        let known = from.or(to).unwrap_or(0);
        if ends.0 == ends.1 {
            let sign = if to.is_none() { self.glyphs.gives } else { self.glyphs.takes };
            let column = &self.columns[known];
            let mut row = self.lines();
            let line =
                shown(&format!("{sign} {tag}{}", self.label(message, column.room)), self.options.ascii);
            let line = clipped(&line, column.room, self.options.ascii);
            row.put(column.line + 2, &line, Style::Program(known));
            row.write(self.options.colour, &mut self.out);
            return;
        }
        let rightward = ends.0 < ends.1;
        let (low, high) = (self.columns[ends.0.min(ends.1)].line, self.columns[ends.0.max(ends.1)].line);
        let solid = matches!(message.kind, MessageKind::Stream | MessageKind::Datagram);
        let sign = if solid { self.glyphs.solid } else { self.glyphs.dashed };
        let mut row = self.lines();
        let (mut begin, mut end) = (low + 1, high);
        if !whole {
            // The arrow is shortened at the end that was not recorded.
            let unseen_left = (from.is_none()) == rightward;
            let gap = (high - low) / 8;
            if unseen_left { begin += gap } else { end -= gap }
        }
        let style = Style::Program(known);
        for at in begin..end {
            row.put(at, sign, style);
        }
        let (tail, head) = if rightward { (low, high) } else { (high, low) };
        let leaves = if rightward { self.glyphs.from_left } else { self.glyphs.from_right };
        if from.is_some() || whole {
            row.put(tail, leaves, Style::Program(known));
        }
        let arrives = if rightward { self.glyphs.right } else { self.glyphs.left };
        match (to.is_some() || whole, rightward) {
            (true, _) if label::is_lost(self.model, message) => row.put(head, self.glyphs.fails, Style::Bad),
            (true, _) => row.put(head, arrives, style),
            (false, true) => row.put(end - 1, self.glyphs.fails, Style::Bad),
            (false, false) => row.put(begin, self.glyphs.fails, Style::Bad),
        };
        let room = (end - begin).saturating_sub(4);
        let text = shown(&format!("{tag}{}", self.label(message, room)), self.options.ascii);
        let text = clipped(&text, room, self.options.ascii);
        let at = begin + (end - begin).saturating_sub(width(&text) + 2) / 2;
        row.put(at, &format!(" {text} "), Style::Plain);
        row.write(self.options.colour, &mut self.out);
    }

    /// The label of an arrow, at most `room` columns wide.
    fn label(&self, message: &Message, room: usize) -> String {
        let note = label::note(self.model, message).map(|note| format!(", {note}")).unwrap_or_default();
        // Space for quotes, and for the number of bytes if the payload is truncated.
        let room = room.saturating_sub(width(&note) + 2);
        let all = message.bytes <= room.min(32) as u64;
        let most = if all { room } else { room.saturating_sub(12).clamp(4, 32) };
        let text = match message.kind {
            MessageKind::Handshake => "connection setup".to_owned(),
            MessageKind::HalfClose => "end of stream".to_owned(),
            MessageKind::Reset => "reset".to_owned(),
            _ => label::message(message, i32::try_from(most).unwrap_or(i32::MAX)),
        };
        text + &note
    }
}

/// The column that stands for a peer that was not recorded.
fn default_peer(column: usize, columns: usize) -> usize {
    if column > 0 { 0 } else { 1.min(columns - 1) }
}
