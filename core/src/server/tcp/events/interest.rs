//! The events that the kernel is asked to report of a connection (epoll_ctl(2)).

/// For a connection that waits for input. With EPOLLET, input is reported once each time that some arrives.
pub(super) const INPUT: u32 = (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLRDHUP | libc::EPOLLET) as u32;

/// For a connection whose peer has to receive replies first.
pub(super) const OUTPUT: u32 = libc::EPOLLOUT as u32;

/// Events after which a receive may return less than is available: the end of the input, an error, urgent data.
pub(super) const SHORT_RECEIVE: u32 =
    (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR | libc::EPOLLPRI) as u32;

/// Why a connection is refused if epoll_ctl(2) fails.
pub(super) const NOT_WATCHED: &str = "epoll_ctl failed (out of memory, or fs.epoll.max_user_watches reached)";
