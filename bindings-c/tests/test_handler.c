/* Handlers and logs: functions of the program that a server calls from its threads. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

#include <pthread.h>

/* What a test's handler and log saw. */
typedef struct {
  pthread_mutex_t lock;
  int calls;
  int errors_logged;
  char line[512];
  capsock_server *server;
} seen;

#define NOTHING_SEEN                                                                               \
  { PTHREAD_MUTEX_INITIALIZER, 0, 0, "", NULL }

static int reverse(const uint8_t *request, size_t length, capsock_reply *reply, void *user_data) {
  seen *seen_here = user_data;
  size_t text = length > 0 && request[length - 1] == '\n' ? length - 1 : length;
  pthread_mutex_lock(&seen_here->lock);
  seen_here->calls++;
  pthread_mutex_unlock(&seen_here->lock);
  while (text > 0)
    if (capsock_reply_write(reply, &request[--text], 1) != CAPSOCK_OK)
      return 1;
  return 0;
}

static int fail_on_f(const uint8_t *request, size_t length, capsock_reply *reply, void *user_data) {
  (void)user_data;
  if (capsock_reply_write(reply, "partial ", 8) != CAPSOCK_OK)
    return 1;
  if (length > 0 && request[0] == 'f')
    return 42;
  return capsock_reply_write(reply, request, length) == CAPSOCK_OK ? 0 : 1;
}

static void keep(int32_t level, const char *line, void *user_data) {
  seen *seen_here = user_data;
  pthread_mutex_lock(&seen_here->lock);
  if (level == CAPSOCK_LEVEL_ERROR) {
    seen_here->errors_logged++;
    snprintf(seen_here->line, sizeof seen_here->line, "%s", line);
  }
  pthread_mutex_unlock(&seen_here->lock);
}

static const int32_t with_handlers[] = {CAPSOCK_CONCURRENCY_ITERATIVE, CAPSOCK_CONCURRENCY_THREADS,
                                        CAPSOCK_CONCURRENCY_EVENTS};

#define CONCURRENCIES (sizeof with_handlers / sizeof with_handlers[0])

static capsock_server_options *options_with(int32_t concurrency, capsock_handler handler,
                                            seen *user_data) {
  capsock_server_options *options = local_options();
  CHECK_OK(capsock_server_options_set_concurrency(options, concurrency));
  CHECK_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  CHECK_OK(capsock_server_options_set_handler(options, handler, user_data));
  CHECK_OK(capsock_server_options_set_log(options, keep, user_data));
  return options;
}

static void handlers_answer(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options = options_with(with_handlers[i], reverse, &seen_here);
    capsock_server *tcp = start(CAPSOCK_TRANSPORT_TCP, options);
    capsock_server *udp = start(CAPSOCK_TRANSPORT_UDP, options);
    capsock_tcp_client *tcp_asks = tcp_client(capsock_server_port(tcp));
    capsock_udp_client *udp_asks = udp_client(capsock_server_port(udp));
    check_tcp_reply(tcp_asks, "abc", "cba");
    check_tcp_reply(tcp_asks, "", "");
    check_udp_reply(udp_asks, "abc", "cba");
    check_udp_reply(udp_asks, "", "");
    capsock_tcp_client_free(tcp_asks);
    capsock_udp_client_free(udp_asks);
    capsock_server_free(tcp);
    capsock_server_free(udp);
    CHECK(seen_here.calls == 4 && seen_here.errors_logged == 0);
    capsock_server_options_free(options);
  }
}

/* Writes "PEER LOCAL TRANSPORT ". */
static int tell(const uint8_t *request, size_t length, const capsock_request_context *context,
                capsock_reply *reply, void *user_data) {
  struct sockaddr_storage peer, local;
  socklen_t peer_length = sizeof peer, local_length = sizeof local;
  char peer_text[CAPSOCK_ADDRESS_SIZE], local_text[CAPSOCK_ADDRESS_SIZE];
  char text[2 * CAPSOCK_ADDRESS_SIZE + 16];
  socklen_t too_short = 3;
  seen *seen_here = user_data;
  int udp = capsock_request_context_transport(context) == CAPSOCK_TRANSPORT_UDP;
  pthread_mutex_lock(&seen_here->lock);
  seen_here->calls++;
  pthread_mutex_unlock(&seen_here->lock);
  CHECK_OK(capsock_request_context_peer(context, (struct sockaddr *)&peer, &peer_length));
  CHECK_OK(capsock_request_context_local(context, (struct sockaddr *)&local, &local_length));
  CHECK(peer_length == sizeof(struct sockaddr_in) && local_length == sizeof(struct sockaddr_in));
  CHECK_STATUS(capsock_request_context_peer(context, (struct sockaddr *)&peer, &too_short),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_request_context_local(context, NULL, &too_short), CAPSOCK_INVALID_ARGUMENT);
  CHECK(too_short == 3);
  CHECK_OK(
      capsock_address_format((struct sockaddr *)&peer, peer_length, peer_text, sizeof peer_text));
  CHECK_OK(capsock_address_format((struct sockaddr *)&local, local_length, local_text,
                                  sizeof local_text));
  snprintf(text, sizeof text, "%s %s %s ", peer_text, local_text, udp ? "udp" : "tcp");
  if (length > 0 && request[0] == 'f')
    return 42;
  if (capsock_reply_write(reply, text, strlen(text)) != CAPSOCK_OK)
    return 1;
  return capsock_reply_write(reply, request, length) == CAPSOCK_OK ? 0 : 1;
}

/* A plain client is told its own address, and the one that it has connected to. */
static void check_told(int type, int server_port) {
  struct sockaddr_in server;
  int port = 0;
  int fd = plain_socket(type, &port);
  char reply[128] = "", expected[128];
  memset(&server, 0, sizeof server);
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((uint16_t)server_port);
  snprintf(expected, sizeof expected, "127.0.0.1:%d 127.0.0.1:%d %s who\n", port, server_port,
           type == SOCK_STREAM ? "tcp" : "udp");
  CHECK(connect(fd, (struct sockaddr *)&server, sizeof server) == 0);
  CHECK(send(fd, "who\n", 4, 0) == 4);
  /* Windows has the flag for streams alone. */
  CHECK(recv(fd, reply, strlen(expected), type == SOCK_STREAM ? MSG_WAITALL : 0) ==
        (ssize_t)strlen(expected));
  CHECK(strcmp(reply, expected) == 0);
  close_socket(fd);
}

static void context_handlers_know_who_asks(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options = options_with(with_handlers[i], reverse, &seen_here);
    capsock_server *tcp, *udp;
    capsock_tcp_client *client;
    char *reply = NULL;
    CHECK_OK(capsock_server_options_set_context_handler(options, tell, &seen_here));
    tcp = start(CAPSOCK_TRANSPORT_TCP, options);
    udp = start(CAPSOCK_TRANSPORT_UDP, options);
    check_told(SOCK_STREAM, capsock_server_port(tcp));
    check_told(SOCK_DGRAM, capsock_server_port(udp));
    client = tcp_client(capsock_server_port(tcp));
    CHECK(capsock_tcp_client_request(client, "fail", &reply) != CAPSOCK_OK && reply == NULL);
    capsock_tcp_client_free(client);
    capsock_server_free(tcp);
    capsock_server_free(udp);
    CHECK(seen_here.calls >= 3);
    CHECK(seen_here.errors_logged >= 1 && strstr(seen_here.line, "42") != NULL);
    capsock_server_options_free(options);
  }
}

/* The last one that was set is called; NULL of either is upper case. */
static void the_last_handler_counts(void) {
  static const char *const replies[] = {"cba", "ABC", "ABC"};
  for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options =
        options_with(CAPSOCK_CONCURRENCY_THREADS, reverse, &seen_here);
    capsock_server *server;
    capsock_tcp_client *client;
    CHECK_OK(capsock_server_options_set_context_handler(options, tell, &seen_here));
    if (i == 0)
      CHECK_OK(capsock_server_options_set_handler(options, reverse, &seen_here));
    else if (i == 1)
      CHECK_OK(capsock_server_options_set_handler(options, NULL, NULL));
    else
      CHECK_OK(capsock_server_options_set_context_handler(options, NULL, NULL));
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    client = tcp_client(capsock_server_port(server));
    check_tcp_reply(client, "abc", replies[i]);
    capsock_tcp_client_free(client);
    capsock_server_free(server);
    capsock_server_options_free(options);
  }
}

/* With the option, each call is in the histogram; without it there is none. */
static void the_time_of_calls(void) {
  for (int timed = 0; timed < 2; timed++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options =
        options_with(CAPSOCK_CONCURRENCY_THREADS, fail_on_f, &seen_here);
    capsock_server *server;
    capsock_tcp_client *client;
    char *text = NULL;
    CHECK_OK(capsock_server_options_set_handler_latency(options, timed == 1));
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    client = tcp_client(capsock_server_port(server));
    check_tcp_reply(client, "good", "partial good");
    check_tcp_reply(client, "good", "partial good");
    capsock_tcp_client_free(client);
    CHECK_OK(capsock_server_open_metrics(server, &text));
    CHECK((strstr(text, "\ncapsock_handler_duration_seconds_count{transport=\"tcp\","
                        "concurrency=\"threads\"} 2\n") != NULL) == (timed == 1));
    CHECK((strstr(text, "capsock_handler_duration_seconds") != NULL) == (timed == 1));
    capsock_string_free(text);
    capsock_server_free(server);
    capsock_server_options_free(options);
  }
}

/* A failure costs the one request: over TCP its connection, which the client makes anew. */
static void handlers_that_fail(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options = options_with(with_handlers[i], fail_on_f, &seen_here);
    capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
    capsock_tcp_client *client = tcp_client(capsock_server_port(server));
    capsock_status status;
    capsock_stats *stats = NULL;
    char *reply = NULL;
    check_tcp_reply(client, "good", "partial good");
    status = capsock_tcp_client_request(client, "fail", &reply);
    CHECK(status == CAPSOCK_CONNECTION_CLOSED || status == CAPSOCK_CONNECTION_RESET);
    CHECK(reply == NULL);
    check_tcp_reply(client, "good", "partial good");
    capsock_tcp_client_free(client);
    CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
    CHECK_OK(capsock_server_stats(server, &stats));
    CHECK(capsock_stats_requests(stats) == 2 && capsock_stats_handler_errors(stats) >= 1);
    capsock_server_free(server);
    CHECK(seen_here.errors_logged >= 1 && strstr(seen_here.line, "42") != NULL);
    capsock_stats_free(stats);
    capsock_server_options_free(options);
  }
}

static void handlers_that_fail_over_udp(void) {
  seen seen_here = NOTHING_SEEN;
  capsock_server_options *options = options_with(CAPSOCK_CONCURRENCY_EVENTS, fail_on_f, &seen_here);
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_udp_client_options *client_options = capsock_udp_client_options_new();
  capsock_udp_client *client = NULL;
  capsock_stats *stats = NULL;
  char *reply = NULL;
  CHECK_OK(capsock_udp_client_options_set_timeout(client_options, 200));
  CHECK_OK(capsock_udp_client_options_set_retransmissions(client_options, 0));
  CHECK_OK(capsock_udp_client_connect("127.0.0.1", capsock_server_port(server), client_options,
                                      &client));
  CHECK_STATUS(capsock_udp_client_request(client, "fail", &reply), CAPSOCK_TIMED_OUT);
  CHECK(reply == NULL);
  capsock_udp_client_free(client);
  client = udp_client(capsock_server_port(server));
  check_udp_reply(client, "good", "partial good");
  capsock_udp_client_free(client);
  CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
  CHECK_OK(capsock_server_stats(server, &stats));
  CHECK(capsock_stats_handler_errors(stats) == 1);
  capsock_server_free(server);
  capsock_stats_free(stats);
  capsock_udp_client_options_free(client_options);
  capsock_server_options_free(options);
}

static void refused_with_stream_and_with_processes(void) {
  static const struct {
    int32_t transport, concurrency, framing;
  } table[] = {
      {CAPSOCK_TRANSPORT_TCP, CAPSOCK_CONCURRENCY_THREADS, CAPSOCK_FRAMING_STREAM},
      {CAPSOCK_TRANSPORT_TCP, CAPSOCK_CONCURRENCY_PROCESSES, CAPSOCK_FRAMING_LINE},
      {CAPSOCK_TRANSPORT_UDP, CAPSOCK_CONCURRENCY_PROCESSES, CAPSOCK_FRAMING_LINE},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options = options_with(table[i].concurrency, reverse, &seen_here);
    capsock_server *server = NULL;
    capsock_status status;
    CHECK_OK(capsock_server_options_set_framing(options, table[i].framing));
    status = capsock_server_start(table[i].transport, options, &server);
    CHECK(status == CAPSOCK_UNSUPPORTED || status == CAPSOCK_INVALID_ARGUMENT);
    CHECK(strstr(capsock_last_error(), "handler") != NULL);
    CHECK(server == NULL);
    capsock_server_options_free(options);
  }
}

static int stop_own_server(const uint8_t *request, size_t length, capsock_reply *reply,
                           void *user_data) {
  seen *seen_here = user_data;
  (void)request;
  (void)length;
  pthread_mutex_lock(&seen_here->lock);
  CHECK_OK(capsock_server_stop(seen_here->server, CALL_TIMEOUT_MS, NULL));
  pthread_mutex_unlock(&seen_here->lock);
  return capsock_reply_write(reply, "stopping", 8) == CAPSOCK_OK ? 0 : 1;
}

static void a_handler_stops_its_server(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options = options_with(with_handlers[i], stop_own_server, &seen_here);
    capsock_tcp_client *client;
    pthread_mutex_lock(&seen_here.lock);
    seen_here.server = start(CAPSOCK_TRANSPORT_TCP, options);
    pthread_mutex_unlock(&seen_here.lock);
    client = tcp_client(capsock_server_port(seen_here.server));
    check_tcp_reply(client, "stop", "stopping");
    CHECK_OK(capsock_server_wait(seen_here.server, CALL_TIMEOUT_MS));
    capsock_tcp_client_free(client);
    capsock_server_free(seen_here.server);
    capsock_server_options_free(options);
  }
}

static void a_handler_stops_its_server_over_udp(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    seen seen_here = NOTHING_SEEN;
    capsock_server_options *options = options_with(with_handlers[i], stop_own_server, &seen_here);
    capsock_udp_client *client;
    pthread_mutex_lock(&seen_here.lock);
    seen_here.server = start(CAPSOCK_TRANSPORT_UDP, options);
    pthread_mutex_unlock(&seen_here.lock);
    client = udp_client(capsock_server_port(seen_here.server));
    check_udp_reply(client, "stop", "stopping");
    CHECK_OK(capsock_server_wait(seen_here.server, CALL_TIMEOUT_MS));
    capsock_udp_client_free(client);
    capsock_server_free(seen_here.server);
    capsock_server_options_free(options);
  }
}

int main(void) {
  static const test tests[] = {
      {"handlers answer", handlers_answer},
      {"context handlers know who asks", context_handlers_know_who_asks},
      {"the last handler counts", the_last_handler_counts},
      {"the time of calls", the_time_of_calls},
      {"handlers that fail", handlers_that_fail},
      {"handlers that fail over UDP", handlers_that_fail_over_udp},
      {"handlers are refused with stream and with processes",
       refused_with_stream_and_with_processes},
      {"a handler stops its server", a_handler_stops_its_server},
      {"a handler stops its server over UDP", a_handler_stops_its_server_over_udp},
  };
  return RUN(tests);
}
