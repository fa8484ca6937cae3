//! Looking up a function of the interpreter by its name.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::find_symbol;
#[cfg(windows)]
pub(crate) use windows::find_symbol;
