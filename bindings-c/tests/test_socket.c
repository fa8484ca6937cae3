/* The BSD flows over TCP and UDP, IPv4 and IPv6, by themselves and mixed with the system's calls.
 */
#define _POSIX_C_SOURCE 200809L
#include "sockets.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/time.h>
#include <sys/wait.h>

static void to_upper(char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    text[i] = (char)toupper((unsigned char)text[i]);
}

static void the_textbooks_flow_over_udp(void) {
  EACH_FAMILY(family) {
    address server_address, client_address, sender;
    capsock_socket *server = bound_socket(family, SOCK_DGRAM, &server_address);
    capsock_socket *client = new_socket(family, SOCK_DGRAM);
    char message[64];
    size_t length = 0, sent = 0;

    CHECK_OK(capsock_socket_sendto(client, "hello", 5, 0,
                                   (struct sockaddr *)&server_address.storage,
                                   server_address.length, &sent));
    CHECK(sent == 5);
    CHECK_OK(capsock_socket_recvfrom(server, message, sizeof message, 0, at(&client_address),
                                     &client_address.length, &length));
    CHECK(length == 5 && memcmp(message, "hello", 5) == 0);
    to_upper(message, length);
    CHECK_OK(capsock_socket_sendto(server, message, length, 0,
                                   (struct sockaddr *)&client_address.storage,
                                   client_address.length, NULL));
    CHECK_OK(capsock_socket_recvfrom(client, message, sizeof message, 0, at(&sender),
                                     &sender.length, &length));
    CHECK(length == 5 && memcmp(message, "HELLO", 5) == 0);
    CHECK(sender.length == server_address.length &&
          memcmp(&sender.storage, &server_address.storage, sender.length) == 0);
    CHECK_OK(capsock_socket_close(client));
    CHECK_OK(capsock_socket_close(server));
    capsock_socket_free(client);
    capsock_socket_free(server);
  }
}

static void the_textbooks_flow_over_tcp(void) {
  EACH_FAMILY(family) {
    address where, peer, self, none;
    capsock_socket *listener = listening_socket(family, 1, &where);
    capsock_socket *client = new_socket(family, SOCK_STREAM), *connection = NULL;
    char sentence[64];
    size_t length = 0;

    CHECK_OK(capsock_socket_connect_to(client, "localhost", capsock_socket_port(listener)));
    CHECK_OK(capsock_socket_accept(listener, at(&peer), &peer.length, &connection));
    CHECK_OK(capsock_socket_getsockname(client, at(&self), &self.length));
    CHECK(peer.length == self.length && memcmp(&peer.storage, &self.storage, peer.length) == 0);
    CHECK_OK(capsock_socket_getpeername(client, at(&peer), &peer.length));
    CHECK(peer.length == where.length && memcmp(&peer.storage, &where.storage, peer.length) == 0);

    CHECK_OK(capsock_socket_send(client, "hello", 5, 0, NULL));
    CHECK_OK(capsock_socket_recv(connection, sentence, sizeof sentence, 0, &length));
    to_upper(sentence, length);
    CHECK_OK(capsock_socket_send(connection, sentence, length, 0, NULL));
    CHECK_OK(capsock_socket_shutdown(connection, SHUT_WR));
    CHECK_OK(capsock_socket_recvfrom(client, sentence, sizeof sentence, 0, at(&none), &none.length,
                                     &length));
    CHECK(length == 5 && memcmp(sentence, "HELLO", 5) == 0 && none.length == 0);
    check_received(client, "");
    capsock_socket_free(connection);
    capsock_socket_free(client);
    capsock_socket_free(listener);
  }
}

/* An empty host is every address to a server, and this machine to a client. */
static void an_empty_host(void) {
  EACH_FAMILY(family) {
    capsock_socket *server = new_socket(family, SOCK_DGRAM),
                   *client = new_socket(family, SOCK_DGRAM);
    address bound;
    char text[CAPSOCK_ADDRESS_SIZE];
    CHECK_OK(capsock_socket_bind_to(server, "", 0));
    CHECK_OK(capsock_socket_getsockname(server, at(&bound), &bound.length));
    CHECK_OK(
        capsock_address_format((struct sockaddr *)&bound.storage, bound.length, text, sizeof text));
    CHECK(strncmp(text, family == AF_INET ? "0.0.0.0:" : "[::]:", family == AF_INET ? 8 : 5) == 0);
    CHECK_OK(capsock_socket_connect_to(client, "", capsock_socket_port(server)));
    CHECK_OK(capsock_socket_send(client, "hello", 5, 0, NULL));
    check_received(server, "hello");
    capsock_socket_free(client);
    capsock_socket_free(server);
  }
}

/* sendto without an address, and over TCP with one, is send. */
static void sendto_where_it_is_connected_to(void) {
  address where;
  capsock_socket *server = bound_socket(AF_INET, SOCK_DGRAM, &where);
  capsock_socket *client = new_socket(AF_INET, SOCK_DGRAM), *other;
  CHECK_OK(capsock_socket_connect(client, (struct sockaddr *)&where.storage, where.length));
  CHECK_OK(capsock_socket_sendto(client, "udp", 3, 0, NULL, 0, NULL));
  check_received(server, "udp");
  capsock_socket_free(client);
  capsock_socket_free(server);
  connect_pair(AF_INET, &client, &other);
  CHECK_OK(capsock_socket_sendto(client, "tcp", 3, 0, (struct sockaddr *)&where.storage,
                                 where.length, NULL));
  check_received(other, "tcp");
  capsock_socket_free(client);
  capsock_socket_free(other);
}

/* With the option instead of the flag, connect may leave the handshake to the first send. */
static void fast_open(void) {
  address where;
  capsock_socket *listener = listening_socket(AF_INET, 1, &where), *connection;
  capsock_socket *client = new_socket(AF_INET, SOCK_STREAM);
  int on = 1;
  CHECK_STATUS(capsock_socket_sendto(client, "fast", 4, MSG_FASTOPEN,
                                     (struct sockaddr *)&where.storage, where.length, NULL),
               CAPSOCK_UNSUPPORTED);
  CHECK_OK(capsock_socket_setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on));
  CHECK_OK(capsock_socket_connect(client, (struct sockaddr *)&where.storage, where.length));
  CHECK_OK(capsock_socket_send(client, "fast", 4, 0, NULL));
  connection = accepted(listener);
  check_received(connection, "fast");
  capsock_socket_free(connection);
  capsock_socket_free(client);
  capsock_socket_free(listener);
}

static void it_mixes_with_the_systems_calls(void) {
  int port, plain = plain_listener(&port);
  capsock_socket *client = new_socket(AF_INET, SOCK_STREAM);
  struct sockaddr_in name;
  socklen_t length = sizeof name;
  char text[8] = "";
  struct pollfd poll_for;
  int connection, descriptor = capsock_socket_descriptor(client);

  memset(&name, 0, sizeof name);
  name.sin_family = AF_INET;
  name.sin_port = htons((uint16_t)port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_OK(capsock_socket_connect(client, (struct sockaddr *)&name, sizeof name));
  connection = accept(plain, NULL, NULL);
  CHECK(getsockname(descriptor, (struct sockaddr *)&name, &length) == 0);
  CHECK(ntohs(name.sin_port) == capsock_socket_port(client));
  CHECK((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);

  poll_for.fd = descriptor;
  poll_for.events = POLLIN;
  CHECK(poll(&poll_for, 1, 0) == 0);
  CHECK(write(connection, "abc", 3) == 3);
  CHECK(poll(&poll_for, 1, CALL_TIMEOUT_MS) == 1 && poll_for.revents == POLLIN);
  CHECK(recv(descriptor, text, 1, 0) == 1 && text[0] == 'a');
  check_received(client, "bc");
  CHECK_OK(capsock_socket_close(client));
  CHECK(capsock_socket_descriptor(client) == -1);
  CHECK(fcntl(descriptor, F_GETFD) == -1 && errno == EBADF);
  CHECK(read(connection, text, sizeof text) == 0);
  capsock_socket_free(client);
  close(connection);
  close(plain);
}

enum { LARGE = 4 << 20 };

typedef struct {
  const capsock_socket *socket;
  const char *data;
} large_text;

/* One half at once, the other as the socket takes it. */
static void *send_large_text(void *argument) {
  const large_text *text = argument;
  CHECK_OK(capsock_socket_send(text->socket, text->data, LARGE / 2, 0, NULL));
  for (size_t total = LARGE / 2, sent = 0; total < LARGE; total += sent) {
    capsock_status status =
        capsock_socket_send(text->socket, text->data + total, LARGE - total, 0, &sent);
    CHECK_OK(status);
    if (status != CAPSOCK_OK)
      break;
  }
  CHECK_OK(capsock_socket_close(text->socket));
  return NULL;
}

/* Much more than the sockets' buffers hold. */
static void a_large_text_arrives_whole(void) {
  capsock_socket *client, *server;
  char *data = malloc(LARGE), *arrived = malloc(LARGE);
  large_text text;
  pthread_t thread;
  size_t total = 0, count = 1;
  const int small = 32768;
  CHECK(data != NULL && arrived != NULL);
  for (size_t i = 0; i < LARGE; i++)
    data[i] = (char)(i * 31 + i / 4096);
  connect_pair(AF_INET, &client, &server);
  CHECK_OK(capsock_socket_setsockopt(client, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  CHECK_OK(capsock_socket_setsockopt(server, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
  text.socket = client;
  text.data = data;
  CHECK(pthread_create(&thread, NULL, send_large_text, &text) == 0);
  for (; total < LARGE && count > 0; total += count) {
    count = 0;
    CHECK_OK(capsock_socket_recv(server, arrived + total, LARGE - total, 0, &count));
  }
  CHECK(total == LARGE && memcmp(data, arrived, LARGE) == 0);
  check_received(server, "");
  CHECK(pthread_join(thread, NULL) == 0);
  capsock_socket_free(client);
  capsock_socket_free(server);
  free(data);
  free(arrived);
}

/* The slides' concurrent server with a process for each connection. */
static void a_process_for_each_connection(void) {
  address where;
  capsock_socket *listener = listening_socket(AF_INET, 4, &where), *clients[2];
  pid_t children[2];
  for (int i = 0; i < 2; i++) {
    capsock_socket *connection;
    clients[i] = new_socket(AF_INET, SOCK_STREAM);
    CHECK_OK(capsock_socket_connect(clients[i], (struct sockaddr *)&where.storage, where.length));
    connection = accepted(listener);
    fflush(NULL);
    children[i] = fork();
    if (children[i] == 0) {
      char text[16];
      size_t length = 0;
      capsock_socket_free(listener);
      if (capsock_socket_recv(connection, text, sizeof text, 0, &length) != CAPSOCK_OK)
        _exit(1);
      to_upper(text, length);
      if (capsock_socket_send(connection, text, length, 0, NULL) != CAPSOCK_OK)
        _exit(1);
      capsock_socket_free(connection);
      _exit(0);
    }
    capsock_socket_free(connection);
  }
  for (int i = 1; i >= 0; i--) {
    int status = 1;
    CHECK_OK(capsock_socket_send(clients[i], "hello", 5, 0, NULL));
    check_received(clients[i], "HELLO");
    CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
    check_received(clients[i], "");
    capsock_socket_free(clients[i]);
  }
  capsock_socket_free(listener);
}

static void options(void) {
  capsock_socket *client, *server;
  int number = 1;
  socklen_t length = sizeof number;
  struct linger linger = {1, 3}, read_linger = {0, 0};
  struct timeval time = {2, 0};
  connect_pair(AF_INET, &client, &server);
  CHECK_OK(capsock_socket_setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &number, sizeof number));
  number = 0;
  CHECK_OK(capsock_socket_getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &number, &length));
  CHECK(number == 1 && length == sizeof number);
  CHECK_OK(capsock_socket_getsockopt(client, SOL_SOCKET, SO_TYPE, &number, &length));
  CHECK(number == SOCK_STREAM);
  CHECK_OK(capsock_socket_setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
  length = sizeof read_linger;
  CHECK_OK(capsock_socket_getsockopt(client, SOL_SOCKET, SO_LINGER, &read_linger, &length));
  CHECK(length == sizeof linger && read_linger.l_onoff == 1 && read_linger.l_linger == 3);
  /* A time of the system's is no timeout of ours. */
  CHECK_OK(capsock_socket_setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
  CHECK(capsock_socket_timeout(client) == CALL_TIMEOUT_MS);

  length = sizeof number;
  CHECK_STATUS(capsock_socket_getsockopt(client, SOL_SOCKET, 99999, &number, &length),
               CAPSOCK_UNSUPPORTED);
  CHECK(capsock_last_errno() == ENOPROTOOPT && strstr(capsock_last_error(), "99999") != NULL);
  CHECK_STATUS(capsock_socket_setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &number, 1),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_socket_setsockopt(client, SOL_SOCKET, SO_LINGER, NULL, 0),
               CAPSOCK_INVALID_ARGUMENT);
  capsock_socket_free(client);
  capsock_socket_free(server);
}

int main(void) {
  static const test tests[] = {
      {"the textbook's flow over UDP", the_textbooks_flow_over_udp},
      {"the textbook's flow over TCP", the_textbooks_flow_over_tcp},
      {"an empty host", an_empty_host},
      {"sendto where it is connected to", sendto_where_it_is_connected_to},
      {"fast open", fast_open},
      {"it mixes with the system's calls", it_mixes_with_the_systems_calls},
      {"a large text arrives whole", a_large_text_arrives_whole},
      {"a process for each connection", a_process_for_each_connection},
      {"options", options},
  };
  return RUN(tests);
}
