/* Clients: bad input, peers that are not there, replies of any kind, use after close. */
#define _XOPEN_SOURCE 700
#include "peers.h"

#include <errno.h>
#include <pthread.h>

static capsock_status connect_tcp(const char *host, int32_t port) {
  capsock_tcp_client_options *options = capsock_tcp_client_options_new();
  capsock_tcp_client *client = NULL;
  capsock_status status = capsock_tcp_client_connect(host, port, options, &client);
  CHECK((client != NULL) == (status == CAPSOCK_OK));
  capsock_tcp_client_free(client);
  capsock_tcp_client_options_free(options);
  return status;
}

static capsock_status connect_udp(const char *host, int32_t port) {
  capsock_udp_client_options *options = capsock_udp_client_options_new();
  capsock_udp_client *client = NULL;
  capsock_status status = capsock_udp_client_connect(host, port, options, &client);
  CHECK((client != NULL) == (status == CAPSOCK_OK));
  capsock_udp_client_free(client);
  capsock_udp_client_options_free(options);
  return status;
}

static void hosts_and_ports(void) {
  static const struct {
    const char *host;
    int32_t port;
    capsock_status status;
  } table[] = {
      {"\xff\xfe", 12000, CAPSOCK_INVALID_ARGUMENT},
      {"127.0.0.1", -1, CAPSOCK_INVALID_ARGUMENT},
      {"127.0.0.1", 65536, CAPSOCK_INVALID_ARGUMENT},
      {"127.0.0.1", INT32_MIN, CAPSOCK_INVALID_ARGUMENT},
      {"does-not-exist.invalid", 12000, CAPSOCK_NAME_NOT_RESOLVED},
      {"127.0.0.1 ", 12000, CAPSOCK_NAME_NOT_RESOLVED},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    CHECK_STATUS(connect_tcp(table[i].host, table[i].port), table[i].status);
    CHECK((capsock_last_gai_code() != 0) == (table[i].status == CAPSOCK_NAME_NOT_RESOLVED));
    CHECK_STATUS(connect_udp(table[i].host, table[i].port), table[i].status);
  }
}

static void closed_port(void) {
  int port, fd = plain_socket(SOCK_STREAM, &port);
  capsock_udp_client *client;
  char *reply = NULL;
  CHECK_STATUS(connect_tcp("127.0.0.1", port), CAPSOCK_CONNECTION_REFUSED);
  CHECK(capsock_last_errno() == ECONNREFUSED);
  CHECK(strstr(capsock_last_error(), "127.0.0.1:") != NULL);
  close_socket(fd);

  fd = refusing_udp_socket(&port);
  client = udp_client(port);
  CHECK_STATUS(capsock_udp_client_request(client, "a", &reply), CAPSOCK_CONNECTION_REFUSED);
  CHECK(capsock_last_errno() == ECONNREFUSED);
  CHECK(reply == NULL);
  capsock_udp_client_free(client);
  close_socket(fd);
}

static void negative_timeouts(void) {
  capsock_tcp_client_options *tcp = capsock_tcp_client_options_new();
  capsock_udp_client_options *udp = capsock_udp_client_options_new();
  CHECK_STATUS(capsock_tcp_client_options_set_timeout(tcp, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "-1 ms") != NULL);
  CHECK_STATUS(capsock_tcp_client_options_set_connect_timeout(tcp, INT64_MIN),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_udp_client_options_set_timeout(udp, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_udp_client_options_set_retransmit_after(udp, -1), CAPSOCK_INVALID_ARGUMENT);
  capsock_udp_client_options_free(udp);
  capsock_tcp_client_options_free(tcp);
}

static void no_reply_within_the_timeout(void) {
  int port, fd = plain_listener(&port);
  capsock_tcp_client_options *tcp = capsock_tcp_client_options_new();
  capsock_udp_client_options *udp = capsock_udp_client_options_new();
  capsock_tcp_client *tcp_asks = NULL;
  capsock_udp_client *udp_asks = NULL;
  char *reply = NULL;
  CHECK_OK(capsock_tcp_client_options_set_timeout(tcp, 50));
  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", port, tcp, &tcp_asks));
  CHECK_STATUS(capsock_tcp_client_request(tcp_asks, "a", &reply), CAPSOCK_TIMED_OUT);
  CHECK(capsock_last_errno() == ETIMEDOUT);
  capsock_tcp_client_free(tcp_asks);
  close_socket(fd);

  fd = plain_socket(SOCK_DGRAM, &port);
  CHECK_OK(capsock_udp_client_options_set_timeout(udp, 50));
  CHECK_OK(capsock_udp_client_options_set_retransmit_after(udp, 10));
  CHECK_OK(capsock_udp_client_connect("127.0.0.1", port, udp, &udp_asks));
  CHECK_STATUS(capsock_udp_client_request(udp_asks, "a", &reply), CAPSOCK_TIMED_OUT);
  capsock_udp_client_free(udp_asks);
  close_socket(fd);
  CHECK(reply == NULL);
  capsock_udp_client_options_free(udp);
  capsock_tcp_client_options_free(tcp);
}

/* A server of the system that answers one TCP request with these bytes, from a thread. */
typedef struct {
  int listener;
  const char *reply;
  size_t length;
} answer;

static void *answer_once(void *argument) {
  const answer *with = argument;
  char request[64];
  int fd = (int)accept(with->listener, NULL, NULL);
  CHECK(recv(fd, request, sizeof request, 0) > 0);
  CHECK(send(fd, with->reply, with->length, 0) == (ssize_t)with->length);
  close_socket(fd);
  return NULL;
}

static void replies_that_are_no_text(void) {
  static const struct {
    const char *reply;
    size_t length;
  } table[] = {{"\xff\n", 2}, {"a\0b\n", 4}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    for (int as_bytes = 0; as_bytes < 2; as_bytes++) {
      int port;
      pthread_t thread;
      answer with = {plain_listener(&port), table[i].reply, table[i].length};
      capsock_tcp_client *client = tcp_client(port);
      capsock_bytes bytes = {NULL, 0};
      char *text = NULL;
      CHECK(pthread_create(&thread, NULL, answer_once, &with) == 0);
      if (as_bytes) {
        CHECK_OK(capsock_tcp_client_request_bytes(client, "a", 1, &bytes));
        CHECK(bytes.length == table[i].length - 1);
        CHECK(memcmp(bytes.data, table[i].reply, bytes.length) == 0);
        capsock_bytes_free(&bytes);
      } else {
        CHECK_STATUS(capsock_tcp_client_request(client, "a", &text), CAPSOCK_INVALID_TEXT);
        CHECK(strstr(capsock_last_error(), "bytes") != NULL);
        CHECK(text == NULL);
      }
      CHECK(pthread_join(thread, NULL) == 0);
      capsock_tcp_client_free(client);
      close_socket(with.listener);
    }
  }
}

static void requests_of_any_bytes(void) {
  static const struct {
    const char *request, *reply;
    size_t length;
  } table[] = {{"", "", 0}, {"a\0b", "A\0B", 3}, {"\xff\xc3", "\xff\xc3", 2}, {NULL, "", 0}};
  capsock_server_options *options = local_options();
  capsock_server *tcp = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_server *udp = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_tcp_client *tcp_asks = tcp_client(capsock_server_port(tcp));
  capsock_udp_client *udp_asks = udp_client(capsock_server_port(udp));
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    capsock_bytes reply;
    CHECK_OK(capsock_tcp_client_request_bytes(tcp_asks, table[i].request, table[i].length, &reply));
    CHECK(reply.length == table[i].length && memcmp(reply.data, table[i].reply, reply.length) == 0);
    capsock_bytes_free(&reply);
    CHECK_OK(capsock_udp_client_request_bytes(udp_asks, table[i].request, table[i].length, &reply));
    CHECK(reply.length == table[i].length && memcmp(reply.data, table[i].reply, reply.length) == 0);
    capsock_bytes_free(&reply);
  }
  capsock_tcp_client_free(tcp_asks);
  capsock_udp_client_free(udp_asks);
  capsock_server_free(tcp);
  capsock_server_free(udp);
  capsock_server_options_free(options);
}

static void requests_that_are_refused(void) {
  capsock_server_options *options = local_options();
  capsock_server *tcp = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_server *udp = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_tcp_client *tcp_asks = tcp_client(capsock_server_port(tcp));
  capsock_udp_client *udp_asks = udp_client(capsock_server_port(udp));
  capsock_bytes bytes = {NULL, 7};
  char *text = NULL;
  CHECK_STATUS(capsock_tcp_client_request(tcp_asks, "a\nb", &text), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_tcp_client_request(tcp_asks, "\xff", &text), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_tcp_client_request_bytes(tcp_asks, "\n", 1, &bytes),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_tcp_client_request_bytes(tcp_asks, "a", SIZE_MAX, &bytes),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_udp_client_request(udp_asks, "\xff", &text), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_udp_client_request_bytes(udp_asks, "a", SIZE_MAX, &bytes),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(text == NULL && bytes.length == 7);
  check_tcp_reply(tcp_asks, "a", "A");
  check_udp_reply(udp_asks, "a", "A");
  capsock_tcp_client_free(tcp_asks);
  capsock_udp_client_free(udp_asks);
  capsock_server_free(tcp);
  capsock_server_free(udp);
  capsock_server_options_free(options);
}

/* 65,507 bytes are the most that a datagram has over IPv4. */
static void the_largest_datagram(void) {
  static char request[65508];
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_udp_client *client = udp_client(capsock_server_port(server));
  capsock_bytes reply = {NULL, 7};
  memset(request, 'a', sizeof request);
  CHECK_STATUS(capsock_udp_client_request_bytes(client, request, sizeof request, &reply),
               CAPSOCK_TOO_LARGE);
  CHECK(capsock_last_errno() == EMSGSIZE);
  CHECK(reply.length == 7);
  CHECK_OK(capsock_udp_client_request_bytes(client, request, sizeof request - 1, &reply));
  CHECK(reply.length == sizeof request - 1 && reply.data[0] == 'A');
  capsock_bytes_free(&reply);
  capsock_udp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void a_reply_over_the_limit(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client_options *client_options = capsock_tcp_client_options_new();
  capsock_tcp_client *client = NULL;
  char *reply = NULL;
  CHECK_OK(capsock_tcp_client_options_set_max_reply(client_options, 4));
  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", capsock_server_port(server), client_options,
                                      &client));
  check_tcp_reply(client, "abcd", "ABCD");
  CHECK_STATUS(capsock_tcp_client_request(client, "abcde", &reply), CAPSOCK_TOO_LARGE);
  CHECK(reply == NULL);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_tcp_client_options_free(client_options);
  capsock_server_options_free(options);
}

static void client_addresses(void) {
  char expected[32];
  char *address = NULL;
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *tcp = tcp_client(capsock_server_port(server));
  capsock_udp_client *udp = udp_client(capsock_server_port(server));
  snprintf(expected, sizeof expected, "127.0.0.1:%d", capsock_server_port(server));

  CHECK_OK(capsock_tcp_client_peer_address(tcp, &address));
  CHECK(strcmp(address, expected) == 0);
  capsock_string_free(address);
  CHECK_OK(capsock_tcp_client_local_address(tcp, &address));
  CHECK(strncmp(address, "127.0.0.1:", 10) == 0);
  capsock_string_free(address);
  CHECK_OK(capsock_udp_client_peer_address(udp, &address));
  CHECK(strcmp(address, expected) == 0);
  capsock_string_free(address);
  CHECK_OK(capsock_udp_client_local_address(udp, &address));
  CHECK(strncmp(address, "127.0.0.1:", 10) == 0);
  capsock_string_free(address);

  capsock_tcp_client_free(tcp);
  capsock_udp_client_free(udp);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void use_after_close(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *tcp = tcp_client(capsock_server_port(server));
  capsock_udp_client *udp = udp_client(capsock_server_port(server));
  capsock_bytes bytes;
  char *text = NULL;
  for (int twice = 0; twice < 2; twice++) {
    CHECK_OK(capsock_tcp_client_close(tcp));
    CHECK_OK(capsock_udp_client_close(udp));
  }
  CHECK_STATUS(capsock_tcp_client_request(tcp, "a", &text), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_tcp_client_request_bytes(tcp, "a", 1, &bytes), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_tcp_client_copy(tcp, standard_input(), standard_output(), NULL, NULL),
               CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_tcp_client_local_address(tcp, &text), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_tcp_client_peer_address(tcp, &text), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_udp_client_request(udp, "a", &text), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_udp_client_request_bytes(udp, "a", 1, &bytes), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_udp_client_local_address(udp, &text), CAPSOCK_CLOSED);
  CHECK_STATUS(capsock_udp_client_peer_address(udp, &text), CAPSOCK_CLOSED);
  CHECK(text == NULL);
  capsock_tcp_client_free(tcp);
  capsock_udp_client_free(udp);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"hosts and ports", hosts_and_ports},
      {"a closed port", closed_port},
      {"negative timeouts", negative_timeouts},
      {"no reply within the timeout", no_reply_within_the_timeout},
      {"replies that are no text", replies_that_are_no_text},
      {"requests of any bytes", requests_of_any_bytes},
      {"requests that are refused", requests_that_are_refused},
      {"the largest datagram", the_largest_datagram},
      {"a reply over the limit", a_reply_over_the_limit},
      {"addresses of clients", client_addresses},
      {"use after close", use_after_close},
  };
  return RUN(tests);
}
