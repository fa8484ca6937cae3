//! Ports that a server of the last run has left in TIME_WAIT: for a minute, they are refused to a server that does not set
//! SO_REUSEADDR, such as the textbook's.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;

/// The kernel's `TCP_TIME_WAIT` and `TCP_LISTEN` in /proc/net/tcp (proc(5)).
const TIME_WAIT: &str = "06";
const LISTEN: &str = "0A";

/// The bytes of a source that are searched for its port.
const HEAD: u64 = 1 << 20;

/// The numbers in a server's words and in the sources among them, of which one may be its port: the record of a bind that has
/// failed does not tell.
pub(super) fn numbers(words: &[OsString]) -> HashSet<u16> {
    let mut numbers = HashSet::new();
    for word in words {
        numbers.extend(numbers_in(&word.to_string_lossy()));
        let mut head = Vec::new();
        let read = File::open(word).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        if let (Ok(_), Ok(text)) = (read, std::str::from_utf8(&head)) {
            numbers.extend(numbers_in(text));
        }
    }
    numbers
}

fn numbers_in(text: &str) -> impl Iterator<Item = u16> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok())
}

/// Whether one of the ports is in TIME_WAIT, and no server listens on it. False where the system does not tell.
pub(super) fn any(ports: &HashSet<u16>) -> bool {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    waits(&tables, ports)
}

fn waits(tables: &[String], ports: &HashSet<u16>) -> bool {
    let rows = || tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(row);
    rows().any(|(port, state)| {
        state == TIME_WAIT && ports.contains(&port) && !rows().any(|other| other == (port, LISTEN))
    })
}

/// The local port and the state of a line.
fn row(line: &str) -> Option<(u16, &str)> {
    let mut fields = line.split_ascii_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    Some((u16::from_str_radix(port, 16).ok()?, fields.nth(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_waits_that_the_server_names_and_nobody_listens_on() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("server.py");
        fs::write(&source, "server.bind(('', 12000))\nserver.recv(70000)\n").unwrap();
        let ports = numbers(&[source.into_os_string(), "6789".into()]);
        assert!(ports.contains(&12000) && ports.contains(&6789), "{ports:?}");

        let line = |port: u16, state: &str| {
            format!("   0: 0100007F:{port:04X} 0100007F:C350 {state} 00000000:00000000\n")
        };
        for (rows, expected) in [
            (vec![], false),
            (vec![(12000, "06")], true),
            (vec![(12000, "01")], false),
            (vec![(12001, "06")], false),
            (vec![(12000, "06"), (12000, "0A")], false),
            (vec![(12000, "0A"), (6789, "06")], true),
        ] {
            let rows_of_table = rows.iter().map(|(port, state)| line(*port, state));
            let table: String =
                ["  sl  local_address\n".to_owned()].into_iter().chain(rows_of_table).collect();
            assert_eq!(waits(&[table], &ports), expected, "{rows:?}");
        }
    }
}
