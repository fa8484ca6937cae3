/* Arguments of sockets that cannot be, addresses as text, and errors that say where. */
#define _POSIX_C_SOURCE 200809L
#include "sockets.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>

static void addresses_as_text(void) {
  static const struct {
    const char *text;
    int family;
    const char *becomes;
  } table[] = {
      {"localhost:12000", AF_INET, "127.0.0.1:12000"},
      {"localhost:12000", AF_INET6, "[::1]:12000"},
      {"localhost:12000", AF_UNSPEC, "127.0.0.1:12000"},
      {"127.0.0.1:0", AF_UNSPEC, "127.0.0.1:0"},
      {"[::1]:65535", AF_UNSPEC, "[::1]:65535"},
      {"[fe80::1%1]:80", AF_INET6, "[fe80::1%1]:80"},
      {":80", AF_INET, "127.0.0.1:80"},
      {":80", AF_INET6, "[::1]:80"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    address found;
    char text[CAPSOCK_ADDRESS_SIZE] = "";
    size_t needed = strlen(table[i].becomes) + 1;
    CHECK_OK(capsock_address_parse(table[i].text, table[i].family, 0, at(&found), &found.length));
    CHECK_OK(capsock_address_format((struct sockaddr *)&found.storage, found.length, text, needed));
    CHECK(strcmp(text, table[i].becomes) == 0);
    CHECK_STATUS(
        capsock_address_format((struct sockaddr *)&found.storage, found.length, text, needed - 1),
        CAPSOCK_TOO_LARGE);
    CHECK(strstr(capsock_last_error(), table[i].becomes) != NULL);
  }
}

static void text_that_is_no_address(void) {
  static const struct {
    const char *text;
    int family;
    int64_t timeout_ms;
    capsock_status status;
  } table[] = {
      {"localhost", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:65536", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:-1", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:http", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"::1:80", AF_INET6, 0, CAPSOCK_INVALID_ARGUMENT},
      {"", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"a\xff:80", AF_INET, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:80", AF_UNIX, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:80", -1, 0, CAPSOCK_INVALID_ARGUMENT},
      {"localhost:80", AF_INET, -1, CAPSOCK_INVALID_ARGUMENT},
      {"127.0.0.1:80", AF_INET6, 0, CAPSOCK_NAME_NOT_RESOLVED},
      {"[::1]:80", AF_INET, 0, CAPSOCK_NAME_NOT_RESOLVED},
      {"does-not-exist.invalid:80", AF_INET, CALL_TIMEOUT_MS, CAPSOCK_NAME_NOT_RESOLVED},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    address found;
    CHECK_STATUS(capsock_address_parse(table[i].text, table[i].family, table[i].timeout_ms,
                                       at(&found), &found.length),
                 table[i].status);
    CHECK(found.length == sizeof found.storage);
  }
  CHECK(capsock_last_gai_code() != 0);
}

static void ports_and_hosts(void) {
  address found;
  capsock_socket *socket = new_socket(AF_INET, SOCK_STREAM);
  CHECK_OK(capsock_address_resolve("::1", 80, AF_UNSPEC, 0, at(&found), &found.length));
  CHECK(((struct sockaddr *)&found.storage)->sa_family == AF_INET6 &&
        found.length == sizeof(struct sockaddr_in6));
  CHECK_STATUS(capsock_address_resolve("localhost", 65536, AF_INET, 0, at(&found), &found.length),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_bind_to(socket, "localhost", -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_connect_to(socket, "localhost", INT_MIN), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_bind_to(socket, "a\xff", 0), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_bind_to(socket, "::1", 0), CAPSOCK_NAME_NOT_RESOLVED);
  CHECK(strstr(capsock_last_error(), "use an IPv6 socket") != NULL);
  CHECK_STATUS(capsock_socket_connect_to(socket, "does-not-exist.invalid", 9),
               CAPSOCK_NAME_NOT_RESOLVED);
  capsock_socket_free(socket);
}

static void sockets_that_cannot_be(void) {
  static const struct {
    int family, type, protocol;
  } table[] = {
      {AF_UNIX, SOCK_STREAM, 0},
      {AF_UNSPEC, SOCK_STREAM, 0},
      {-1, SOCK_STREAM, 0},
      {INT_MAX, SOCK_STREAM, 0},
      {AF_INET, SOCK_RAW, 0},
      {AF_INET, 0, 0},
      {AF_INET, -1, 0},
      {AF_INET, INT_MIN, 0},
      {AF_INET, SOCK_STREAM, IPPROTO_UDP},
      {AF_INET6, SOCK_DGRAM, IPPROTO_TCP},
      {AF_INET, SOCK_STREAM, -1},
  };
  capsock_socket *socket = NULL;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    CHECK_STATUS(capsock_socket_new(table[i].family, table[i].type, table[i].protocol, &socket),
                 CAPSOCK_INVALID_ARGUMENT);
  CHECK(socket == NULL);
}

/* What getaddrinfo(3) gives, the functions take as it is. */
static void it_takes_what_getaddrinfo_gives(void) {
  struct addrinfo hints, *found = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  CHECK(getaddrinfo("127.0.0.1", "0", &hints, &found) == 0);
  for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
    capsock_socket *socket = NULL;
    if (each->ai_socktype == SOCK_RAW)
      continue;
    CHECK_OK(capsock_socket_new(each->ai_family, each->ai_socktype, each->ai_protocol, &socket));
    CHECK_OK(capsock_socket_bind(socket, each->ai_addr, each->ai_addrlen));
    capsock_socket_free(socket);
  }
  freeaddrinfo(found);
}

/* Each address is of exactly its length, so that valgrind sees what is read beyond. */
static void addresses_that_cannot_be(void) {
  static const struct {
    int family;
    socklen_t length;
    const char *says;
  } table[] = {
      {AF_INET, 15, "sockaddr_in,"},
      {AF_INET6, 27, "sockaddr_in6"},
      {AF_INET6, 16, "sockaddr_in6"},
      {AF_UNIX, 16, "neither AF_INET"},
      {AF_UNSPEC, 16, "neither"},
      {AF_INET, 1, "family"},
      {AF_INET, 0, "family"},
      {AF_INET, 129, "129 bytes"},
      {AF_INET, UINT_MAX, "4294967295"},
  };
  capsock_socket *socket = new_socket(AF_INET, SOCK_DGRAM);
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    socklen_t length = table[i].length;
    size_t size = length > 128 ? 16 : length;
    unsigned char *raw = malloc(size + 1), *end = raw + 1;
    struct sockaddr *odd = (struct sockaddr *)(void *)end;
    sa_family_t family = (sa_family_t)table[i].family;
    memset(end, 0, size);
    memcpy(end, &family, size < sizeof family ? size : sizeof family);
    CHECK_STATUS(capsock_socket_bind(socket, odd, length), CAPSOCK_INVALID_ARGUMENT);
    CHECK(strstr(capsock_last_error(), table[i].says) != NULL);
    CHECK_STATUS(capsock_socket_connect(socket, odd, length), CAPSOCK_INVALID_ARGUMENT);
    CHECK_STATUS(capsock_socket_sendto(socket, "a", 1, 0, odd, length, NULL),
                 CAPSOCK_INVALID_ARGUMENT);
    /* The address of a Unix domain socket has a text, although no socket here has it. */
    CHECK_STATUS(capsock_address_format(odd, length, (char[99]){0}, 99),
                 table[i].family == AF_UNIX ? CAPSOCK_OK : CAPSOCK_INVALID_ARGUMENT);
    free(raw);
  }
  capsock_socket_free(socket);
}

/* Too little room for an address: nothing is taken, and nothing written. */
static void room_that_is_too_small(void) {
  EACH_FAMILY(family) {
    const socklen_t needed =
        family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    address where;
    capsock_socket *listener = listening_socket(family, 1, &where), *connection = NULL;
    capsock_socket *client = new_socket(family, SOCK_STREAM);
    capsock_socket *receiver = bound_socket(family, SOCK_DGRAM, &where);
    unsigned char *room = malloc(needed);
    struct sockaddr *small = (struct sockaddr *)(void *)room;
    socklen_t length = needed - 1;
    char text[4];
    size_t received = 7;
    CHECK_OK(capsock_socket_connect_to(client, loopback(family), capsock_socket_port(listener)));
    CHECK_STATUS(capsock_socket_accept(listener, small, &length, &connection),
                 CAPSOCK_INVALID_ARGUMENT);
    CHECK_STATUS(capsock_socket_getsockname(client, small, &length), CAPSOCK_INVALID_ARGUMENT);
    CHECK_STATUS(capsock_socket_getpeername(client, small, &length), CAPSOCK_INVALID_ARGUMENT);
    CHECK_STATUS(capsock_socket_recvfrom(receiver, text, sizeof text, 0, small, &length, &received),
                 CAPSOCK_INVALID_ARGUMENT);
    CHECK_STATUS(capsock_address_resolve(loopback(family), 1, family, 0, small, &length),
                 CAPSOCK_INVALID_ARGUMENT);
    CHECK(length == needed - 1 && connection == NULL && received == 7);
    length = needed;
    CHECK_OK(capsock_socket_accept(listener, small, &length, &connection));
    CHECK(length == needed && small->sa_family == family);
    free(room);
    capsock_socket_free(connection);
    capsock_socket_free(client);
    capsock_socket_free(receiver);
    capsock_socket_free(listener);
  }
}

static void numbers_that_cannot_be(void) {
  capsock_socket *socket = new_socket(AF_INET, SOCK_STREAM), *connection = NULL;
  char buffer[4];
  size_t length = 7;
  int number = 1;
  socklen_t huge = UINT_MAX;
  CHECK_STATUS(capsock_socket_set_timeout(socket, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_set_timeout(socket, INT64_MIN), CAPSOCK_INVALID_ARGUMENT);
  CHECK(capsock_socket_timeout(socket) == CALL_TIMEOUT_MS);
  CHECK_STATUS(capsock_socket_listen(socket, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_shutdown(socket, 3), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_shutdown(socket, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_send(socket, "a", SIZE_MAX, 0, NULL), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_recv(socket, buffer, SIZE_MAX, 0, &length), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_getsockopt(socket, SOL_SOCKET, SO_TYPE, &number, &huge),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &number, huge),
               CAPSOCK_INVALID_ARGUMENT);
  /* Flags that nobody has are the system's to judge. */
  CHECK(capsock_socket_recv(socket, buffer, sizeof buffer, -1 & ~MSG_ERRQUEUE, &length) !=
        CAPSOCK_OK);
  CHECK(length == 7 && connection == NULL);
  capsock_socket_free(socket);
}

/* Calls in the wrong order say what to do. */
static void states_that_do_not_fit(void) {
  address where;
  capsock_socket *listener = listening_socket(AF_INET, 1, &where), *connection = NULL;
  capsock_socket *socket = new_socket(AF_INET, SOCK_STREAM);
  const struct sockaddr *to = (struct sockaddr *)&where.storage;
  char buffer[4], expected[64];
  size_t length;
  CHECK_STATUS(capsock_socket_accept(socket, NULL, NULL, &connection), CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "call listen first") != NULL);
  CHECK_STATUS(capsock_socket_recv(socket, buffer, sizeof buffer, 0, &length), CAPSOCK_OTHER);
  CHECK(capsock_last_errno() == ENOTCONN &&
        strstr(capsock_last_error(), "connect it first") != NULL);
  CHECK_STATUS(capsock_socket_getpeername(socket, at(&where), &where.length), CAPSOCK_OTHER);
  CHECK(capsock_last_errno() == ENOTCONN);
  CHECK_STATUS(capsock_socket_shutdown(socket, SHUT_WR), CAPSOCK_OTHER);
  CHECK(capsock_socket_port(socket) == 0);

  CHECK_OK(capsock_socket_getsockname(listener, at(&where), &where.length));
  CHECK_STATUS(capsock_socket_bind(listener, to, where.length), CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "already") != NULL);
  CHECK_STATUS(capsock_socket_bind(socket, to, where.length), CAPSOCK_ADDRESS_IN_USE);
  snprintf(expected, sizeof expected,
           "could not bind to 127.0.0.1:%d: ", capsock_socket_port(listener));
  CHECK(strncmp(capsock_last_error(), expected, strlen(expected)) == 0);
  CHECK_STATUS(capsock_socket_bind_to(socket, "localhost", capsock_socket_port(listener)),
               CAPSOCK_ADDRESS_IN_USE);
  CHECK(strncmp(capsock_last_error(), expected, strlen(expected)) == 0);
  CHECK_STATUS(capsock_socket_bind_to(socket, "192.0.2.1", 0), CAPSOCK_ADDRESS_NOT_AVAILABLE);

  CHECK_OK(capsock_socket_connect(socket, to, where.length));
  CHECK_STATUS(capsock_socket_connect(socket, to, where.length), CAPSOCK_OTHER);
  CHECK(capsock_last_errno() == EISCONN);
  CHECK_STATUS(capsock_socket_connect_to(socket, "localhost", capsock_socket_port(listener)),
               CAPSOCK_OTHER);
  CHECK(capsock_last_errno() == EISCONN);
  capsock_socket_free(socket);
  capsock_socket_free(listener);
}

/* A socket that was refused is fit for another attempt. */
static void a_refused_connect(void) {
  EACH_FAMILY(family) {
    address where;
    capsock_socket *listener = bound_socket(family, SOCK_STREAM, &where);
    capsock_socket *client = new_socket(family, SOCK_STREAM);
    CHECK_STATUS(capsock_socket_connect(client, (struct sockaddr *)&where.storage, where.length),
                 CAPSOCK_CONNECTION_REFUSED);
    CHECK_STATUS(capsock_socket_connect_to(client, "localhost", capsock_socket_port(listener)),
                 CAPSOCK_CONNECTION_REFUSED);
    CHECK(strstr(capsock_last_error(), family == AF_INET ? "127.0.0.1:" : "[::1]:") != NULL);
    CHECK_OK(capsock_socket_listen(listener, 1));
    CHECK_OK(capsock_socket_connect(client, (struct sockaddr *)&where.storage, where.length));
    capsock_socket_free(client);
    capsock_socket_free(listener);
  }
}

int main(void) {
  static const test tests[] = {
      {"addresses as text", addresses_as_text},
      {"text that is no address", text_that_is_no_address},
      {"ports and hosts", ports_and_hosts},
      {"sockets that cannot be", sockets_that_cannot_be},
      {"it takes what getaddrinfo gives", it_takes_what_getaddrinfo_gives},
      {"addresses that cannot be", addresses_that_cannot_be},
      {"room that is too small", room_that_is_too_small},
      {"numbers that cannot be", numbers_that_cannot_be},
      {"states that do not fit", states_that_do_not_fit},
      {"a refused connect", a_refused_connect},
  };
  return RUN(tests);
}
