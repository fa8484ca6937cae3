//! Ports that a server of the last run has left in TIME_WAIT: for a minute, they are refused to a server that does not set
//! SO_REUSEADDR, such as the textbook's.

use std::fs;

/// The kernel's `TCP_TIME_WAIT` and `TCP_LISTEN` in /proc/net/tcp (proc(5)).
const TIME_WAIT: &str = "06";
const LISTEN: &str = "0A";

/// Whether a port is in TIME_WAIT that a program has chosen and that no server listens on. False where the system does not
/// tell.
pub(super) fn any() -> bool {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    waits(&tables, &range)
}

/// `range` is the first and the last port that the system chooses for clients, whose connections wait as well.
fn waits(tables: &[String], range: &str) -> bool {
    let mut bounds = range.split_ascii_whitespace().filter_map(|bound| bound.parse::<u16>().ok());
    let (Some(first), Some(last)) = (bounds.next(), bounds.next()) else { return false };
    let rows = || tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(row);
    rows().any(|(port, state)| {
        state == TIME_WAIT && !(first..=last).contains(&port) && !rows().any(|other| other == (port, LISTEN))
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
    fn a_port_waits_that_a_program_has_chosen_and_that_nobody_listens_on() {
        let line = |port: u16, state: &str| {
            format!("   0: 0100007F:{port:04X} 0100007F:C350 {state} 00000000:00000000\n")
        };
        for (rows, expected) in [
            (vec![], false),
            (vec![(12000, "06")], true),
            (vec![(12000, "01")], false),
            (vec![(50000, "06")], false),
            (vec![(12000, "06"), (12000, "0A")], false),
            (vec![(12000, "0A"), (6789, "06")], true),
        ] {
            let table: String = ["  sl  local_address\n".to_owned()]
                .into_iter()
                .chain(rows.iter().map(|(port, state)| line(*port, state)))
                .collect();
            assert_eq!(waits(&[table], "32768\t60999\n"), expected, "{rows:?}");
        }
        assert!(!waits(&[format!("\n{}", line(12000, "06"))], ""), "the range is not known");
    }
}
