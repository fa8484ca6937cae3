//! The floors of the core: the table of docs/architecture.md whose header begins `| floor | rooms | knows |`.
//!
//! A row has the number of the floor, the floor's rooms, and what these may use. A room is a path in backticks, from
//! core/src on: a folder, or a file with or without `.rs`. Of two rooms of which one is in the other, the inner one
//! counts, so that `net/` may stand above `net/sys/`. `below` in the last column: the room itself and lower floors.
//! `nothing above`: the other rooms of this floor as well. The crate's root, lib.rs, has no floor and may use all.

use std::path::{Path, PathBuf};

use crate::workspace::{read, root};

const SOURCE: &str = "core/src";

pub(crate) struct Floors {
    rooms: Vec<Room>,
}

struct Room {
    path: PathBuf,
    floor: u32,
    /// Whether it may use the other rooms of its floor.
    neighbours: bool,
}

impl Floors {
    pub(crate) fn read() -> Self {
        Self { rooms: rooms(&read(Path::new("docs/architecture.md")).unwrap()) }
    }

    /// Whether a file may use another one.
    pub(crate) fn allow(&self, from: &Path, to: &Path) -> bool {
        match (self.room(from), self.room(to)) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(from), Some(to)) => {
                to.floor < from.floor || from.path == to.path || from.neighbours && to.floor == from.floor
            }
        }
    }

    /// Rooms that are not there, and files without a room.
    pub(crate) fn misfits(&self, files: &[PathBuf]) -> Vec<String> {
        let rooms = self.rooms.iter().map(|room| &room.path);
        let empty = rooms.filter(|path| {
            let path = root().join(SOURCE).join(path);
            !path.is_dir() && !path.with_extension("rs").is_file()
        });
        let homeless = files.iter().filter(|file| self.room(file).is_none() && !file.ends_with("src/lib.rs"));
        empty
            .map(|path| format!("there is no {}", path.display()))
            .chain(homeless.map(|file| format!("{} has no floor", file.display())))
            .collect()
    }

    /// The innermost room that a file is in.
    fn room(&self, file: &Path) -> Option<&Room> {
        let file = file.strip_prefix(SOURCE).expect("a file of the core").with_extension("");
        let around = self.rooms.iter().filter(|room| file.starts_with(&room.path));
        around.max_by_key(|room| room.path.components().count())
    }
}

/// The rooms of the table.
fn rooms(text: &str) -> Vec<Room> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("| floor | rooms | knows |"));
    lines.next().expect("docs/architecture.md has the table");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [floor, rooms, knows, ..] = cells[..] else { panic!("a row of three cells: {row}") };
        let floor = floor.parse().unwrap_or_else(|_| panic!("a row begins with a number: {row}"));
        let neighbours = match knows {
            "below" => false,
            "nothing above" => true,
            _ => panic!("a row ends with `below` or `nothing above`: {row}"),
        };
        let paths = rooms.split('`').skip(1).step_by(2);
        paths.map(move |path| Room { path: PathBuf::from(path.trim_end_matches(".rs")), floor, neighbours })
    })
    .collect()
}
