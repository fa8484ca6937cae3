//! Draws the arrows of the socket-interaction figure and its legend. Each kind of arrow differs from the others in its
//! line and its end as well as its colour.

use super::canvas::{Anchor, Canvas};
use super::grid::CallBox;
use super::layout::Layout;
use super::routes::{Arrow, BACKLOG};
use super::{Message, MessageKind, Model, label, untraced};

const CORNER: i32 = 9;

/// An entry of the legend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Data,
    Handshake,
    End,
    Reset,
    Refused,
    Lost,
    Unseen,
    Wait,
}

impl Symbol {
    /// The symbols that a figure contains.
    pub(super) fn used(model: &Model, layout: &Layout) -> Vec<Self> {
        let drawn = || layout.arrows.iter().map(|arrow| &model.messages[arrow.message]);
        [
            (Self::Data, drawn().any(|message| Self::of(message) == Self::Data)),
            (Self::Handshake, drawn().any(|message| Self::of(message) == Self::Handshake)),
            (Self::End, drawn().any(|message| Self::of(message) == Self::End)),
            (Self::Reset, drawn().any(|message| Self::of(message) == Self::Reset)),
            (Self::Refused, drawn().any(|message| Self::of(message) == Self::Refused)),
            (Self::Lost, drawn().any(|message| label::is_lost(model, message))),
            (Self::Unseen, drawn().any(is_unseen)),
            (Self::Wait, layout.boxes.values().any(CallBox::waits)),
        ]
        .into_iter()
        .filter_map(|(symbol, used)| used.then_some(symbol))
        .collect()
    }

    fn of(message: &Message) -> Self {
        match message.kind {
            MessageKind::Stream | MessageKind::Datagram => Self::Data,
            MessageKind::Handshake => Self::Handshake,
            MessageKind::HalfClose => Self::End,
            MessageKind::Reset => Self::Reset,
            MessageKind::Refused => Self::Refused,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Handshake => "handshake",
            Self::End => "end",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::Lost => "data",
            Self::Unseen => "data unseen",
            Self::Wait => "",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Handshake => "handshake, into the backlog",
            Self::End => "end of stream (half-close)",
            Self::Reset => "reset",
            Self::Refused => "connection refused",
            Self::Lost => "lost on the link",
            Self::Unseen => "no receive seen",
            Self::Wait => "call waits",
        }
    }

    fn width(self) -> i32 {
        74 + super::escape::columns(self.meaning()) * 7
    }
}

fn is_unseen(message: &Message) -> bool {
    message.to.is_none()
        && !message.untraced
        && !matches!(message.kind, MessageKind::Handshake | MessageKind::Refused)
}

pub(super) fn draw(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    let drawn = |step: &usize| layout.boxes.contains_key(step);
    let number = |step: Option<usize>| step.filter(drawn).map(|step| layout.numbers[step]);
    for arrow in &layout.arrows {
        let message = &model.messages[arrow.message];
        let symbol = Symbol::of(message);
        let unseen = if is_unseen(message) { " unseen" } else { "" };
        let class = format!("arrow {}{unseen}", symbol.class());
        let note = arrow.note.as_deref().unwrap_or("");
        canvas.open_group(
            &class,
            [number(message.from), number(message.to)],
            &described(model, message, &arrow.label, note),
        );
        canvas.path("way", &path_of(arrow));
        let leaves_right =
            arrow.down > arrow.from.0 || (arrow.down == arrow.from.0 && arrow.to.0 > arrow.from.0);
        let arrives_right = if arrow.to.0 == arrow.down { leaves_right } else { arrow.to.0 > arrow.down };
        let at = arrow.to;
        match symbol {
            Symbol::Refused => cross(canvas, at),
            _ if is_unseen(message) => canvas.path("open", &circle(at)),
            Symbol::Reset => {
                head(canvas, at, arrives_right);
                cross(canvas, (if arrives_right { at.0 - 18 } else { at.0 + 18 }, at.1));
            }
            Symbol::End => {
                head(canvas, at, arrives_right);
                let x = arrow.from.0 + if leaves_right { 5 } else { -5 };
                canvas.line("bar", (x, arrow.from.1 - 6), (x, arrow.from.1 + 6));
            }
            _ if label::is_lost(model, message) => cross(canvas, at),
            _ => head(canvas, at, arrives_right),
        }
        if message.from.is_none() && !message.untraced {
            canvas.path("open", &circle(arrow.from));
        }
        if let Some(x) = arrow.backlog {
            canvas.rect("backlog", (x, arrow.from.1 - 10), (BACKLOG, 20), 3);
            canvas.text("small", (x + BACKLOG / 2, arrow.from.1 + 4), Anchor::Middle, "backlog");
        }
        canvas.text("label", (arrow.label_at, arrow.from.1 - 5), Anchor::Middle, &arrow.label);
        if let Some(note) = &arrow.note {
            canvas.text("note", (arrow.label_at, arrow.from.1 + 13), Anchor::Middle, note);
        }
        canvas.close_group();
    }
}

fn described(model: &Model, message: &Message, label: &str, note: &str) -> String {
    let name = |step: Option<usize>, unknown: &str| {
        step.map_or_else(|| unknown.to_owned(), |step| model.programs[model.steps[step].program].name.clone())
    };
    let unknown = if message.untraced { untraced::name(model) } else { "an unseen sender" };
    let mut text = format!("{label}, from {}", name(message.from, unknown));
    if message.to.is_some() || message.untraced {
        text.push_str(" to ");
        text.push_str(&name(message.to, untraced::name(model)));
    }
    if !note.is_empty() {
        text.push_str(", ");
        text.push_str(note);
    }
    text
}

/// The SVG path of an arrow: horizontal, vertical, horizontal, with round corners.
fn path_of(arrow: &Arrow) -> String {
    let ((x, y), (to_x, to_y)) = (arrow.from, arrow.to);
    if y == to_y || arrow.down == to_x {
        return format!("M{x},{y}L{to_x},{to_y}");
    }
    let down = if to_y > y { 1 } else { -1 };
    let corner = CORNER.min((to_y - y).abs() / 2);
    let enters = if arrow.down > x { -corner } else { corner };
    let leaves = if to_x > arrow.down { corner } else { -corner };
    let at = arrow.down;
    let mut path = format!("M{x},{y}H{}Q{at},{y} {at},{}", at + enters, y + corner * down);
    path.push_str(&format!("V{}Q{at},{to_y} {},{to_y}H{to_x}", to_y - corner * down, at + leaves));
    path
}

fn head(canvas: &mut Canvas, (x, y): (i32, i32), right: bool) {
    let back = if right { x - 10 } else { x + 10 };
    canvas.path("head", &format!("M{x},{y}L{back},{}L{back},{}Z", y - 5, y + 5));
}

fn cross(canvas: &mut Canvas, (x, y): (i32, i32)) {
    canvas.path("cross", &format!("M{},{}l10,10m0,-10l-10,10", x - 5, y - 5));
}

fn circle((x, y): (i32, i32)) -> String {
    format!("M{},{y}a5,5 0 1 0 10,0a5,5 0 1 0 -10,0Z", x - 5)
}

pub(super) fn legend_rows(symbols: &[Symbol], width: i32) -> i32 {
    placed(symbols, width).last().map_or(0, |(_, (_, row))| row + 1)
}

fn placed(symbols: &[Symbol], width: i32) -> Vec<(Symbol, (i32, i32))> {
    let (mut x, mut row) = (24, 0);
    let mut placed = Vec::new();
    for &symbol in symbols {
        if x > 24 && x + symbol.width() > width {
            (x, row) = (24, row + 1);
        }
        placed.push((symbol, (x, row)));
        x += symbol.width();
    }
    placed
}

/// Draws the legend.
pub(super) fn legend(canvas: &mut Canvas, symbols: &[Symbol], y: i32) {
    let width = canvas.width();
    for (symbol, (x, row)) in placed(symbols, width) {
        let y = y + row * 26;
        canvas.open_legend(&format!("arrow {}", symbol.class()));
        match symbol {
            Symbol::Wait => canvas.hatched("wait", (x + 14, y - 8), (14, 16)),
            Symbol::Handshake => {
                canvas.path("way", &format!("M{x},{y}H{}", x + 44));
                canvas.rect("backlog", (x + 18, y - 7), (16, 14), 3);
                head(canvas, (x + 46, y), true);
            }
            Symbol::Refused | Symbol::Lost => {
                canvas.path("way", &format!("M{x},{y}H{}", x + 40));
                cross(canvas, (x + 40, y));
            }
            Symbol::Unseen => {
                canvas.path("way", &format!("M{x},{y}H{}", x + 40));
                canvas.path("open", &circle((x + 40, y)));
            }
            _ => {
                canvas.path("way", &format!("M{x},{y}H{}", x + 44));
                head(canvas, (x + 46, y), true);
                if symbol == Symbol::End {
                    canvas.line("bar", (x + 4, y - 6), (x + 4, y + 6));
                }
                if symbol == Symbol::Reset {
                    cross(canvas, (x + 28, y));
                }
            }
        }
        canvas.text("soft", (x + 54, y + 4), Anchor::Start, symbol.meaning());
        canvas.close_group();
    }
}
