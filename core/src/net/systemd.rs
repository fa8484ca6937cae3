//! The sockets that systemd passes to a program that it starts (sd_listen_fds(3)).

use std::env;

use super::adopt::copy_of_number;
use crate::error::{Error, Result};
use crate::net::sys::fd::{OwnedFd, RawFd};
use crate::net::sys::{process_id, set_close_on_exec};

/// The first descriptor that is passed (SD_LISTEN_FDS_START).
const FIRST: u32 = 3;

/// The most descriptors that a process can have is far below that.
const MOST: i64 = 1 << 20;

/// A socket of a socket unit (systemd.socket(5)).
#[derive(Debug)]
#[non_exhaustive]
pub struct SystemdSocket {
    /// Its name: `FileDescriptorName=` of the socket unit, by default the unit's own name; `unknown` if none was passed.
    pub name: String,
    /// A copy of the descriptor, with close-on-exec.
    pub fd: OwnedFd,
}

/// The sockets that systemd, systemd-socket-activate(1) or a supervisor like them has passed to this process, by the
/// environment variables LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES. Empty if there are none, or they are for another
/// process.
///
/// The results are copies: the descriptors that were passed stay open, so that each call returns the same sockets. No
/// program that this process starts inherits either, and the variables that it inherits name another process.
///
/// # Errors
/// `InvalidArgument` for variables that are not of that form, and for descriptors that are not open; `OutOfResources` for
/// want of descriptors.
pub fn systemd_sockets() -> Result<Vec<SystemdSocket>> {
    let [pid, count, names] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].map(|name| env::var(name).ok());
    let names = names_passed(pid.as_deref(), count.as_deref(), names.as_deref(), process_id())?;
    let copy = |(number, name)| {
        let fd = copy_of_number(i64::from(number))?;
        // The one that was passed is inherited otherwise.
        let _ = set_close_on_exec(number as RawFd);
        Ok(SystemdSocket { name, fd })
    };
    (FIRST..).zip(names).map(copy).collect()
}

fn refused(why: String) -> Error {
    Error::invalid("take the sockets of systemd", why)
}

/// The names of the descriptors that these variables pass to the process `own`, from [`FIRST`] on.
pub(crate) fn names_passed(
    pid: Option<&str>,
    fds: Option<&str>,
    list: Option<&str>,
    own: i32,
) -> Result<Vec<String>> {
    match count(pid, fds, own)? {
        Some(count) => names(list, count),
        None => Ok(Vec::new()),
    }
}

/// How many descriptors are passed to the process `own`; `None` if they are not for it.
fn count(pid: Option<&str>, count: Option<&str>, own: i32) -> Result<Option<usize>> {
    let (Some(pid), Some(count)) = (pid, count) else { return Ok(None) };
    let number = |name: &str, text: &str| {
        let number = text.parse::<i64>().ok().filter(|number| (0..=i64::from(i32::MAX)).contains(number));
        number.ok_or_else(|| refused(format!("{name} is {text:?}, which is no number")))
    };
    if number("LISTEN_PID", pid)? != i64::from(own) {
        return Ok(None);
    }
    match number("LISTEN_FDS", count)? {
        many if many > MOST => Err(refused(format!("LISTEN_FDS is {many}, more than {MOST}"))),
        count => Ok(usize::try_from(count).ok()),
    }
}

/// The names of `count` descriptors.
fn names(list: Option<&str>, count: usize) -> Result<Vec<String>> {
    let Some(list) = list.filter(|list| !list.is_empty()) else {
        return Ok(vec!["unknown".to_owned(); count]);
    };
    let names: Vec<_> = list.split(':').map(str::to_owned).collect();
    if names.len() != count {
        return Err(refused(format!("LISTEN_FDNAMES has {} names, and LISTEN_FDS is {count}", names.len())));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_for_this_process_are_counted() {
        let table = [
            (None, None, Some(None)),
            (None, Some("1"), Some(None)),
            (Some("7"), None, Some(None)),
            (Some("7"), Some("2"), Some(Some(2))),
            (Some("7"), Some("0"), Some(Some(0))),
            (Some("8"), Some("2"), Some(None)),
            (Some("8"), Some("nothing"), Some(None)),
            (Some("7"), Some("-1"), None),
            (Some("7"), Some(""), None),
            (Some("7"), Some("1 "), None),
            (Some("7"), Some("2147483647"), None),
            (Some("7"), Some("99999999999999999999"), None),
            (Some("self"), Some("1"), None),
            (Some("-7"), Some("1"), None),
        ];
        for (pid, fds, expected) in table {
            assert_eq!(count(pid, fds, 7).ok(), expected, "{pid:?} {fds:?}");
        }
    }

    #[test]
    fn each_descriptor_has_a_name() {
        type Row = (Option<&'static str>, usize, Option<&'static [&'static str]>);
        let table: [Row; 6] = [
            (None, 2, Some(&["unknown", "unknown"])),
            (Some(""), 1, Some(&["unknown"])),
            (Some("dns"), 1, Some(&["dns"])),
            (Some("a::b"), 3, Some(&["a", "", "b"])),
            (Some("a"), 2, None),
            (Some("a:b"), 1, None),
        ];
        for (list, count, expected) in table {
            let expected = expected.map(|names| names.iter().map(ToString::to_string).collect());
            assert_eq!(names(list, count).ok(), expected, "{list:?}");
        }
    }

    #[test]
    fn numbers_that_are_not_open_are_refused() {
        for number in [-1, i64::from(i32::MAX), i64::MAX, i64::MIN] {
            assert!(copy_of_number(number).unwrap_err().to_string().contains("is not open"), "{number}");
        }
    }
}
