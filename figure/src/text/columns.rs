//! Assigns programs to columns.

use super::super::timeline::base;
use super::super::{Model, TextOptions, untraced};

/// The minimum width of a column.
const NARROWEST: usize = 26;
/// The maximum width of a column.
const WIDEST: usize = 56;

/// A column of the figure.
#[derive(Debug)]
pub(super) struct Column {
    /// The position of its line.
    pub(super) line: usize,
    /// The maximum width of its text.
    pub(super) room: usize,
    /// Its heading.
    pub(super) title: String,
    pub(super) subtitle: String,
    /// Whether it is of the programs that are not traced.
    pub(super) untraced: bool,
}

/// The columns from left to right, and for each program its column and, if several share it, its number there.
pub(super) fn columns(
    model: &Model,
    options: &TextOptions,
    margin: usize,
) -> (Vec<Column>, Vec<(usize, Option<usize>)>) {
    let fit = (options.width.saturating_sub(margin) / NARROWEST).max(1);
    // With a single column, arrows that leave it and reach it say enough.
    let untraced = untraced::has_column(model) && fit > 1;
    let groups = groups(model, fit - usize::from(untraced));
    let number = groups.len() + usize::from(untraced);
    let each = (options.width.saturating_sub(margin) / number.max(1)).clamp(NARROWEST, WIDEST);
    let mut places = vec![(0, None); model.programs.len()];
    let mut columns = Vec::with_capacity(groups.len());
    for (index, (title, programs)) in groups.into_iter().enumerate() {
        for (nth, program) in programs.iter().enumerate() {
            places[*program] = (index, (programs.len() > 1).then_some(nth + 1));
        }
        let first = &model.programs[programs[0]];
        let role = if first.serves { "server" } else { "client" };
        let subtitle = match (&*first.language, programs.len()) {
            ("", 1) => role.to_owned(),
            (language, 1) => format!("{role}, {language}"),
            (_, many) => format!("{many} programs, [1] to [{many}]"),
        };
        let line = margin + index * each;
        columns.push(Column { line, room: each - 3, title, subtitle, untraced: false });
    }
    if untraced {
        let (title, subtitle) = (untraced::name(model).to_owned(), untraced::about(model).to_owned());
        let line = margin + columns.len() * each;
        columns.push(Column { line, room: each - 3, title, subtitle, untraced });
    }
    (columns, places)
}

/// Groups the programs into at most `fit` columns: each alone, or by name, or the last ones together.
fn groups(model: &Model, fit: usize) -> Vec<(String, Vec<usize>)> {
    let alone = |program: usize| (model.programs[program].name.clone(), vec![program]);
    if model.programs.len() <= fit {
        return (0..model.programs.len()).map(alone).collect();
    }
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (program, of) in model.programs.iter().enumerate() {
        let base = base(&of.name);
        match groups
            .iter_mut()
            .find(|(name, others)| name == base && model.programs[others[0]].serves == of.serves)
        {
            Some((_, programs)) => programs.push(program),
            None => groups.push((base.to_owned(), vec![program])),
        }
    }
    while groups.len() > fit && groups.len() > 1 {
        let (_, last) = groups.pop().unwrap_or_default();
        if let Some((name, programs)) = groups.last_mut() {
            "other programs".clone_into(name);
            programs.extend(last);
        }
    }
    groups
}
