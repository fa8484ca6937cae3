/* What the tests of sockets share: sockets of ours on loopback addresses, over IPv4 and IPv6. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "peers.h"

#define EACH_FAMILY(family) for (int family = AF_INET; family != 0; family = next_family(family))

static inline int next_family(int family) { return family == AF_INET ? AF_INET6 : 0; }

static inline const char *loopback(int family) { return family == AF_INET ? "127.0.0.1" : "::1"; }

typedef struct {
  struct sockaddr_storage storage;
  socklen_t length;
} address;

static inline struct sockaddr *at(address *any) {
  any->length = sizeof any->storage;
  return (struct sockaddr *)&any->storage;
}

static inline capsock_socket *new_socket(int family, int type) {
  capsock_socket *socket = NULL;
  CHECK_OK(capsock_socket_new(family, type, 0, &socket));
  CHECK_OK(capsock_socket_set_timeout(socket, CALL_TIMEOUT_MS));
  return socket;
}

/* Bound to a free port of the loopback address, which is written to `where`. */
static inline capsock_socket *bound_socket(int family, int type, address *where) {
  capsock_socket *socket = new_socket(family, type);
  CHECK_OK(capsock_socket_bind_to(socket, loopback(family), 0));
  CHECK_OK(capsock_socket_getsockname(socket, at(where), &where->length));
  CHECK(capsock_socket_port(socket) != 0);
  return socket;
}

static inline capsock_socket *listening_socket(int family, int backlog, address *where) {
  capsock_socket *socket = bound_socket(family, SOCK_STREAM, where);
  CHECK_OK(capsock_socket_listen(socket, backlog));
  return socket;
}

static inline capsock_socket *accepted(const capsock_socket *listener) {
  capsock_socket *connection = NULL;
  CHECK_OK(capsock_socket_accept(listener, NULL, NULL, &connection));
  CHECK(capsock_socket_timeout(connection) == CAPSOCK_NO_LIMIT);
  CHECK_OK(capsock_socket_set_timeout(connection, CALL_TIMEOUT_MS));
  return connection;
}

/* Both ends of a connection. */
static inline void connect_pair(int family, capsock_socket **client, capsock_socket **server) {
  address where;
  capsock_socket *listener = listening_socket(family, 1, &where);
  *client = new_socket(family, SOCK_STREAM);
  CHECK_OK(capsock_socket_connect(*client, (struct sockaddr *)&where.storage, where.length));
  *server = accepted(listener);
  capsock_socket_free(listener);
}

/* Receives once and compares. */
static inline void check_received(const capsock_socket *socket, const char *expected) {
  char text[256] = "";
  size_t received = 0;
  CHECK_OK(capsock_socket_recv(socket, text, sizeof text, 0, &received));
  CHECK(received == strlen(expected) && memcmp(text, expected, received) == 0);
}

#endif
