/* Datagrams that are empty, cut or too long, and errors that come back for one. */
#define _POSIX_C_SOURCE 200809L
#include "sockets.h"

#include <errno.h>

/* A server, and a client that is connected to it. */
static void datagram_pair(int family, capsock_socket **client, capsock_socket **server) {
  address where;
  *server = bound_socket(family, SOCK_DGRAM, &where);
  *client = new_socket(family, SOCK_DGRAM);
  CHECK_OK(capsock_socket_connect(*client, (struct sockaddr *)&where.storage, where.length));
}

static void a_datagram_is_never_cut_in_silence(void) {
  EACH_FAMILY(family) {
    capsock_socket *client, *server;
    address sender, self;
    char buffer[5] = "....";
    size_t length = 0;
    datagram_pair(family, &client, &server);
    for (int i = 0; i < 3; i++)
      CHECK_OK(capsock_socket_send(client, "0123456789", 10, 0, NULL));

    /* Looked at, it stays whole. */
    CHECK_STATUS(capsock_socket_recv(server, buffer, 4, MSG_PEEK, &length), CAPSOCK_TOO_LARGE);
    CHECK(length == 10);
    CHECK_STATUS(capsock_socket_recv(server, buffer, 4, 0, &length), CAPSOCK_TOO_LARGE);
    CHECK(length == 10 && strcmp(buffer, "0123") == 0);
    CHECK(strstr(capsock_last_error(), "10 bytes") != NULL && capsock_last_errno() == EMSGSIZE);
    CHECK_STATUS(
        capsock_socket_recvfrom(server, buffer, 4, 0, at(&sender), &sender.length, &length),
        CAPSOCK_TOO_LARGE);
    CHECK_OK(capsock_socket_getsockname(client, at(&self), &self.length));
    CHECK(sender.length == self.length && memcmp(&sender.storage, &self.storage, self.length) == 0);
    /* Who asks for the whole length is told, and it is no error. */
    CHECK_OK(capsock_socket_recv(server, buffer, 4, MSG_TRUNC, &length));
    CHECK(length == 10);
    capsock_socket_free(client);
    capsock_socket_free(server);
  }
}

static void a_datagram_may_be_empty(void) {
  capsock_socket *client, *server;
  char buffer[4];
  size_t count = 7;
  datagram_pair(AF_INET, &client, &server);
  CHECK_OK(capsock_socket_send(client, NULL, 0, 0, NULL));
  CHECK_OK(capsock_socket_send(client, "", 0, 0, &count));
  CHECK(count == 0);
  for (int i = 0; i < 2; i++) {
    count = 7;
    CHECK_OK(capsock_socket_recv(server, buffer, sizeof buffer, 0, &count));
    CHECK(count == 0);
  }
  CHECK_OK(capsock_socket_set_timeout(server, 0));
  CHECK_STATUS(capsock_socket_recv(server, buffer, sizeof buffer, 0, &count), CAPSOCK_TIMED_OUT);

  /* No room is room for an empty one alone. */
  CHECK_OK(capsock_socket_set_timeout(server, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_socket_send(client, "", 0, 0, NULL));
  CHECK_OK(capsock_socket_send(client, "a", 1, 0, NULL));
  CHECK_OK(capsock_socket_recv(server, NULL, 0, 0, &count));
  CHECK_STATUS(capsock_socket_recv(server, NULL, 0, 0, &count), CAPSOCK_TOO_LARGE);
  CHECK(count == 1);
  capsock_socket_free(client);
  capsock_socket_free(server);
}

static void a_datagram_has_a_largest_size(void) {
  EACH_FAMILY(family) {
    const size_t most = family == AF_INET ? 65507 : 65527;
    capsock_socket *client, *server;
    char *data = calloc(1, 65536);
    size_t length = 0;
    datagram_pair(family, &client, &server);
    CHECK_STATUS(capsock_socket_send(client, data, most + 1, 0, NULL), CAPSOCK_TOO_LARGE);
    CHECK(strstr(capsock_last_error(), "65,507") != NULL);
    CHECK_OK(capsock_socket_send(client, data, most, 0, NULL));
    CHECK_OK(capsock_socket_recv(server, data, 65536, 0, &length));
    CHECK(length == most);
    capsock_socket_free(client);
    capsock_socket_free(server);
    free(data);
  }
}

/* The port that nobody has says so, once a datagram went there. */
static void a_refused_port(void) {
  int port, plain = refusing_udp_socket(&port);
  capsock_socket *client = new_socket(AF_INET, SOCK_DGRAM);
  char expected[64], buffer[4];
  size_t length = 7;
  CHECK_OK(capsock_socket_connect_to(client, "127.0.0.1", port));
  CHECK_OK(capsock_socket_send(client, "a", 1, 0, NULL));
  CHECK_STATUS(capsock_socket_recv(client, buffer, sizeof buffer, 0, &length),
               CAPSOCK_CONNECTION_REFUSED);
  snprintf(expected, sizeof expected, "could not receive from 127.0.0.1:%d: ", port);
  CHECK(strncmp(capsock_last_error(), expected, strlen(expected)) == 0 && length == 7);
  capsock_socket_free(client);
  close_socket(plain);
}

static void receivers_that_cannot_be(void) {
  capsock_socket *client = new_socket(AF_INET, SOCK_DGRAM);
  address where;
  CHECK_STATUS(capsock_socket_send(client, "a", 1, 0, NULL), CAPSOCK_OTHER);
  CHECK(capsock_last_errno() == EDESTADDRREQ && strstr(capsock_last_error(), "sendto") != NULL);
  CHECK_OK(capsock_address_parse("255.255.255.255:9", AF_INET, 0, at(&where), &where.length));
  CHECK_STATUS(capsock_socket_sendto(client, "a", 1, 0, (struct sockaddr *)&where.storage,
                                     where.length, NULL),
               CAPSOCK_PERMISSION_DENIED);
  CHECK(strstr(capsock_last_error(), "255.255.255.255:9") != NULL &&
        strstr(capsock_last_error(), "SO_BROADCAST") != NULL);
  CHECK_OK(capsock_address_parse("127.0.0.1:0", AF_INET, 0, at(&where), &where.length));
  CHECK_STATUS(capsock_socket_sendto(client, "a", 1, 0, (struct sockaddr *)&where.storage,
                                     where.length, NULL),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "port 0") != NULL);
  CHECK_OK(capsock_address_parse("[::1]:9", AF_INET6, 0, at(&where), &where.length));
  CHECK(capsock_socket_sendto(client, "a", 1, 0, (struct sockaddr *)&where.storage, where.length,
                              NULL) != CAPSOCK_OK);
  CHECK(strstr(capsock_last_error(), "different families") != NULL);
  CHECK_STATUS(capsock_socket_listen(client, 1), CAPSOCK_UNSUPPORTED);
  capsock_socket_free(client);
}

int main(void) {
  static const test tests[] = {
      {"a datagram is never cut in silence", a_datagram_is_never_cut_in_silence},
      {"a datagram may be empty", a_datagram_may_be_empty},
      {"a datagram has a largest size", a_datagram_has_a_largest_size},
      {"a refused port", a_refused_port},
      {"receivers that cannot be", receivers_that_cannot_be},
  };
  return RUN(tests);
}
