//! The terminal of standard output, if it is one.

use std::io::IsTerminal;

/// Whether standard output is a terminal that shows colours (<https://no-color.org>).
pub(crate) fn coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && redraws()
}

/// Whether standard output is a terminal whose screen can be cleared.
pub(crate) fn redraws() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    std::io::stdout().is_terminal() && !dumb && takes_escapes()
}

#[cfg(unix)]
fn takes_escapes() -> bool {
    true
}

/// Whether the console interprets escape sequences; before Windows Terminal it does so on request.
#[cfg(windows)]
fn takes_escapes() -> bool {
    use std::os::windows::io::AsRawHandle;

    use windows_sys::Win32::System::Console::{
        ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode, SetConsoleMode,
    };

    let console = std::io::stdout().as_raw_handle();
    let mut mode = 0;
    // SAFETY: the handle is the process's own, and the mode is written.
    unsafe {
        GetConsoleMode(console, &raw mut mode) != 0
            && SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0
    }
}

/// The width of the terminal in columns, at least 40.
pub(crate) fn columns() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(columns).max(40))
}

/// The height of a terminal that does not tell it.
const LINES: usize = 24;

/// The height of the terminal in lines.
pub(crate) fn height() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(LINES, |(_, terminal_size::Height(lines))| usize::from(lines))
}
