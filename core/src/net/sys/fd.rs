//! Descriptors of sockets, as the standard library has them on this system: on Windows a `SOCKET`, by the names of Unix.

#[cfg(unix)]
pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
#[cfg(windows)]
pub use windows::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// The number of no descriptor: -1; on Windows `INVALID_SOCKET`.
#[cfg(unix)]
pub const NO_FD: RawFd = -1;
/// The number of no descriptor: -1; on Windows `INVALID_SOCKET`.
#[cfg(windows)]
pub const NO_FD: RawFd = RawFd::MAX;

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, FromRawSocket};
    pub use std::os::windows::io::{
        BorrowedSocket as BorrowedFd, OwnedSocket as OwnedFd, RawSocket as RawFd,
    };

    /// [`AsSocket`].
    pub trait AsFd {
        /// The socket, borrowed.
        fn as_fd(&self) -> BorrowedFd<'_>;
    }

    impl<T: AsSocket> AsFd for T {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.as_socket()
        }
    }

    /// [`AsRawSocket`].
    pub trait AsRawFd {
        /// The number of the socket.
        fn as_raw_fd(&self) -> RawFd;
    }

    impl<T: AsRawSocket> AsRawFd for T {
        fn as_raw_fd(&self) -> RawFd {
            self.as_raw_socket()
        }
    }

    /// [`FromRawSocket`].
    pub trait FromRawFd {
        /// The socket with that number.
        ///
        /// # Safety
        /// As for [`FromRawSocket::from_raw_socket`].
        unsafe fn from_raw_fd(fd: RawFd) -> Self;
    }

    impl<T: FromRawSocket> FromRawFd for T {
        unsafe fn from_raw_fd(fd: RawFd) -> Self {
            // SAFETY: by this function's contract.
            unsafe { T::from_raw_socket(fd) }
        }
    }
}
