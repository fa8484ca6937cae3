//! The board as a person reads it, and as a program does.

use std::fmt::Write;

use capsock::{Concurrency, Transport};
use serde_json::{Value, json};

use super::board::{Board, Cell, Outcome};

/// The matrix, what failed, and the sum.
pub(super) fn text(board: &Board, seconds: f64, coloured: bool) -> String {
    let mut text = String::new();
    for &transport in Transport::ALL {
        block(&mut text, board, transport, coloured);
        text.push('\n');
    }
    let kinds: Vec<_> =
        Concurrency::ALL.iter().map(|one| format!("{} {}", letter(*one), one.name())).collect();
    line(&mut text, format_args!("servers: {}", kinds.join(", ")));
    line(&mut text, format_args!("cells: ok every reply was right, NO failed, -- no result\n"));
    failures(&mut text, board);
    too_large(&mut text, board);
    let (all, passed) = (board.cells.len(), board.passed());
    let failed = all - passed;
    let sum = format!("{all} cells: {passed} passed, {failed} failed in {seconds:.1} s");
    line(&mut text, paint(&sum, if board.good() { GREEN } else { RED }, coloured));
    text
}

const GREEN: &str = "32";
const RED: &str = "1;31";
const YELLOW: &str = "33";

fn paint(text: &str, colour: &str, coloured: bool) -> String {
    if coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

fn line(text: &mut String, what: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}

fn letter(concurrency: Concurrency) -> char {
    concurrency.name().chars().next().unwrap_or('?').to_ascii_uppercase()
}

/// One transport: a row for each client, for each server language a column of each concurrency.
fn block(text: &mut String, board: &Board, transport: Transport, coloured: bool) {
    let first =
        board.languages.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("client".len());
    let letters =
        Concurrency::ALL.iter().map(|one| format!("{} ", letter(*one))).collect::<Vec<_>>().join(" ");
    let width = |name: &str| letters.len().max("server ".len() + name.chars().count());

    let mut names = format!("{:first$}", transport.name().to_uppercase());
    let mut columns = format!("{:first$}", "client");
    for name in &board.languages {
        let width = width(name);
        let _ = write!(names, "  {:width$}", format!("server {name}"));
        let _ = write!(columns, "  {letters:width$}");
    }
    line(text, names.trim_end());
    line(text, columns.trim_end());
    for (client, name) in board.languages.iter().enumerate() {
        let mut row = format!("{name:first$}");
        for (server, name) in board.languages.iter().enumerate() {
            let of = |cell: &&Cell| (cell.client, cell.server, cell.transport) == (client, server, transport);
            let marks: Vec<_> =
                board.cells.iter().filter(of).map(|cell| mark(&cell.outcome, coloured)).collect();
            let shown = 3 * marks.len() - 1;
            let _ = write!(row, "  {}{:2$}", marks.join(" "), "", width(name).saturating_sub(shown));
        }
        line(text, row.trim_end());
    }
}

fn mark(outcome: &Outcome, coloured: bool) -> String {
    match outcome {
        Outcome::Passed(_) => paint("ok", GREEN, coloured),
        Outcome::Failed(_) => paint("NO", RED, coloured),
        Outcome::Missing(_) => paint("--", YELLOW, coloured),
    }
}

/// Each failure's text once, behind the cells that it belongs to.
fn failures(text: &mut String, board: &Board) {
    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
    for cell in &board.cells {
        let (Outcome::Failed(why) | Outcome::Missing(why)) = &cell.outcome else { continue };
        let name = format!(
            "{} client, {} server, {} {}",
            board.languages[cell.client],
            board.languages[cell.server],
            cell.transport.name(),
            cell.concurrency.name()
        );
        match told.iter_mut().find(|(other, _)| other == why) {
            Some((_, cells)) => cells.push(name),
            None => told.push((why, vec![name])),
        }
    }
    for (why, cells) in &told {
        let more = if cells.len() > 1 { format!(" and {} more", cells.len() - 1) } else { String::new() };
        line(text, format_args!("failed: {}{more}: {why}", cells[0]));
    }
    for trouble in &board.troubles {
        line(text, format_args!("failed: {trouble}"));
    }
    if !told.is_empty() || !board.troubles.is_empty() {
        text.push('\n');
    }
}

/// What a client says of a text that fits no datagram: an error, and the right one.
fn too_large(text: &mut String, board: &Board) {
    let refusal = board.cells.iter().find_map(|cell| match &cell.outcome {
        Outcome::Passed(detail) if cell.transport == Transport::Udp && detail.starts_with("could not") => {
            Some((&board.languages[cell.client], detail))
        }
        _ => None,
    });
    if let Some((client, detail)) = refusal {
        line(text, "One text is too long for a datagram, so over UDP the right answer is an error, which is");
        line(text, format_args!("part of every UDP cell. In the words of the {client} client:"));
        line(text, format_args!("  {detail}\n"));
    }
}

/// The same as one JSON object.
pub(super) fn json(board: &Board, seconds: f64) -> Value {
    let cells: Vec<_> = board.cells.iter().map(|cell| cell_json(board, cell)).collect();
    json!({
        "cells": cells,
        "troubles": board.troubles,
        "passed": board.passed(),
        "failed": board.cells.len() - board.passed(),
        "seconds": seconds,
    })
}

fn cell_json(board: &Board, cell: &Cell) -> Value {
    let (result, detail) = match &cell.outcome {
        Outcome::Passed(detail) => ("ok", detail),
        Outcome::Failed(why) => ("failed", why),
        Outcome::Missing(why) => ("missing", why),
    };
    json!({
        "client": board.languages[cell.client],
        "server": board.languages[cell.server],
        "transport": cell.transport.name(),
        "concurrency": cell.concurrency.name(),
        "result": result,
        "detail": detail,
    })
}
