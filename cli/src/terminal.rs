//! The terminal of standard output, if it is one.

use std::io::IsTerminal;

/// Whether standard output is a terminal that shows colours (<https://no-color.org>).
pub(crate) fn coloured() -> bool {
    let says = |name: &str, no: &str| std::env::var_os(name).is_some_and(|value| value == no);
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !refused && !says("TERM", "dumb")
}

/// The width of the terminal in columns, at least 40.
pub(crate) fn columns() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(columns).max(40))
}
