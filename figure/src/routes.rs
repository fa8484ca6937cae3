//! Routes the arrows of the socket-interaction figure: horizontally to the receiver's column, then down to the call
//! that receives. The vertical part shows how long data was in a buffer or a connection in the backlog. Labels are between
//! columns, each in a slot of its own.

use std::collections::BTreeMap;

use super::escape::columns as width_of;
use super::grid::{CallBox, Column, Row};
use super::{Message, MessageKind, Model, label};

const TRACK: i32 = 11;
/// The number of calls in which the program at an address is looked for.
const MAX_SEARCHED: usize = 400;
pub(super) const BACKLOG: i32 = 70;

/// An arrow and its route.
pub(super) struct Arrow {
    /// An index into [`Model::messages`].
    pub(super) message: usize,
    pub(super) label: String,
    pub(super) note: Option<String>,
    /// Its start and its end.
    pub(super) from: (i32, i32),
    pub(super) to: (i32, i32),
    /// The x coordinate of its vertical part; for a horizontal arrow, that of `to`.
    pub(super) down: i32,
    /// The x coordinate of the label's middle.
    pub(super) label_at: i32,
    pub(super) backlog: Option<i32>,
}

/// The space to the left of the column with the same index.
#[derive(Clone, Default)]
pub(super) struct Gap {
    pub(super) x: i32,
    pub(super) end: i32,
    label: i32,
    /// The numbers of vertical tracks of arrows to the left and to the right column.
    tracks: [i32; 2],
    backlog: [i32; 2],
}

/// Arrows by columns and rows, before these have coordinates.
pub(super) struct Routes {
    pub(super) gaps: Vec<Gap>,
    plans: Vec<Plan>,
}

struct Plan {
    message: usize,
    from: Option<End>,
    to: Option<End>,
    label: String,
    note: Option<String>,
    /// The row of its horizontal part, and its slot in that row.
    row: usize,
    slot: i32,
    right: bool,
    handshake: bool,
    label_gap: usize,
    track_gap: usize,
    track: i32,
    /// The column of the programs that are not traced, if the other end is one of them.
    untraced: Option<usize>,
}

#[derive(Clone, Copy)]
struct End {
    step: usize,
    column: usize,
    row: usize,
}

impl Gap {
    pub(super) fn width(&self, least: i32) -> i32 {
        let zones: i32 = self.tracks.iter().map(|tracks| tracks * TRACK).sum();
        (self.label + zones + self.backlog[0] + self.backlog[1] + 12).max(least)
    }

    fn label_middle(&self) -> i32 {
        let left = self.x + self.tracks[0] * TRACK + self.backlog[0];
        let right = self.end - self.tracks[1] * TRACK - self.backlog[1];
        (left + right) / 2
    }
}

impl Routes {
    pub(super) fn new(
        model: &Model,
        messages: &[usize],
        columns: &[Column],
        boxes: &BTreeMap<usize, CallBox>,
        rows: &mut [Row],
    ) -> Self {
        let mut routes =
            Self { gaps: vec![Gap::default(); columns.len() + 1], plans: Vec::with_capacity(boxes.len()) };
        let mut used = vec![0; rows.len()];
        for &index in messages {
            routes.plan(model, columns, boxes, &mut used, (index, &model.messages[index]));
        }
        for (row, used) in rows.iter_mut().zip(used) {
            (row.slots, row.slot) = (used.max(1), 20);
        }
        for plan in routes.plans.iter().filter(|plan| plan.note.is_some()) {
            rows[plan.row].slot = 34;
        }
        routes.assign_tracks();
        routes
    }

    fn plan(
        &mut self,
        model: &Model,
        columns: &[Column],
        boxes: &BTreeMap<usize, CallBox>,
        used: &mut [i32],
        (index, message): (usize, &Message),
    ) {
        let end = |step: Option<usize>, begin: bool| {
            let (step, call_box) = step.and_then(|step| Some((step, boxes.get(&step)?)))?;
            if call_box.open && !begin {
                return None;
            }
            Some(End {
                step,
                column: call_box.column,
                row: if begin { call_box.begin } else { call_box.end },
            })
        };
        let (from, to) = (end(message.from, true), end(message.to, false));
        let Some(near) = from.or(to) else { return };
        let mut note = label::note(model, message);
        if message.to.is_some() && to.is_none() {
            note = Some("received later, not drawn".to_owned());
        } else if message.from.is_some() && from.is_none() {
            note = Some("sent before, not drawn".to_owned());
        }
        // An unmatched arrow points to the program at its peer's address, or else to the nearest other program.
        let untraced = message.untraced.then(|| columns.len() - 1);
        let other = from.and(to).map(|to| to.column).or(untraced).or_else(|| peer(model, columns, near));
        let mut right = match other {
            Some(other) => other >= near.column,
            None => near.column == 0,
        };
        if from.is_none() {
            right = !right; // it comes from there
        }
        let label = label::message(message, 26);
        let handshake = message.kind == MessageKind::Handshake && !message.untraced;
        let label_width =
            (width_of(&label) * 22 / 3).max(note.as_deref().map_or(0, |note| width_of(note) * 7)) + 24;
        let outwards = if from.is_some() { right } else { !right };
        let within = other.is_some_and(|other| columns[other].program == columns[near.column].program);
        let label_gap = if within {
            near.column + usize::from(outwards)
        } else {
            between_programs(columns, near.column, outwards)
        };
        let same = matches!((from, to), (Some(from), Some(to)) if from.column == to.column);
        let track_gap = match to {
            // An arrow to the right ends on the left side of its column.
            Some(to) if !same => to.column + usize::from(!right),
            _ => label_gap,
        };
        self.gaps[label_gap].label = self.gaps[label_gap].label.max(label_width);
        if handshake {
            let side = usize::from(right && !same);
            self.gaps[track_gap].backlog[side] = BACKLOG + 8;
        }
        let slot = used[near.row];
        used[near.row] += 1;
        self.plans.push(Plan {
            message: index,
            from,
            to,
            label,
            note,
            row: near.row,
            slot,
            right,
            handshake,
            label_gap,
            track_gap,
            track: 0,
            untraced,
        });
    }

    /// Assigns tracks to vertical parts, so that two that overlap do not share one.
    fn assign_tracks(&mut self) {
        let mut taken: Vec<(usize, bool, Vec<usize>)> = Vec::new();
        for plan in &mut self.plans {
            let (Some(_), Some(to)) = (plan.from, plan.to) else { continue };
            let side = plan.right && plan.track_gap == to.column;
            let place = taken
                .iter()
                .position(|(gap, right, _)| (*gap, *right) == (plan.track_gap, side))
                .unwrap_or(taken.len());
            if place == taken.len() {
                taken.push((plan.track_gap, side, Vec::new()));
            }
            let tracks = &mut taken[place].2;
            let free = tracks.iter().position(|&last| last < plan.row).unwrap_or(tracks.len());
            if free == tracks.len() {
                tracks.push(0);
            }
            tracks[free] = to.row;
            plan.track = free as i32; // bounded by the rows
            let zone = &mut self.gaps[plan.track_gap].tracks[usize::from(side)];
            *zone = (*zone).max(free as i32 + 2);
        }
    }

    pub(super) fn placed(
        &self,
        columns: &[Column],
        boxes: &BTreeMap<usize, CallBox>,
        rows: &[Row],
    ) -> Vec<Arrow> {
        let edge = |end: End, begin: bool, right: bool| {
            let half = boxes[&end.step].half_width(begin);
            columns[end.column].middle() + if right { half } else { -half }
        };
        let place = |plan: &Plan| {
            let y = rows[plan.row].y + plan.slot * rows[plan.row].slot;
            let label_gap = &self.gaps[plan.label_gap];
            let gap = &self.gaps[plan.track_gap];
            let middle = label_gap.label_middle();
            let stop = label_gap.label / 2;
            let beyond = plan.untraced.map(|column| columns[column].middle());
            let (from, to, down, backlog) = match (plan.from, plan.to) {
                (Some(from), Some(to)) => {
                    let arrives_left = plan.right && plan.track_gap == to.column;
                    let step = (plan.track + 1) * TRACK;
                    let down = match (from.column == to.column, arrives_left) {
                        (true, _) => middle + stop,
                        (false, true) => gap.end - step,
                        (false, false) => gap.x + step,
                    };
                    let inner = gap.tracks[usize::from(arrives_left)] * TRACK;
                    let backlog = plan.handshake.then_some(if arrives_left {
                        gap.end - inner - BACKLOG
                    } else {
                        gap.x + inner
                    });
                    (
                        (edge(from, true, plan.right), y),
                        (edge(to, false, !arrives_left), rows[to.row].y),
                        down,
                        backlog,
                    )
                }
                (Some(from), None) => {
                    let inner = gap.tracks[usize::from(plan.right)] * TRACK;
                    let backlog = plan.handshake.then_some(if plan.right {
                        gap.end - inner - BACKLOG
                    } else {
                        gap.x + inner
                    });
                    let x = match (backlog, plan.right) {
                        (Some(backlog), true) => backlog,
                        (Some(backlog), false) => backlog + BACKLOG,
                        (None, true) => beyond.unwrap_or(middle + stop),
                        (None, false) => beyond.unwrap_or(middle - stop),
                    };
                    ((edge(from, true, plan.right), y), (x, y), x, backlog)
                }
                (None, Some(to)) => {
                    let x = beyond.unwrap_or(if plan.right { middle - stop } else { middle + stop });
                    ((x, y), (edge(to, false, !plan.right), y), x, None)
                }
                (None, None) => unreachable!("an arrow has an end that is drawn"),
            };
            Arrow {
                message: plan.message,
                label: plan.label.clone(),
                note: plan.note.clone(),
                from,
                to,
                down,
                label_at: middle,
                backlog,
            }
        };
        self.plans.iter().map(place).collect()
    }
}

/// The nearest gap between the column's program and another one, or else the gap beside the column.
fn between_programs(columns: &[Column], column: usize, right: bool) -> usize {
    let program = columns[column].program;
    if right {
        let same = columns[column..].iter().take_while(|other| other.program == program).count();
        column + same
    } else {
        let same = columns[..=column].iter().rev().take_while(|other| other.program == program).count();
        column + 1 - same
    }
}

/// A column of the program that has the peer's address of the call at this end.
fn peer(model: &Model, columns: &[Column], end: End) -> Option<usize> {
    let address = model.steps[end.step].call.peer?;
    let own = model.steps[end.step].socket;
    let mut others = model.steps.iter().take(MAX_SEARCHED).filter(|step| step.socket != own);
    let other = others.find(|step| {
        step.call.local.is_some_and(|local| {
            local == address || local.ip().is_unspecified() && local.port() == address.port()
        })
    })?;
    columns.iter().position(|column| column.program == other.program)
}
