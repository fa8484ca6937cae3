/* NULL for every pointer of every function: an error that names the argument, or nothing. Nothing
   is written to out-parameters. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

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
  capsock_server_options options = local_options();
  capsock_server *server = NULL;
  capsock_server *none = (capsock_server *)&unwritten;
  char *address = &unwritten;
  capsock_stats stats;
  capsock_stop_report report;
  stats.requests = 7;
  report.completed = 7;

  REFUSED(capsock_server_start(CAPSOCK_TRANSPORT_TCP, NULL, &none), "options");
  REFUSED(capsock_server_start(CAPSOCK_TRANSPORT_TCP, &options, NULL), "server");
  options.host = NULL;
  REFUSED(capsock_server_start(CAPSOCK_TRANSPORT_TCP, &options, &none), "options.host");
  CHECK((char *)none == &unwritten);

  CHECK(capsock_server_port(NULL) == 0);
  CHECK(capsock_server_address_count(NULL) == 0);
  REFUSED(capsock_server_address(NULL, 0, &address), "server");
  REFUSED(capsock_server_stats(NULL, &stats), "server");
  REFUSED(capsock_server_stop(NULL, 0, &report), "server");
  REFUSED(capsock_server_wait(NULL, 0), "server");
  capsock_server_request_stop(NULL);

  options = local_options();
  server = start(CAPSOCK_TRANSPORT_TCP, &options);
  REFUSED(capsock_server_address(server, 0, NULL), "address");
  REFUSED(capsock_server_stats(server, NULL), "stats");
  CHECK_OK(capsock_server_stop(server, PATIENCE_MS, NULL));
  capsock_server_free(server);
  CHECK(address == &unwritten && stats.requests == 7 && report.completed == 7);
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
  capsock_server_options options = local_options();
  capsock_server *server;
  capsock_udp_client *client;
  options.handler = write_nothing;
  options.handler_data = &count;
  server = start(CAPSOCK_TRANSPORT_UDP, &options);
  client = udp_client(capsock_server_port(server));
  check_udp_reply(client, "a", "");
  capsock_udp_client_free(client);
  capsock_server_free(server);
  CHECK(count == 4);
}

static void tcp(void) {
  capsock_tcp_client_options options = capsock_tcp_client_options_default();
  capsock_server_options server_options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, &server_options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  capsock_tcp_client *none = (capsock_tcp_client *)&unwritten;
  capsock_bytes bytes = {NULL, 7};
  capsock_copied copied = {7, 7};
  char *text = &unwritten;

  REFUSED(capsock_tcp_client_connect(NULL, 1, &options, &none), "host");
  REFUSED(capsock_tcp_client_connect("127.0.0.1", 1, NULL, &none), "options");
  REFUSED(capsock_tcp_client_connect("127.0.0.1", 1, &options, NULL), "client");
  REFUSED(capsock_tcp_client_request(NULL, "a", &text), "client");
  REFUSED(capsock_tcp_client_request(client, NULL, &text), "line");
  REFUSED(capsock_tcp_client_request(client, "a", NULL), "reply");
  REFUSED(capsock_tcp_client_request_bytes(NULL, "a", 1, &bytes), "client");
  REFUSED(capsock_tcp_client_request_bytes(client, NULL, 1, &bytes), "line");
  REFUSED(capsock_tcp_client_request_bytes(client, "a", 1, NULL), "reply");
  REFUSED(capsock_tcp_client_copy(NULL, 0, 1, &copied), "client");
  REFUSED(capsock_tcp_client_local_address(NULL, &text), "client");
  REFUSED(capsock_tcp_client_local_address(client, NULL), "address");
  REFUSED(capsock_tcp_client_peer_address(NULL, &text), "client");
  REFUSED(capsock_tcp_client_peer_address(client, NULL), "address");
  REFUSED(capsock_tcp_client_close(NULL), "client");
  check_tcp_reply(client, "still alive", "STILL ALIVE");
  CHECK((char *)none == &unwritten && text == &unwritten && bytes.length == 7 && copied.sent == 7);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
}

static void udp(void) {
  capsock_udp_client_options options = capsock_udp_client_options_default();
  capsock_server_options server_options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, &server_options);
  capsock_udp_client *client = udp_client(capsock_server_port(server));
  capsock_udp_client *none = (capsock_udp_client *)&unwritten;
  capsock_bytes bytes = {NULL, 7};
  char *text = &unwritten;

  REFUSED(capsock_udp_client_connect(NULL, 1, &options, &none), "host");
  REFUSED(capsock_udp_client_connect("127.0.0.1", 1, NULL, &none), "options");
  REFUSED(capsock_udp_client_connect("127.0.0.1", 1, &options, NULL), "client");
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
}

int main(void) {
  static const test tests[] = {
      {"_free takes NULL", free_takes_null}, {"NULL for uppercase", uppercase},
      {"NULL for a server", server},         {"NULL in a handler", reply},
      {"NULL for a TCP client", tcp},        {"NULL for a UDP client", udp},
  };
  return RUN(tests);
}
