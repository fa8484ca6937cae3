/* The TCP workloads: lines on persistent connections, one stream, and a connection for each line.
 */
#include "workloads.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DEPTH = 16 };

typedef struct {
  int fd;
  int64_t sent_at;
  size_t received;
  char lines[MAX_DEPTH * LINE], replies[MAX_DEPTH * LINE];
} connection;

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL)
    fail("out of memory");
  return memory;
}

static int tcp_socket(int flags) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1;
  if (fd < 0)
    fail("socket: %s", strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static int connected(const run *it) {
  const int fd = tcp_socket(0);
  if (connect(fd, (const struct sockaddr *)&it->server, sizeof it->server) != 0)
    fail("connect: %s", strerror(errno));
  return fd;
}

static void send_all(int fd, const char *bytes, size_t size) {
  const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != (ssize_t)size)
    fail("send: %s", sent < 0 ? strerror(errno) : "short write");
}

/* Receives without blocking; returns 0 if no bytes are available. */
static size_t receive(int fd, char *bytes, size_t size) {
  const ssize_t count = recv(fd, bytes, size, MSG_DONTWAIT);
  if (count > 0)
    return (size_t)count;
  if (count == 0)
    fail("the server closed the connection");
  if (errno != EAGAIN)
    fail("recv: %s", strerror(errno));
  return 0;
}

/* Receives replies; once all replies of a batch have come, sends the next batch. */
static void exchange(run *it, connection *one, size_t size) {
  char bytes[MAX_DEPTH * LINE];
  const size_t count = receive(one->fd, bytes, size - one->received);
  check(bytes, one->replies + one->received, count);
  one->received += count;
  if (one->received < size)
    return;
  answered(it, size / LINE, it->now - one->sent_at);
  one->received = 0;
  one->sent_at = it->now;
  send_all(one->fd, one->lines, size);
}

/* Each connection sends `depth` lines in one call, and the next lines once all of them are
 * answered. */
void tcp_lines(run *it, int connections, int depth) {
  const size_t size = (size_t)depth * LINE;
  connection *all = allocate((size_t)connections, sizeof *all);
  struct epoll_event events[128];
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < connections; i++) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &all[i]};
    all[i].fd = connected(it);
    make_lines(all[i].lines, all[i].replies, (size_t)depth);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event) != 0)
      fail("epoll_ctl: %s", strerror(errno));
  }
  it->deadline += nanoseconds(CLOCK_MONOTONIC) - it->now;
  it->now = it->progress = nanoseconds(CLOCK_MONOTONIC);
  for (int i = 0; i < connections; i++) {
    all[i].sent_at = it->now;
    send_all(all[i].fd, all[i].lines, size);
  }
  while (going(it)) {
    if (connections == 1) {
      exchange(it, all, size);
      continue;
    }
    const int ready = epoll_wait(epoll, events, 128, 0);
    for (int i = 0; i < ready; i++)
      exchange(it, events[i].data.ptr, size);
  }
  for (int i = 0; i < connections; i++)
    close(all[i].fd);
  close(epoll);
  free(all);
}

/* One connection with both directions saturated; a KiB of the stream counts as a request. */
void tcp_stream(run *it) {
  enum { PATTERN = 256 * 1024, MAX_READ = 1024 * 1024 };
  char *lines = allocate(1, PATTERN + MAX_READ), *replies = allocate(1, PATTERN + MAX_READ),
       *bytes = allocate(1, MAX_READ);
  size_t sent = 0, received = 0, counted = 0;
  const int fd = connected(it);
  make_lines(lines, replies, PATTERN / LINE);
  for (size_t at = PATTERN; at < PATTERN + MAX_READ; at += PATTERN) {
    memcpy(lines + at, lines, PATTERN);
    memcpy(replies + at, replies, PATTERN);
  }
  while (going(it)) {
    const ssize_t gone = send(fd, lines + sent % PATTERN, MAX_READ, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (gone < 0 && errno != EAGAIN)
      fail("send: %s", strerror(errno));
    sent += gone > 0 ? (size_t)gone : 0;
    const size_t count = receive(fd, bytes, MAX_READ);
    check(bytes, replies + received % PATTERN, count);
    received += count;
    if (received - counted >= 1024) {
      answered(it, (received - counted) / 1024, 0);
      counted += (received - counted) / 1024 * 1024;
    }
  }
  close(fd);
  free(lines), free(replies), free(bytes);
}

/* Opens the connection of a slot from the next address of 127/8: this side closes first, so that a
   port stays in TIME_WAIT for a minute, and an address has some 28,000 ephemeral ports. */
static void open_one(run *it, connection *one) {
  static uint32_t next;
  const int on = 1;
  struct sockaddr_in from = {.sin_family = AF_INET};
  from.sin_addr.s_addr = htonl(0x7f010001u + next++ % 0xfffe);
  one->fd = tcp_socket(SOCK_NONBLOCK);
  setsockopt(one->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(one->fd, (const struct sockaddr *)&from, sizeof from) != 0)
    fail("bind: %s", strerror(errno));
  one->sent_at = it->now;
  one->received = 0;
  /* On loopback the handshake completes within connect(), unless the server's backlog is full. */
  if (connect(one->fd, (const struct sockaddr *)&it->server, sizeof it->server) != 0 &&
      errno != EINPROGRESS)
    fail("connect: %s", strerror(errno));
  while (send(one->fd, one->lines, LINE, MSG_NOSIGNAL) != LINE)
    if (errno != EAGAIN || !going(it))
      fail("send: %s", strerror(errno));
}

/* Connects, sends a line, receives the reply and closes; `at_once` connections at a time. */
void tcp_connect(run *it, int at_once) {
  connection *all = allocate((size_t)at_once, sizeof *all);
  for (int i = 0; i < at_once; i++) {
    make_lines(all[i].lines, all[i].replies, 1);
    open_one(it, &all[i]);
  }
  while (going(it))
    for (int i = 0; i < at_once; i++) {
      connection *one = &all[i];
      char bytes[LINE];
      const size_t count = receive(one->fd, bytes, LINE - one->received);
      check(bytes, one->replies + one->received, count);
      one->received += count;
      if (one->received < LINE)
        continue;
      answered(it, 1, it->now - one->sent_at);
      close(one->fd);
      open_one(it, one);
    }
  for (int i = 0; i < at_once; i++)
    close(all[i].fd);
  free(all);
}
