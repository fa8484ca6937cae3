//! The line characters of the text figure.

/// A set of line characters.
pub(super) struct Glyphs {
    pub(super) line: &'static str,
    pub(super) waits: &'static str,
    pub(super) call: &'static str,
    pub(super) end: &'static str,
    pub(super) solid: &'static str,
    pub(super) dashed: &'static str,
    pub(super) left: &'static str,
    pub(super) right: &'static str,
    pub(super) from_left: &'static str,
    pub(super) from_right: &'static str,
    pub(super) fails: &'static str,
    pub(super) takes: &'static str,
    pub(super) gives: &'static str,
    pub(super) again: &'static str,
}

pub(super) const BOX: Glyphs = Glyphs {
    line: "│",
    waits: "┊",
    call: "├",
    end: "┴",
    solid: "─",
    dashed: "╌",
    left: "◄",
    right: "►",
    from_left: "├",
    from_right: "┤",
    fails: "✗",
    takes: "◂",
    gives: "▸",
    again: "⋮",
};

pub(super) const ASCII: Glyphs = Glyphs {
    line: "|",
    waits: ":",
    call: "+",
    end: "+",
    solid: "-",
    dashed: ".",
    left: "<",
    right: ">",
    from_left: "+",
    from_right: "+",
    fails: "x",
    takes: "<-",
    gives: "->",
    again: "*",
};
