//! What the JDK does with a socket in different ways on the systems. Each has a type `Platform`, with what it keeps of one
//! socket, and the same methods.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::Platform;
#[cfg(windows)]
pub(super) use windows::Platform;
