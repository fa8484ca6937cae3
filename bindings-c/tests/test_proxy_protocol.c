/* Servers behind a proxy, which tells its client's addresses in a header of the PROXY protocol. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

/* 192.0.2.1:50000 to 198.51.100.2:443, over IPv4. */
static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C"
                         "\xC0\0\x02\x01\xC6\x33\x64\x02\xC3\x50\x01\xBB";
static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
static const char v1[] = "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n";

/* The text of an address, or "-" for none. */
static void format(char *text, const struct sockaddr_storage *address, socklen_t length) {
  if (length == 0)
    strcpy(text, "-");
  else
    CHECK_OK(capsock_address_format((const struct sockaddr *)address, length, text,
                                    CAPSOCK_ADDRESS_SIZE));
}

/* Writes "CLIENT SOURCE DESTINATION ", the client only if a proxy told it. */
static int tell(const uint8_t *request, size_t length, const capsock_request_context *context,
                capsock_reply *reply, void *user_data) {
  struct sockaddr_storage client, source, destination;
  socklen_t client_length = sizeof client, source_length = sizeof source;
  socklen_t destination_length = sizeof destination, too_short = 3;
  char client_text[CAPSOCK_ADDRESS_SIZE], source_text[CAPSOCK_ADDRESS_SIZE];
  char destination_text[CAPSOCK_ADDRESS_SIZE], text[3 * CAPSOCK_ADDRESS_SIZE + 4];
  (void)user_data;
  CHECK_OK(capsock_request_context_client(context, (struct sockaddr *)&client, &client_length));
  CHECK_OK(
      capsock_request_context_proxied_source(context, (struct sockaddr *)&source, &source_length));
  CHECK_OK(capsock_request_context_proxied_destination(context, (struct sockaddr *)&destination,
                                                       &destination_length));
  CHECK_STATUS(
      capsock_request_context_proxied_source(context, (struct sockaddr *)&source, &too_short),
      CAPSOCK_INVALID_ARGUMENT);
  CHECK(too_short == 3);
  format(client_text, &client, source_length == 0 ? 0 : client_length);
  format(source_text, &source, source_length);
  format(destination_text, &destination, destination_length);
  CHECK(source_length == 0 || client_length == sizeof(struct sockaddr_in));
  snprintf(text, sizeof text, "%s %s %s ", client_text, source_text, destination_text);
  if (capsock_reply_write(reply, text, strlen(text)) != CAPSOCK_OK)
    return 1;
  return capsock_reply_write(reply, request, length) == CAPSOCK_OK ? 0 : 1;
}

static uint64_t rejected(const capsock_server *server) {
  capsock_stats *stats = NULL;
  uint64_t count;
  CHECK_OK(capsock_server_stats(server, &stats));
  count = capsock_stats_proxy_headers_rejected(stats);
  capsock_stats_free(stats);
  return count;
}

static int connection(int type, int port) {
  struct sockaddr_in server;
  int own = 0;
  int fd = plain_socket(type, &own);
  memset(&server, 0, sizeof server);
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((uint16_t)port);
  CHECK(connect(fd, (struct sockaddr *)&server, sizeof server) == 0);
  return fd;
}

static void check_told(int type, int port, const char *header, size_t length,
                       const char *expected) {
  char request[128], reply[256] = "";
  int fd = connection(type, port);
  memcpy(request, header, length);
  memcpy(request + length, "who\n", 4);
  CHECK(send(fd, request, length + 4, 0) == (ssize_t)(length + 4));
  CHECK(recv(fd, reply, strlen(expected), type == SOCK_STREAM ? MSG_WAITALL : 0) ==
        (ssize_t)strlen(expected));
  CHECK(strcmp(reply, expected) == 0);
  close_socket(fd);
}

static capsock_server_options *proxied_options(int32_t concurrency, const char *proxies) {
  capsock_server_options *options = local_options();
  CHECK_OK(capsock_server_options_set_concurrency(options, concurrency));
  CHECK_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  CHECK_OK(capsock_server_options_set_proxy_protocol(options, proxies));
  CHECK_OK(capsock_server_options_set_proxy_header_timeout(options, CALL_TIMEOUT_MS));
  return options;
}

static void a_handler_knows_the_client_of_the_proxy(void) {
  static const int32_t with_handlers[] = {CAPSOCK_CONCURRENCY_ITERATIVE,
                                          CAPSOCK_CONCURRENCY_THREADS, CAPSOCK_CONCURRENCY_EVENTS};
  static const char told[] = "192.0.2.1:50000 192.0.2.1:50000 198.51.100.2:443 who\n";
  for (size_t i = 0; i < sizeof with_handlers / sizeof with_handlers[0]; i++) {
    capsock_server_options *options = proxied_options(with_handlers[i], "::1, 127.0.0.0/8");
    capsock_server *tcp, *udp;
    CHECK_OK(capsock_server_options_set_context_handler(options, tell, NULL));
    tcp = start(CAPSOCK_TRANSPORT_TCP, options);
    udp = start(CAPSOCK_TRANSPORT_UDP, options);
    check_told(SOCK_STREAM, capsock_server_port(tcp), v1, sizeof v1 - 1, told);
    check_told(SOCK_STREAM, capsock_server_port(tcp), v2, sizeof v2 - 1, told);
    check_told(SOCK_STREAM, capsock_server_port(tcp), local, sizeof local - 1, "- - - who\n");
    check_told(SOCK_DGRAM, capsock_server_port(udp), v2, sizeof v2 - 1, told);
    check_told(SOCK_DGRAM, capsock_server_port(udp), local, sizeof local - 1, "- - - who\n");
    CHECK(rejected(tcp) == 0 && rejected(udp) == 0);
    capsock_server_free(tcp);
    capsock_server_free(udp);
    capsock_server_options_free(options);
  }
}

static void what_has_no_header_is_closed_and_counted(void) {
  static const char *const proxies[] = {"any", "192.0.2.0/24"};
  for (size_t i = 0; i < 2; i++) {
    capsock_server_options *options = proxied_options(CAPSOCK_CONCURRENCY_EVENTS, proxies[i]);
    capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
    int fd = connection(SOCK_STREAM, capsock_server_port(server));
    char byte;
    if (i == 0)
      CHECK(send(fd, "hello\n", 6, 0) == 6);
    CHECK(recv(fd, &byte, 1, 0) <= 0);
    CHECK(rejected(server) == 1);
    close_socket(fd);
    capsock_server_free(server);
    capsock_server_options_free(options);
  }
}

static void what_is_no_list_is_refused(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = NULL;
  CHECK_STATUS(capsock_server_options_set_proxy_protocol(options, NULL), CAPSOCK_INVALID_ARGUMENT);
  CHECK_OK(capsock_server_options_set_proxy_protocol(options, "10.1.2.3/8"));
  CHECK_STATUS(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &server),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(server == NULL && strstr(capsock_last_error(), "write 10.0.0.0/8") != NULL);
  CHECK_OK(capsock_server_options_set_proxy_protocol(options, ""));
  server = start(CAPSOCK_TRANSPORT_TCP, options);
  CHECK(rejected(server) == 0);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"a handler knows the client of the proxy", a_handler_knows_the_client_of_the_proxy},
      {"what has no header is closed and counted", what_has_no_header_is_closed_and_counted},
      {"what is no list is refused", what_is_no_list_is_refused},
  };
  return RUN(tests);
}
