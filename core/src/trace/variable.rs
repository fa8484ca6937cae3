//! The caller's name for a socket: the variable that it is in, for a figure in the words of the program's own listing.

use std::cell::Cell;

use super::text::Text;
use crate::net::fd::RawFd;

/// The longest name in bytes.
const LONGEST: usize = 64;

/// The name of a variable, of up to 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variable(Text<LONGEST>);

impl Variable {
    /// `None` for a name that is empty, longer than 64 bytes, or has control characters.
    #[must_use]
    pub fn new(name: &str) -> Option<Variable> {
        let is_name = !name.is_empty() && !name.chars().any(char::is_control);
        Text::of(name).filter(|_| is_name).map(Variable)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }
}

thread_local! {
    static CURRENT: Cell<Option<(RawFd, Variable)>> = const { Cell::new(None) };
}

/// Runs something that makes calls on the socket `fd`, which the caller has in this variable, and records them with its
/// name. Of names that are nested, the inner one applies.
pub fn with_variable<T>(fd: RawFd, variable: Option<Variable>, run: impl FnOnce() -> T) -> T {
    /// Restores the outer name also after a panic.
    struct Restored(Option<(RawFd, Variable)>);
    impl Drop for Restored {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restored = Restored(CURRENT.replace(variable.map(|variable| (fd, variable))));
    run()
}

/// The caller's name for the socket, if this thread is in a call on it.
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "no line is written of a record"))]
pub(super) fn variable_of(fd: RawFd) -> Option<Variable> {
    CURRENT.get().filter(|(named, _)| *named == fd).map(|(_, variable)| variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        let longest = "é".repeat(32);
        for (name, is_name) in
            [("sock", true), ("self.conn", true), (&*longest, true), ("", false), ("a\nb", false)]
        {
            let variable = Variable::new(name);
            assert_eq!(variable.as_ref().map(Variable::as_str), is_name.then_some(name));
        }
        assert_eq!(Variable::new(&format!("{longest}x")), None);
    }

    #[test]
    fn a_name_is_that_of_its_socket_until_the_call_ends() {
        let (outer, inner) = (Variable::new("outer"), Variable::new("inner"));
        with_variable(3, outer, || {
            assert_eq!((variable_of(3), variable_of(4)), (outer, None));
            with_variable(4, inner, || assert_eq!((variable_of(3), variable_of(4)), (None, inner)));
            assert_eq!(variable_of(3), outer);
        });
        assert_eq!(variable_of(3), None);
    }
}
