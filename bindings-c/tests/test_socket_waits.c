/* How long a call waits that has no timeout of the library's: as long as the system's own call does
   on a descriptor in the same mode, with the same options and flags. Each row is played with both.
 */
#define _GNU_SOURCE
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define SHORT_US 200000

typedef enum { BLOCKING, BY_FCNTL, RCVTIMEO, SNDTIMEO, RCVLOWAT } mode;
typedef enum { NOTHING, SOME, ALL, END, FULL } event;

typedef struct {
  const char *call;
  mode mode;
  int flags;
  event before;
} row;

/* What a call did: its result or -errno, and whether it took a timeout's time. */
typedef struct {
  long result;
  bool waited;
} ending;

/* The socket of ours, or else the descriptor of the system, and its peer. */
typedef struct {
  capsock_socket *ours;
  int fd, peer;
} scene;

static void set_mode(int fd, mode mode) {
  const struct timeval timeout = {0, SHORT_US};
  const int mark = 5;
  switch (mode) {
  case BLOCKING:
    break;
  case BY_FCNTL:
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    break;
  case RCVTIMEO:
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    break;
  case SNDTIMEO:
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0);
    break;
  case RCVLOWAT:
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark) == 0);
    break;
  }
}

static int bound(int type, struct sockaddr_in *where) {
  socklen_t length = sizeof *where;
  const int fd = socket(AF_INET, type, 0);
  memset(where, 0, sizeof *where);
  where->sin_family = AF_INET;
  where->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr *)where, length) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)where, &length) == 0);
  return fd;
}

static scene make(bool ours, const row *row) {
  scene it = {NULL, -1, -1};
  struct sockaddr_in where;
  int listener;
  if (strcmp(row->call, "accept") == 0) {
    if (ours) {
      CHECK_OK(capsock_socket_new(AF_INET, SOCK_STREAM, 0, &it.ours));
      CHECK_OK(capsock_socket_bind_to(it.ours, "127.0.0.1", 0));
      CHECK_OK(capsock_socket_listen(it.ours, 1));
      it.fd = capsock_socket_descriptor(it.ours);
    } else {
      it.fd = bound(SOCK_STREAM, &where);
      CHECK(listen(it.fd, 1) == 0);
    }
    return it;
  }
  listener = bound(SOCK_STREAM, &where);
  CHECK(listen(listener, 1) == 0);
  if (ours) {
    CHECK_OK(capsock_socket_new(AF_INET, SOCK_STREAM, 0, &it.ours));
    CHECK_OK(capsock_socket_connect(it.ours, (struct sockaddr *)&where, sizeof where));
    it.fd = capsock_socket_descriptor(it.ours);
  } else {
    it.fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(it.fd, (struct sockaddr *)&where, sizeof where) == 0);
  }
  it.peer = accept(listener, NULL, NULL);
  CHECK(it.peer >= 0);
  close(listener);
  return it;
}

static void happen(const scene *it, event event) {
  static char flood[1 << 20];
  struct sockaddr_in where;
  socklen_t length = sizeof where;
  switch (event) {
  case NOTHING:
    break;
  case SOME:
    if (it->peer >= 0) {
      CHECK(send(it->peer, "abc", 3, 0) == 3);
    } else {
      const int client = socket(AF_INET, SOCK_STREAM, 0);
      CHECK(getsockname(it->fd, (struct sockaddr *)&where, &length) == 0);
      CHECK(connect(client, (struct sockaddr *)&where, length) == 0);
      close(client);
    }
    break;
  case ALL:
    CHECK(send(it->peer, "abcdefghij", 10, 0) == 10);
    break;
  case END:
    CHECK(shutdown(it->peer, SHUT_WR) == 0);
    break;
  case FULL:
    while (send(it->fd, flood, sizeof flood, MSG_DONTWAIT) > 0)
      ;
    break;
  }
}

static long make_call(const scene *it, const row *row) {
  char buffer[8];
  size_t count = 0;
  capsock_status status;
  capsock_socket *connection = NULL;
  long result = -1;
  if (it->ours == NULL) {
    if (strcmp(row->call, "recv") == 0)
      result = recv(it->fd, buffer, sizeof buffer, row->flags);
    else if (strcmp(row->call, "recvfrom") == 0)
      result = recvfrom(it->fd, buffer, sizeof buffer, row->flags, NULL, NULL);
    else if (strcmp(row->call, "send") == 0)
      result = send(it->fd, buffer, sizeof buffer, row->flags | MSG_NOSIGNAL);
    else if ((result = accept(it->fd, NULL, NULL)) >= 0)
      result = close((int)result);
    return result < 0 ? -errno : result;
  }
  if (strcmp(row->call, "recv") == 0) {
    status = capsock_socket_recv(it->ours, buffer, sizeof buffer, row->flags, &count);
  } else if (strcmp(row->call, "recvfrom") == 0) {
    status =
        capsock_socket_recvfrom(it->ours, buffer, sizeof buffer, row->flags, NULL, NULL, &count);
  } else if (strcmp(row->call, "send") == 0) {
    memset(buffer, 0, sizeof buffer);
    status = capsock_socket_send(it->ours, buffer, sizeof buffer, row->flags, &count);
  } else {
    status = capsock_socket_accept(it->ours, NULL, NULL, &connection);
    if (status == CAPSOCK_OK)
      capsock_socket_free(connection);
  }
  return status == CAPSOCK_OK ? (long)count : -capsock_last_errno();
}

static ending play(bool ours, const row *row) {
  scene it = make(ours, row);
  struct timespec begin, end;
  ending it_ended;
  set_mode(it.fd, row->mode);
  happen(&it, row->before);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  it_ended.result = make_call(&it, row);
  clock_gettime(CLOCK_MONOTONIC, &end);
  it_ended.waited = (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000 >=
                    SHORT_US * 9 / 10;
  if (it.ours != NULL)
    capsock_socket_free(it.ours);
  else
    close(it.fd);
  if (it.peer >= 0)
    close(it.peer);
  return it_ended;
}

static void calls_wait_as_the_systems_do(void) {
  static const row rows[] = {
      {"recv", BY_FCNTL, 0, NOTHING},
      {"recv", BY_FCNTL, 0, SOME},
      {"recv", BY_FCNTL, MSG_WAITALL, SOME},
      {"recv", RCVTIMEO, 0, NOTHING},
      {"recv", RCVTIMEO, 0, END},
      {"recv", RCVTIMEO, MSG_WAITALL, SOME},
      {"recv", RCVTIMEO, MSG_DONTWAIT, NOTHING},
      {"recv", RCVLOWAT, 0, ALL},
      {"recv", RCVLOWAT, MSG_DONTWAIT, SOME},
      {"recv", RCVLOWAT, 0, END},
      {"recv", BLOCKING, MSG_DONTWAIT, NOTHING},
      {"recv", BLOCKING, MSG_WAITALL, ALL},
      {"recv", BLOCKING, MSG_WAITALL | MSG_PEEK, ALL},
      {"recv", BLOCKING, MSG_PEEK, SOME},
      {"recvfrom", BY_FCNTL, 0, NOTHING},
      {"recvfrom", RCVTIMEO, 0, NOTHING},
      {"recvfrom", RCVTIMEO, MSG_WAITALL, SOME},
      {"recvfrom", BLOCKING, MSG_WAITALL, ALL},
      {"send", BY_FCNTL, 0, FULL},
      {"send", SNDTIMEO, 0, FULL},
      {"send", SNDTIMEO, MSG_DONTWAIT, FULL},
      {"send", BLOCKING, MSG_DONTWAIT, FULL},
      {"accept", BY_FCNTL, 0, NOTHING},
      {"accept", BY_FCNTL, 0, SOME},
      {"accept", RCVTIMEO, 0, NOTHING},
      {"accept", RCVTIMEO, 0, SOME},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    bool same = false;
    ending theirs, ours;
    /* A busy machine may delay one of them. */
    for (int attempt = 0; attempt < 3 && !same; attempt++) {
      theirs = play(false, &rows[i]);
      ours = play(true, &rows[i]);
      same = theirs.result == ours.result && theirs.waited == ours.waited;
    }
    if (!same) {
      fprintf(stderr, "%s, row %zu: ours %ld, waited %d; the system's %ld, waited %d\n",
              rows[i].call, i, ours.result, ours.waited, theirs.result, theirs.waited);
      CHECK(same);
    }
  }
}

static void a_timeout_is_the_mode_of_the_descriptor(void) {
  capsock_socket *socket = NULL;
  CHECK_OK(capsock_socket_new(AF_INET, SOCK_DGRAM, 0, &socket));
  CHECK((fcntl(capsock_socket_descriptor(socket), F_GETFL) & O_NONBLOCK) == 0);
  CHECK_OK(capsock_socket_set_timeout(socket, 1000));
  CHECK((fcntl(capsock_socket_descriptor(socket), F_GETFL) & O_NONBLOCK) != 0);
  CHECK_OK(capsock_socket_set_timeout(socket, CAPSOCK_NO_LIMIT));
  CHECK((fcntl(capsock_socket_descriptor(socket), F_GETFL) & O_NONBLOCK) == 0);
  capsock_socket_free(socket);
}

int main(void) {
  static const test tests[] = {
      {"calls wait as the system's do", calls_wait_as_the_systems_do},
      {"a timeout is the mode of the descriptor", a_timeout_is_the_mode_of_the_descriptor},
  };
  return RUN(tests);
}
