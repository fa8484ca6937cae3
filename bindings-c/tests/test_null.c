/* NULL for every pointer of every function: an error that names the argument, or nothing. Nothing
   is written to out-parameters. */
#define _POSIX_C_SOURCE 200809L
#include "sockets.h"

/* The call is refused, and the text names the argument. */
#define REFUSED(call, argument)                                                                    \
  do {                                                                                             \
    CHECK_STATUS(call, CAPSOCK_INVALID_ARGUMENT);                                                  \
    CHECK(strstr(capsock_last_error(), "'" argument "'") != NULL);                                 \
  } while (0)

static char unwritten;

static void free_takes_null(void) {
  capsock_bytes nothing = {NULL, 0};
  capsock_bytes_free(NULL);
  capsock_bytes_free(&nothing);
  capsock_string_free(NULL);
  capsock_uppercase_stream_free(NULL);
  capsock_server_free(NULL);
  capsock_tcp_client_free(NULL);
  capsock_udp_client_free(NULL);
  capsock_socket_free(NULL);
}

static void uppercase(void) {
  capsock_bytes upper = {NULL, 7};
  capsock_uppercase_stream *stream = NULL;
  REFUSED(capsock_uppercase(NULL, 1, &upper), "input");
  REFUSED(capsock_uppercase("a", 1, NULL), "upper");
  REFUSED(capsock_uppercase_stream_new(NULL), "stream");
  REFUSED(capsock_uppercase_stream_push(NULL, "a", 1, &upper), "stream");
  REFUSED(capsock_uppercase_stream_finish(NULL, &upper), "stream");
  CHECK_OK(capsock_uppercase_stream_new(&stream));
  REFUSED(capsock_uppercase_stream_push(stream, NULL, 1, &upper), "input");
  REFUSED(capsock_uppercase_stream_push(stream, "a", 1, NULL), "upper");
  REFUSED(capsock_uppercase_stream_finish(stream, NULL), "upper");
  capsock_uppercase_stream_free(stream);
  CHECK(upper.length == 7);
}

static void server(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = NULL;
  capsock_server *none = (capsock_server *)&unwritten;
  char *address = &unwritten;
  capsock_stats *stats = (capsock_stats *)&unwritten;
  capsock_stop_report *report = (capsock_stop_report *)&unwritten;

  REFUSED(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, NULL), "server");
  REFUSED(capsock_server_options_set_host(options, NULL), "host");
  REFUSED(capsock_server_options_set_host(NULL, "localhost"), "options");
  REFUSED(capsock_server_options_set_workers(NULL, 1), "options");
  REFUSED(capsock_server_options_set_delimiter(NULL, "a", 1), "options");
  REFUSED(capsock_server_options_set_delimiter(options, NULL, 1), "delimiter");
  REFUSED(capsock_server_options_set_length_includes_itself(NULL, true), "options");
  REFUSED(capsock_server_options_set_handler(NULL, NULL, NULL), "options");
  REFUSED(capsock_server_options_set_context_handler(NULL, NULL, NULL), "options");
  REFUSED(capsock_request_context_peer(NULL, NULL, NULL), "context");
  REFUSED(capsock_request_context_local(NULL, NULL, NULL), "context");
  REFUSED(capsock_request_context_client(NULL, NULL, NULL), "context");
  REFUSED(capsock_request_context_proxied_source(NULL, NULL, NULL), "context");
  REFUSED(capsock_request_context_proxied_destination(NULL, NULL, NULL), "context");
  REFUSED(capsock_server_options_set_async_handler(NULL, NULL, NULL), "options");
  REFUSED(capsock_pending_reply_complete(NULL, "", 0), "reply");
  REFUSED(capsock_pending_reply_fail(NULL, "why"), "reply");
  REFUSED(capsock_pending_reply_on_cancel(NULL, NULL, NULL), "reply");
  CHECK(!capsock_pending_reply_is_wanted(NULL));
  capsock_pending_reply_free(NULL);
  CHECK(capsock_request_context_transport(NULL) == CAPSOCK_TRANSPORT_TCP);
  REFUSED(capsock_server_options_set_proxy_protocol(NULL, ""), "options");
  REFUSED(capsock_server_options_set_proxy_protocol(options, NULL), "proxy_protocol");
  REFUSED(capsock_server_options_set_handler_latency(NULL, true), "options");
  REFUSED(capsock_server_options_set_log(NULL, NULL, NULL), "options");
  REFUSED(capsock_server_options_add_socket(NULL, 0), "options");
  REFUSED(capsock_server_options_add_systemd_sockets(NULL, NULL, NULL), "options");
  REFUSED(capsock_server_options_add_systemd_sockets(options, NULL, NULL), "count");
  REFUSED(capsock_server_options_clear_sockets(NULL), "options");
  CHECK(capsock_stats_requests(NULL) == 0 && capsock_stop_report_cut(NULL) == 0);
  capsock_server_options_free(NULL);
  capsock_stats_free(NULL);
  capsock_stop_report_free(NULL);
  CHECK((char *)none == &unwritten);

  CHECK(capsock_server_port(NULL) == 0);
  CHECK(capsock_server_address_count(NULL) == 0);
  REFUSED(capsock_server_address(NULL, 0, &address), "server");
  REFUSED(capsock_server_stats(NULL, &stats), "server");
  REFUSED(capsock_server_open_metrics(NULL, &address), "server");
  REFUSED(capsock_server_stop(NULL, 0, &report), "server");
  REFUSED(capsock_server_wait(NULL, 0), "server");
  REFUSED(capsock_server_pause(NULL), "server");
  REFUSED(capsock_server_resume(NULL), "server");
  REFUSED(capsock_server_drain(NULL, 0, &report), "server");
  CHECK(!capsock_server_is_paused(NULL));
  capsock_server_request_stop(NULL);

  server = start(CAPSOCK_TRANSPORT_TCP, options);
  REFUSED(capsock_server_address(server, 0, NULL), "address");
  REFUSED(capsock_server_stats(server, NULL), "stats");
  REFUSED(capsock_server_socket(NULL, 0, NULL), "server");
  REFUSED(capsock_server_socket(server, 0, NULL), "socket");
  REFUSED(capsock_server_open_metrics(server, NULL), "text");
  CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
  capsock_server_free(server);
  CHECK(address == &unwritten && (char *)stats == &unwritten && (char *)report == &unwritten);
  capsock_server_options_free(options);
}

static int write_nothing(const uint8_t *request, size_t length, capsock_reply *reply, void *count) {
  (void)request;
  (void)length;
  *(int *)count += capsock_reply_write(reply, NULL, 0) == CAPSOCK_OK;
  *(int *)count += capsock_reply_write(reply, NULL, 1) == CAPSOCK_INVALID_ARGUMENT;
  *(int *)count += capsock_reply_write(NULL, "a", 1) == CAPSOCK_INVALID_ARGUMENT;
  *(int *)count += capsock_reply_write(reply, "a", SIZE_MAX) == CAPSOCK_INVALID_ARGUMENT;
  return 0;
}

static void reply(void) {
  int count = 0;
  capsock_server_options *options = local_options();
  capsock_server *server;
  capsock_udp_client *client;
  CHECK_OK(capsock_server_options_set_handler(options, write_nothing, &count));
  server = start(CAPSOCK_TRANSPORT_UDP, options);
  client = udp_client(capsock_server_port(server));
  check_udp_reply(client, "a", "");
  capsock_udp_client_free(client);
  capsock_server_free(server);
  CHECK(count == 4);
  capsock_server_options_free(options);
}

static void tcp(void) {
  capsock_tcp_client_options *options = capsock_tcp_client_options_new();
  capsock_server_options *server_options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, server_options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  capsock_tcp_client *none = (capsock_tcp_client *)&unwritten;
  capsock_bytes bytes = {NULL, 7};
  uint64_t sent = 7, received = 7;
  char *text = &unwritten;

  REFUSED(capsock_tcp_client_connect(NULL, 1, options, &none), "host");
  REFUSED(capsock_tcp_client_options_set_timeout(NULL, 1), "options");
  capsock_tcp_client_options_free(NULL);
  REFUSED(capsock_tcp_client_connect("127.0.0.1", 1, options, NULL), "client");
  REFUSED(capsock_tcp_client_request(NULL, "a", &text), "client");
  REFUSED(capsock_tcp_client_request(client, NULL, &text), "line");
  REFUSED(capsock_tcp_client_request(client, "a", NULL), "reply");
  REFUSED(capsock_tcp_client_request_bytes(NULL, "a", 1, &bytes), "client");
  REFUSED(capsock_tcp_client_request_bytes(client, NULL, 1, &bytes), "line");
  REFUSED(capsock_tcp_client_request_bytes(client, "a", 1, NULL), "reply");
  REFUSED(capsock_tcp_client_copy(NULL, standard_input(), standard_output(), &sent, &received),
          "client");
  REFUSED(capsock_tcp_client_local_address(NULL, &text), "client");
  REFUSED(capsock_tcp_client_local_address(client, NULL), "address");
  REFUSED(capsock_tcp_client_peer_address(NULL, &text), "client");
  REFUSED(capsock_tcp_client_peer_address(client, NULL), "address");
  REFUSED(capsock_tcp_client_close(NULL), "client");
  check_tcp_reply(client, "still alive", "STILL ALIVE");
  CHECK((char *)none == &unwritten && text == &unwritten && bytes.length == 7 && sent == 7 &&
        received == 7);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(server_options);
  capsock_tcp_client_options_free(options);
}

static void udp(void) {
  capsock_udp_client_options *options = capsock_udp_client_options_new();
  capsock_server_options *server_options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, server_options);
  capsock_udp_client *client = udp_client(capsock_server_port(server));
  capsock_udp_client *none = (capsock_udp_client *)&unwritten;
  capsock_bytes bytes = {NULL, 7};
  char *text = &unwritten;

  REFUSED(capsock_udp_client_connect(NULL, 1, options, &none), "host");
  REFUSED(capsock_udp_client_options_set_timeout(NULL, 1), "options");
  capsock_udp_client_options_free(NULL);
  REFUSED(capsock_udp_client_connect("127.0.0.1", 1, options, NULL), "client");
  REFUSED(capsock_udp_client_request(NULL, "a", &text), "client");
  REFUSED(capsock_udp_client_request(client, NULL, &text), "text");
  REFUSED(capsock_udp_client_request(client, "a", NULL), "reply");
  REFUSED(capsock_udp_client_request_bytes(NULL, "a", 1, &bytes), "client");
  REFUSED(capsock_udp_client_request_bytes(client, NULL, 1, &bytes), "request");
  REFUSED(capsock_udp_client_request_bytes(client, "a", 1, NULL), "reply");
  REFUSED(capsock_udp_client_local_address(NULL, &text), "client");
  REFUSED(capsock_udp_client_local_address(client, NULL), "address");
  REFUSED(capsock_udp_client_peer_address(NULL, &text), "client");
  REFUSED(capsock_udp_client_peer_address(client, NULL), "address");
  REFUSED(capsock_udp_client_close(NULL), "client");
  check_udp_reply(client, "still alive", "STILL ALIVE");
  CHECK((char *)none == &unwritten && text == &unwritten && bytes.length == 7);
  capsock_udp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(server_options);
  capsock_udp_client_options_free(options);
}

static void addresses(void) {
  struct sockaddr_in raw;
  struct sockaddr *found = (struct sockaddr *)&raw;
  socklen_t length = sizeof raw;
  char text[4];
  memset(&raw, 0, sizeof raw);
  REFUSED(capsock_address_resolve(NULL, 1, AF_INET, 0, found, &length), "host");
  REFUSED(capsock_address_resolve("127.0.0.1", 1, AF_INET, 0, NULL, &length), "address");
  REFUSED(capsock_address_resolve("127.0.0.1", 1, AF_INET, 0, found, NULL), "address_length");
  REFUSED(capsock_address_parse(NULL, AF_INET, 0, found, &length), "text");
  REFUSED(capsock_address_parse(":1", AF_INET, 0, NULL, &length), "address");
  REFUSED(capsock_address_parse(":1", AF_INET, 0, found, NULL), "address_length");
  REFUSED(capsock_address_format(NULL, sizeof raw, text, sizeof text), "address");
  raw.sin_family = AF_INET;
  REFUSED(capsock_address_format(found, sizeof raw, NULL, 100), "buffer");
  REFUSED(capsock_address_format(found, sizeof raw, NULL, 0), "buffer");
  CHECK(length == sizeof raw && raw.sin_port == 0);
}

static void sockets(void) {
  address where;
  capsock_socket *socket = bound_socket(AF_INET, SOCK_DGRAM, &where);
  capsock_socket *none = (capsock_socket *)&unwritten;
  const struct sockaddr *to = (struct sockaddr *)&where.storage;
  struct sockaddr *from = (struct sockaddr *)&where.storage;
  char buffer[4];
  size_t count = 7;
  int number = 1;
  socklen_t length = sizeof number;

  REFUSED(capsock_socket_new(AF_INET, SOCK_STREAM, 0, NULL), "socket");
  REFUSED(capsock_socket_set_timeout(NULL, 0), "socket");
  CHECK(capsock_socket_timeout(NULL) == -1);
  REFUSED(capsock_socket_set_interruptible(NULL, true), "socket");
  CHECK(!capsock_socket_interruptible(NULL));
  CHECK(capsock_socket_descriptor(NULL) == (capsock_fd)-1);
  CHECK(capsock_socket_port(NULL) == 0);
  REFUSED(capsock_socket_close(NULL), "socket");
  REFUSED(capsock_socket_bind(NULL, to, where.length), "socket");
  REFUSED(capsock_socket_bind(socket, NULL, where.length), "address");
  REFUSED(capsock_socket_bind_to(NULL, "", 0), "socket");
  REFUSED(capsock_socket_bind_to(socket, NULL, 0), "host");
  REFUSED(capsock_socket_listen(NULL, 1), "socket");
  REFUSED(capsock_socket_accept(NULL, NULL, NULL, &none), "socket");
  REFUSED(capsock_socket_accept(socket, from, NULL, &none), "address_length");
  REFUSED(capsock_socket_accept(socket, NULL, NULL, NULL), "connection");
  REFUSED(capsock_socket_connect(NULL, to, where.length), "socket");
  REFUSED(capsock_socket_connect(socket, NULL, where.length), "address");
  REFUSED(capsock_socket_connect_to(NULL, "", 1), "socket");
  REFUSED(capsock_socket_connect_to(socket, NULL, 1), "host");
  REFUSED(capsock_socket_send(NULL, "a", 1, 0, &count), "socket");
  REFUSED(capsock_socket_send(socket, NULL, 1, 0, &count), "data");
  REFUSED(capsock_socket_sendto(NULL, "a", 1, 0, to, where.length, &count), "socket");
  REFUSED(capsock_socket_sendto(socket, NULL, 1, 0, to, where.length, &count), "data");
  REFUSED(capsock_socket_sendto(socket, "a", 1, 0, NULL, where.length, &count), "address");
  REFUSED(capsock_socket_recv(NULL, buffer, sizeof buffer, 0, &count), "socket");
  REFUSED(capsock_socket_recv(socket, NULL, 1, 0, &count), "buffer");
  REFUSED(capsock_socket_recv(socket, buffer, sizeof buffer, 0, NULL), "received");
  REFUSED(capsock_socket_recvfrom(NULL, buffer, 1, 0, NULL, NULL, &count), "socket");
  REFUSED(capsock_socket_recvfrom(socket, NULL, 1, 0, NULL, NULL, &count), "buffer");
  REFUSED(capsock_socket_recvfrom(socket, buffer, 1, 0, from, NULL, &count), "address_length");
  REFUSED(capsock_socket_recvfrom(socket, buffer, 1, 0, NULL, NULL, NULL), "received");
  REFUSED(capsock_socket_shutdown(NULL, SHUT_WR), "socket");
  REFUSED(capsock_socket_getsockname(NULL, from, &length), "socket");
  REFUSED(capsock_socket_getsockname(socket, NULL, &length), "address");
  REFUSED(capsock_socket_getsockname(socket, from, NULL), "address_length");
  REFUSED(capsock_socket_getpeername(NULL, from, &length), "socket");
  REFUSED(capsock_socket_getpeername(socket, NULL, &length), "address");
  REFUSED(capsock_socket_getpeername(socket, from, NULL), "address_length");
  REFUSED(capsock_socket_getsockopt(NULL, SOL_SOCKET, SO_TYPE, &number, &length), "socket");
  REFUSED(capsock_socket_getsockopt(socket, SOL_SOCKET, SO_TYPE, NULL, &length), "value");
  REFUSED(capsock_socket_getsockopt(socket, SOL_SOCKET, SO_TYPE, &number, NULL), "length");
  REFUSED(capsock_socket_setsockopt(NULL, SOL_SOCKET, SO_TYPE, &number, length), "socket");
  REFUSED(capsock_socket_setsockopt(socket, SOL_SOCKET, SO_TYPE, NULL, length), "value");
  CHECK((char *)none == &unwritten && count == 7 && length == sizeof number);
  CHECK_OK(capsock_socket_sendto(socket, "still alive", 11, 0, to, where.length, NULL));
  check_received(socket, "still alive");
  capsock_socket_free(socket);
}

int main(void) {
  static const test tests[] = {
      {"_free takes NULL", free_takes_null}, {"NULL for uppercase", uppercase},
      {"NULL for a server", server},         {"NULL in a handler", reply},
      {"NULL for a TCP client", tcp},        {"NULL for a UDP client", udp},
      {"NULL for an address", addresses},    {"NULL for a socket", sockets},
  };
  return RUN(tests);
}
