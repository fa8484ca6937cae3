//! Prints the matrix as text or JSON.

use std::fmt::Write;

use capsock::{Concurrency, Transport};
use serde_json::{Value, json};

use super::matrix::{Cell, Matrix, Outcome};

/// The matrix, the failures and the sum.
pub(super) fn text(matrix: &Matrix, seconds: f64, coloured: bool) -> String {
    let mut text = String::new();
    for &transport in Transport::ALL {
        block(&mut text, matrix, transport, coloured);
        text.push('\n');
    }
    let kinds: Vec<_> =
        Concurrency::ALL.iter().map(|one| format!("{} {}", letter(*one), one.name())).collect();
    line(&mut text, format_args!("servers: {}", kinds.join(", ")));
    let unsupported = matrix.unsupported();
    let marks = if unsupported > 0 { ", na not on this system" } else { "" };
    line(&mut text, format_args!("cells: ok every reply was right, NO failed, -- no result{marks}\n"));
    failures(&mut text, matrix);
    too_large(&mut text, matrix);
    let (all, passed, failed) = (matrix.cells.len(), matrix.passed(), matrix.failed());
    let unsupported = if unsupported > 0 { format!(", {unsupported} unsupported") } else { String::new() };
    let sum = format!("{all} cells: {passed} passed, {failed} failed{unsupported} in {seconds:.1} s");
    line(&mut text, paint(&sum, if matrix.good() { GREEN } else { RED }, coloured));
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

/// The table of one transport: a row for each client, a column for each concurrency of each server language.
fn block(text: &mut String, matrix: &Matrix, transport: Transport, coloured: bool) {
    let first =
        matrix.languages.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("client".len());
    let letters =
        Concurrency::ALL.iter().map(|one| format!("{} ", letter(*one))).collect::<Vec<_>>().join(" ");
    let width = |name: &str| letters.len().max("server ".len() + name.chars().count());

    let mut names = format!("{:first$}", transport.name().to_uppercase());
    let mut columns = format!("{:first$}", "client");
    for name in &matrix.languages {
        let width = width(name);
        let _ = write!(names, "  {:width$}", format!("server {name}"));
        let _ = write!(columns, "  {letters:width$}");
    }
    line(text, names.trim_end());
    line(text, columns.trim_end());
    for (client, name) in matrix.languages.iter().enumerate() {
        let mut row = format!("{name:first$}");
        for (server, name) in matrix.languages.iter().enumerate() {
            let of = |cell: &&Cell| (cell.client, cell.server, cell.transport) == (client, server, transport);
            let marks: Vec<_> =
                matrix.cells.iter().filter(of).map(|cell| mark(&cell.outcome, coloured)).collect();
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
        Outcome::Unsupported => "na".to_owned(),
    }
}

/// Each failure's text once, after the cells that it belongs to.
fn failures(text: &mut String, matrix: &Matrix) {
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for cell in &matrix.cells {
        let (Outcome::Failed(why) | Outcome::Missing(why)) = &cell.outcome else { continue };
        let name = format!(
            "{} client, {} server, {} {}",
            matrix.languages[cell.client],
            matrix.languages[cell.server],
            cell.transport.name(),
            cell.concurrency.name()
        );
        match by_reason.iter_mut().find(|(other, _)| other == why) {
            Some((_, cells)) => cells.push(name),
            None => by_reason.push((why, vec![name])),
        }
    }
    for (why, cells) in &by_reason {
        let more = if cells.len() > 1 { format!(" and {} more", cells.len() - 1) } else { String::new() };
        line(text, format_args!("failed: {}{more}: {why}", cells[0]));
    }
    for trouble in &matrix.other_failures {
        line(text, format_args!("failed: {trouble}"));
    }
    if !by_reason.is_empty() || !matrix.other_failures.is_empty() {
        text.push('\n');
    }
}

/// The errors that clients reported for a text that fits no datagram, as expected.
fn too_large(text: &mut String, matrix: &Matrix) {
    let refusal = matrix.cells.iter().find_map(|cell| match &cell.outcome {
        Outcome::Passed(detail) if cell.transport == Transport::Udp && detail.starts_with("could not") => {
            Some((&matrix.languages[cell.client], detail))
        }
        _ => None,
    });
    if let Some((client, detail)) = refusal {
        line(text, "One text is too long for a datagram, so over UDP the right answer is an error, which is");
        line(text, format_args!("part of every UDP cell. In the words of the {client} client:"));
        line(text, format_args!("  {detail}\n"));
    }
}

/// The matrix as one JSON object.
pub(super) fn json(matrix: &Matrix, seconds: f64) -> Value {
    let cells: Vec<_> = matrix.cells.iter().map(|cell| cell_json(matrix, cell)).collect();
    json!({
        "cells": cells,
        "other_failures": matrix.other_failures,
        "passed": matrix.passed(),
        "failed": matrix.failed(),
        "unsupported": matrix.unsupported(),
        "seconds": seconds,
    })
}

fn cell_json(matrix: &Matrix, cell: &Cell) -> Value {
    let (result, detail) = match &cell.outcome {
        Outcome::Passed(detail) => ("ok", detail.as_str()),
        Outcome::Failed(why) => ("failed", why.as_str()),
        Outcome::Missing(why) => ("missing", why.as_str()),
        Outcome::Unsupported => ("unsupported", ""),
    };
    json!({
        "client": matrix.languages[cell.client],
        "server": matrix.languages[cell.server],
        "transport": cell.transport.name(),
        "concurrency": cell.concurrency.name(),
        "result": result,
        "detail": detail,
    })
}
