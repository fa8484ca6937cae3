//! The call reference of the page: for each call its C signature, the condition that it blocks on, and its manual page.

/// A call of the socket API (POSIX, socket(7)).
pub(super) struct Entry {
    pub(super) call: &'static str,
    pub(super) signature: &'static str,
    pub(super) waits_for: &'static str,
    /// The page of the Linux manual.
    pub(super) manual: &'static str,
}

const fn entry(
    call: &'static str,
    signature: &'static str,
    waits_for: &'static str,
    manual: &'static str,
) -> Entry {
    Entry { call, signature, waits_for, manual }
}

const AT_ONCE: &str = "nothing: it returns at once";
const ROOM: &str = "room in the socket's send buffer: over TCP, that the peer reads; over UDP, hardly ever";
const ANY: &str = "one of several sockets: data, a connection in the backlog, or room to send";
const DATA: &str = "data in the socket's receive buffer: bytes, a datagram, or the end of the stream";

pub(super) const ENTRIES: [Entry; 16] = [
    entry("socket", "int socket(int domain, int type, int protocol);", AT_ONCE, "socket(2)"),
    entry(
        "bind",
        "int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);",
        AT_ONCE,
        "bind(2)",
    ),
    entry("listen", "int listen(int sockfd, int backlog);", AT_ONCE, "listen(2)"),
    entry(
        "accept",
        "int accept(int sockfd, struct sockaddr *addr, socklen_t *addrlen);",
        "a connection in the backlog: one whose handshake is done and that no accept has taken",
        "accept(2)",
    ),
    entry(
        "connect",
        "int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);",
        "over TCP, the handshake: the server's kernel answers it, also while the server is busy; over UDP, nothing",
        "connect(2)",
    ),
    entry("send", "ssize_t send(int sockfd, const void *buf, size_t len, int flags);", ROOM, "send(2)"),
    entry("recv", "ssize_t recv(int sockfd, void *buf, size_t len, int flags);", DATA, "recv(2)"),
    entry(
        "sendto",
        "ssize_t sendto(int sockfd, const void *buf, size_t len, int flags, const struct sockaddr *dest_addr, \
         socklen_t addrlen);",
        ROOM,
        "sendto(2)",
    ),
    entry(
        "recvfrom",
        "ssize_t recvfrom(int sockfd, void *buf, size_t len, int flags, struct sockaddr *src_addr, \
         socklen_t *addrlen);",
        DATA,
        "recvfrom(2)",
    ),
    entry("sendmsg", "ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags);", ROOM, "sendmsg(2)"),
    entry("recvmsg", "ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags);", DATA, "recvmsg(2)"),
    entry("shutdown", "int shutdown(int sockfd, int how);", AT_ONCE, "shutdown(2)"),
    entry(
        "close",
        "int close(int fd);",
        "nothing, unless SO_LINGER is set: what is still to be sent is sent afterwards",
        "close(2)",
    ),
    entry(
        "select",
        "int select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout);",
        ANY,
        "select(2)",
    ),
    entry("poll", "int poll(struct pollfd *fds, nfds_t nfds, int timeout);", ANY, "poll(2)"),
    entry(
        "epoll_wait",
        "int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout);",
        ANY,
        "epoll_wait(2)",
    ),
];
