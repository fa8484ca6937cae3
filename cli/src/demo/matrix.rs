//! The results: a cell for each client and each server.

use capsock::{Concurrency, Transport};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// Every reply was right.
    Passed(String),
    /// A reply was wrong, or there was an error.
    Failed(String),
    /// There is no result, for this reason.
    Missing(String),
    /// The server's system has no such server.
    Unsupported,
}

/// A client against a server; both are indices into [`Matrix::languages`].
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) client: usize,
    pub(super) server: usize,
    pub(super) transport: Transport,
    pub(super) concurrency: Concurrency,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) languages: Vec<String>,
    pub(super) cells: Vec<Cell>,
    /// Failures that belong to no cell, such as a server that exits with an error.
    pub(super) other_failures: Vec<String>,
}

impl Matrix {
    pub(super) fn new(languages: &[String]) -> Matrix {
        let mut cells = Vec::new();
        for &transport in Transport::ALL {
            for client in 0..languages.len() {
                for server in 0..languages.len() {
                    for &concurrency in Concurrency::ALL {
                        let outcome = Outcome::Missing("it was not asked".to_owned());
                        cells.push(Cell { client, server, transport, concurrency, outcome });
                    }
                }
            }
        }
        Matrix { languages: languages.to_vec(), cells, other_failures: Vec::new() }
    }

    pub(super) fn set(&mut self, client: usize, to: &Address, outcome: Outcome) {
        let of = |cell: &&mut Cell| {
            (cell.client, cell.server, cell.transport, cell.concurrency)
                == (client, to.server, to.transport, to.concurrency)
        };
        if let Some(cell) = self.cells.iter_mut().find(of) {
            cell.outcome = outcome;
        }
    }

    /// Sets the reason for every cell that `which` selects and that has no result.
    pub(super) fn explain(&mut self, reason: &str, which: impl Fn(&Cell) -> bool) {
        for cell in self.cells.iter_mut().filter(|cell| which(cell)) {
            if let Outcome::Missing(why) = &mut cell.outcome {
                *why = reason.to_owned();
            }
        }
    }

    /// Takes the cells of a server that its peer has named as unsupported, and returns how many there are.
    pub(super) fn without(&mut self, server: usize, transport: Transport, concurrency: Concurrency) -> usize {
        let of = |cell: &&mut Cell| {
            (cell.server, cell.transport, cell.concurrency) == (server, transport, concurrency)
        };
        self.cells.iter_mut().filter(of).map(|cell| cell.outcome = Outcome::Unsupported).count()
    }

    pub(super) fn passed(&self) -> usize {
        self.cells.iter().filter(|cell| matches!(cell.outcome, Outcome::Passed(_))).count()
    }

    pub(super) fn unsupported(&self) -> usize {
        self.cells.iter().filter(|cell| cell.outcome == Outcome::Unsupported).count()
    }

    pub(super) fn failed(&self) -> usize {
        self.cells.len() - self.passed() - self.unsupported()
    }

    pub(super) fn good(&self) -> bool {
        self.failed() == 0 && self.other_failures.is_empty()
    }
}

/// The address of a server, from the line that its peer prints: `tcp threads 40123`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Address {
    pub(super) server: usize,
    pub(super) transport: Transport,
    pub(super) concurrency: Concurrency,
    pub(super) port: u16,
}

impl Address {
    pub(super) fn parse(server: usize, line: &str) -> Option<Address> {
        let mut words = line.split_whitespace();
        let address = Address {
            server,
            transport: words.next()?.parse().ok()?,
            concurrency: words.next()?.parse().ok()?,
            port: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(address)
    }

    pub(super) fn line(&self) -> String {
        format!("{} {} {}", self.transport.name(), self.concurrency.name(), self.port)
    }
}

/// The kind of server that a peer's system has not, from the line that the peer prints: `tcp processes unsupported`.
pub(super) fn parse_unsupported(line: &str) -> Option<(Transport, Concurrency)> {
    let mut words = line.split_whitespace();
    let kind = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (words.next() == Some("unsupported") && words.next().is_none()).then_some(kind)
}
