/* Servers: every kind answers, refuses bad options, stops. */
#define _XOPEN_SOURCE 700
#include "alarms.h"
#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static const struct {
  int32_t transport;
  int32_t concurrency;
} kinds[] = {
    {CAPSOCK_TRANSPORT_TCP, CAPSOCK_CONCURRENCY_ITERATIVE},
    {CAPSOCK_TRANSPORT_TCP, CAPSOCK_CONCURRENCY_THREADS},
    {CAPSOCK_TRANSPORT_TCP, CAPSOCK_CONCURRENCY_PROCESSES},
    {CAPSOCK_TRANSPORT_TCP, CAPSOCK_CONCURRENCY_EVENTS},
    {CAPSOCK_TRANSPORT_UDP, CAPSOCK_CONCURRENCY_ITERATIVE},
    {CAPSOCK_TRANSPORT_UDP, CAPSOCK_CONCURRENCY_THREADS},
    {CAPSOCK_TRANSPORT_UDP, CAPSOCK_CONCURRENCY_PROCESSES},
    {CAPSOCK_TRANSPORT_UDP, CAPSOCK_CONCURRENCY_EVENTS},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static void every_kind_answers(void) {
  for (size_t i = 0; i < KINDS; i++) {
    capsock_server_options *options = local_options();
    capsock_server *server;
    capsock_stats *stats = NULL;
    capsock_stop_report *report = NULL;
    CHECK_OK(capsock_server_options_set_concurrency(options, kinds[i].concurrency));
    server = start(kinds[i].transport, options);
    CHECK(capsock_server_port(server) != 0);
    if (kinds[i].transport == CAPSOCK_TRANSPORT_TCP) {
      capsock_tcp_client *client = tcp_client(capsock_server_port(server));
      check_tcp_reply(client,
                      "stra\xc3\x9f"
                      "e",
                      "STRASSE");
      check_tcp_reply(client, "", "");
      check_tcp_reply(client, "hello", "HELLO");
      capsock_tcp_client_free(client);
    } else {
      capsock_udp_client *client = udp_client(capsock_server_port(server));
      check_udp_reply(client,
                      "stra\xc3\x9f"
                      "e",
                      "STRASSE");
      check_udp_reply(client, "", "");
      check_udp_reply(client, "hello", "HELLO");
      capsock_udp_client_free(client);
    }
    CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, &report));
    CHECK_OK(capsock_server_stats(server, &stats));
    CHECK(capsock_stop_report_completed(report) == 3 && capsock_stop_report_cut(report) == 0 &&
          capsock_stop_report_running(report) == 0);
    CHECK(capsock_stats_requests(stats) == 3 && capsock_stats_handler_errors(stats) == 0);
    CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
    CHECK_OK(capsock_server_wait(server, 0));
    capsock_server_free(server);
    capsock_stop_report_free(report);
    capsock_stats_free(stats);
    capsock_server_options_free(options);
  }
}

static void processes_without_pidfd(capsock_server_options *options) {
  const int32_t transports[] = {CAPSOCK_TRANSPORT_TCP, CAPSOCK_TRANSPORT_UDP};
  CHECK_OK(capsock_server_options_set_concurrency(options, CAPSOCK_CONCURRENCY_PROCESSES));
  CHECK(setenv("CAPSOCK_WITHOUT", "pidfd", 1) == 0);
  for (size_t i = 0; i < 2; i++) {
    capsock_server *server = start(transports[i], options);
    capsock_stats *stats = NULL;
    CHECK_OK(capsock_server_stats(server, &stats));
    CHECK((capsock_stats_features(stats) & CAPSOCK_FEATURE_PIDFD) == 0);
    if (transports[i] == CAPSOCK_TRANSPORT_TCP) {
      capsock_tcp_client *client = tcp_client(capsock_server_port(server));
      check_tcp_reply(client, "by a child", "BY A CHILD");
      capsock_tcp_client_free(client);
    } else {
      capsock_udp_client *client = udp_client(capsock_server_port(server));
      check_udp_reply(client, "by a child", "BY A CHILD");
      capsock_udp_client_free(client);
    }
    CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
    capsock_stats_free(stats);
    capsock_server_free(server);
  }
  CHECK(unsetenv("CAPSOCK_WITHOUT") == 0);
}

static void open_metrics(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  char *text = NULL;
  check_tcp_reply(client, "hello", "HELLO");
  capsock_tcp_client_free(client);
  CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
  CHECK_OK(capsock_server_open_metrics(server, &text));
  CHECK(strstr(text, "# TYPE capsock_requests counter\n") != NULL);
  CHECK(strstr(text, "\ncapsock_requests_total{transport=\"tcp\",concurrency=\"events\"} 1\n") !=
        NULL);
  CHECK(strlen(text) > 6 && strcmp(text + strlen(text) - 6, "# EOF\n") == 0);
  capsock_string_free(text);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

/* What a kind may use is the core's to say; here the numbers have to be the enumeration's. */
static void features(void) {
  const uint64_t known = CAPSOCK_FEATURE_BLOCKING_RECEIVE | CAPSOCK_FEATURE_RECVMMSG |
                         CAPSOCK_FEATURE_UDP_SEGMENT | CAPSOCK_FEATURE_UDP_GRO;
  capsock_server_options *options = local_options();
  capsock_server *server, *without;
  capsock_stats *stats = NULL;
  capsock_stats *fewer = NULL;
  CHECK(unsetenv("CAPSOCK_WITHOUT") == 0);
  server = start(CAPSOCK_TRANSPORT_UDP, options);
  CHECK_OK(capsock_server_stats(server, &stats));
  CHECK((capsock_stats_features(stats) & ~known) == 0);
  CHECK(setenv("CAPSOCK_WITHOUT", "recvmmsg,udp-gro", 1) == 0);
  without = start(CAPSOCK_TRANSPORT_UDP, options);
  CHECK_OK(capsock_server_stats(without, &fewer));
  CHECK(capsock_stats_features(fewer) ==
        (capsock_stats_features(stats) &
         (CAPSOCK_FEATURE_BLOCKING_RECEIVE | CAPSOCK_FEATURE_UDP_SEGMENT)));
  capsock_server_free(without);
  without = NULL;
  CHECK(setenv("CAPSOCK_WITHOUT", "nonsense", 1) == 0);
  CHECK_STATUS(capsock_server_start(CAPSOCK_TRANSPORT_UDP, options, &without),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(without == NULL && strstr(capsock_last_error(), "nonsense") != NULL);
  CHECK(unsetenv("CAPSOCK_WITHOUT") == 0);
  capsock_server_free(server);
  capsock_stats_free(fewer);
  capsock_stats_free(stats);
  processes_without_pidfd(options);
  capsock_server_options_free(options);
}

/* As long as it may be: the unit is microseconds. */
static void busy_polling(void) {
  capsock_server_options *options = local_options();
  capsock_server *server;
  capsock_tcp_client *client;
  CHECK_OK(capsock_server_options_set_busy_poll(options, 1000000));
  server = start(CAPSOCK_TRANSPORT_TCP, options);
  client = tcp_client(capsock_server_port(server));
  check_tcp_reply(client, "hello", "HELLO");
  capsock_tcp_client_free(client);
  CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
  capsock_server_free(server);
  capsock_server_options_free(options);
}

/* Of two requests the first one's reply would be longer than it is. */
static void amplification(void) {
  capsock_server_options *options = local_options();
  capsock_server *server;
  struct sockaddr_in to;
  capsock_stats *stats = NULL;
  char reply[8];
  int port;
  int fd = plain_socket(SOCK_DGRAM, &port);
  CHECK_OK(capsock_server_options_set_max_amplification(options, 1));
  CHECK_OK(capsock_server_options_set_concurrency(options, CAPSOCK_CONCURRENCY_ITERATIVE));
  server = start(CAPSOCK_TRANSPORT_UDP, options);
  memset(&to, 0, sizeof to);
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons((uint16_t)capsock_server_port(server));
  CHECK(sendto(fd, "\xc5\x89", 2, 0, (struct sockaddr *)&to, sizeof to) == 2);
  CHECK(sendto(fd, "a", 1, 0, (struct sockaddr *)&to, sizeof to) == 1);
  CHECK(recv(fd, reply, sizeof reply, 0) == 1 && reply[0] == 'A');
  CHECK_OK(capsock_server_stats(server, &stats));
  CHECK(capsock_stats_amplified_replies(stats) == 1 && capsock_stats_requests(stats) == 1);
  close(fd);
  capsock_server_free(server);
  capsock_stats_free(stats);
  capsock_server_options_free(options);
}

static void addresses(void) {
  char expected[32];
  char *address = NULL;
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  CHECK(capsock_server_address_count(server) == 1);
  CHECK_OK(capsock_server_address(server, 0, &address));
  snprintf(expected, sizeof expected, "127.0.0.1:%d", capsock_server_port(server));
  CHECK(address != NULL && strcmp(address, expected) == 0);
  capsock_string_free(address);
  CHECK_STATUS(capsock_server_address(server, 1, &address), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_server_address(server, SIZE_MAX, &address), CAPSOCK_INVALID_ARGUMENT);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void bad_options(void) {
  static const struct {
    const char *what;
    int32_t transport, port, concurrency, framing;
    int64_t idle_ms, write_ms, busy_us;
  } table[] = {
      {"transport", 2, 0, 0, 0, 1, 1, 0},
      {"transport", -1, 0, 0, 0, 1, 1, 0},
      {"port", 0, -1, 0, 0, 1, 1, 0},
      {"port", 0, 65536, 0, 0, 1, 1, 0},
      {"concurrency", 0, 0, 4, 0, 1, 1, 0},
      {"concurrency", 0, 0, INT32_MIN, 0, 1, 1, 0},
      {"framing", 0, 0, 0, 5, 1, 1, 0},
      {"framing", 0, 0, 0, INT32_MAX, 1, 1, 0},
      {"idle timeout", 0, 0, 0, 0, -1, 1, 0},
      {"write timeout", 0, 0, 0, 0, 1, INT64_MIN, 0},
      {"busy polling", 0, 0, 0, 0, 1, 1, -1},
      {"busy_poll", 0, 0, 0, 0, 1, 1, 1000001},
      {"busy_poll", 1, 0, 0, 0, 1, 1, INT64_MAX},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    capsock_server_options *options = local_options();
    capsock_server *server = NULL;
    /* The first that is refused, by its own function or together with the others. */
    capsock_status status = capsock_server_options_set_port(options, table[i].port);
    if (status == CAPSOCK_OK)
      status = capsock_server_options_set_concurrency(options, table[i].concurrency);
    if (status == CAPSOCK_OK)
      status = capsock_server_options_set_framing(options, table[i].framing);
    if (status == CAPSOCK_OK)
      status = capsock_server_options_set_idle_timeout(options, table[i].idle_ms);
    if (status == CAPSOCK_OK)
      status = capsock_server_options_set_write_timeout(options, table[i].write_ms);
    if (status == CAPSOCK_OK)
      status = capsock_server_options_set_busy_poll(options, table[i].busy_us);
    if (status == CAPSOCK_OK)
      status = capsock_server_start(table[i].transport, options, &server);
    CHECK_STATUS(status, CAPSOCK_INVALID_ARGUMENT);
    CHECK(strstr(capsock_last_error(), table[i].what) != NULL);
    CHECK(server == NULL);
    capsock_server_options_free(options);
  }
}

static void bad_hosts(void) {
  static const struct {
    const char *host;
    capsock_status status;
  } table[] = {
      {"\xff", CAPSOCK_INVALID_ARGUMENT},
      {"does-not-exist.invalid", CAPSOCK_NAME_NOT_RESOLVED},
      {"192.0.2.1", CAPSOCK_ADDRESS_NOT_AVAILABLE},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    capsock_server_options *options = local_options();
    capsock_server *server = NULL;
    capsock_status status = capsock_server_options_set_host(options, table[i].host);
    if (status == CAPSOCK_OK)
      status = capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &server);
    CHECK_STATUS(status, table[i].status);
    CHECK(server == NULL);
    capsock_server_options_free(options);
  }
}

static void port_in_use(void) {
  for (int32_t transport = CAPSOCK_TRANSPORT_TCP; transport <= CAPSOCK_TRANSPORT_UDP; transport++) {
    capsock_server_options *options = local_options();
    capsock_server *first = start(transport, options), *second = NULL;
    CHECK_OK(capsock_server_options_set_port(options, capsock_server_port(first)));
    CHECK_STATUS(capsock_server_start(transport, options, &second), CAPSOCK_ADDRESS_IN_USE);
    CHECK(capsock_last_errno() == EADDRINUSE);
    CHECK(second == NULL);
    capsock_server_free(first);
    capsock_server_options_free(options);
  }
}

/* The clients are in the middle of a line, and learn of the end. */
static void freed_while_clients_are_connected(void) {
  for (size_t i = 0; i < KINDS && kinds[i].transport == CAPSOCK_TRANSPORT_TCP; i++) {
    capsock_server_options *options = local_options();
    capsock_server *server;
    int clients[3];
    char byte;
    CHECK_OK(capsock_server_options_set_concurrency(options, kinds[i].concurrency));
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    for (int c = 0; c < 3; c++) {
      clients[c] = plain_connection(capsock_server_port(server));
      CHECK(write(clients[c], "a", 1) == 1);
    }
    CHECK(read(clients[0], &byte, 1) == 1 && byte == 'A');
    capsock_server_free(server);
    for (int c = 0; c < 3; c++) {
      ssize_t got;
      do
        got = read(clients[c], &byte, 1);
      while (got > 0);
      CHECK(got == 0 || errno == ECONNRESET);
      close(clients[c]);
    }
    capsock_server_options_free(options);
  }
}

/* A peer that sends much, reads nothing and breaks off: SIGPIPE has its default here. */
static void peers_that_break_off(void) {
  static char much[1 << 20];
  CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  memset(much, 'a', sizeof much);
  for (size_t i = 0; i < KINDS && kinds[i].transport == CAPSOCK_TRANSPORT_TCP; i++) {
    capsock_server_options *options = local_options();
    capsock_server *server;
    capsock_tcp_client *client;
    CHECK_OK(capsock_server_options_set_concurrency(options, kinds[i].concurrency));
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    for (int peer = 0; peer < 4; peer++) {
      int fd = plain_connection(capsock_server_port(server));
      CHECK(send(fd, much, sizeof much, MSG_DONTWAIT) > 0);
      break_off(fd);
    }
    client = tcp_client(capsock_server_port(server));
    check_tcp_reply(client, "still alive", "STILL ALIVE");
    capsock_tcp_client_free(client);
    capsock_server_free(server);
    capsock_server_options_free(options);
  }
}

static void waiting_ends_at_the_timeout(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, options);
  CHECK_STATUS(capsock_server_wait(server, 0), CAPSOCK_TIMED_OUT);
  CHECK_STATUS(capsock_server_wait(server, 20), CAPSOCK_TIMED_OUT);
  CHECK(capsock_last_errno() == ETIMEDOUT);
  CHECK_STATUS(capsock_server_wait(server, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_server_stop(server, -1, NULL), CAPSOCK_INVALID_ARGUMENT);
  CHECK_OK(capsock_server_stop(server, CAPSOCK_NO_LIMIT, NULL));
  CHECK_OK(capsock_server_wait(server, CAPSOCK_NO_LIMIT));
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void *stop_it(void *server) {
  CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
  return NULL;
}

static void waiting_ends_when_another_thread_stops(void) {
  pthread_t thread;
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  CHECK(pthread_create(&thread, NULL, stop_it, server) == 0);
  CHECK_OK(capsock_server_wait(server, CALL_TIMEOUT_MS));
  CHECK(pthread_join(thread, NULL) == 0);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static capsock_server *signalled;
static volatile sig_atomic_t signals;

static void on_alarm(int number) {
  (void)number;
  signals++;
  capsock_server_request_stop(signalled);
}

static void on_alarm_only_count(int number) {
  (void)number;
  signals++;
}

static void stop_from_a_signal_handler(void) {
  for (size_t i = 0; i < KINDS; i++) {
    capsock_server_options *options = local_options();
    capsock_status status;
    CHECK_OK(capsock_server_options_set_concurrency(options, kinds[i].concurrency));
    signalled = start(kinds[i].transport, options);
    start_alarms(on_alarm);
    do
      status = capsock_server_wait(signalled, CALL_TIMEOUT_MS);
    while (status == CAPSOCK_INTERRUPTED);
    stop_alarms();
    CHECK_STATUS(status, CAPSOCK_OK);
    capsock_server_free(signalled);
    signalled = NULL;
    capsock_server_options_free(options);
  }
}

static void waiting_ends_at_a_signal(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  signals = 0;
  start_alarms(on_alarm_only_count);
  CHECK_STATUS(capsock_server_wait(server, CALL_TIMEOUT_MS), CAPSOCK_INTERRUPTED);
  stop_alarms();
  CHECK(signals > 0);
  CHECK(capsock_last_errno() == EINTR);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"every kind of server answers", every_kind_answers},
      {"features", features},
      {"open metrics", open_metrics},
      {"busy polling", busy_polling},
      {"amplification", amplification},
      {"addresses", addresses},
      {"bad options", bad_options},
      {"bad hosts", bad_hosts},
      {"port in use", port_in_use},
      {"freed while clients are connected", freed_while_clients_are_connected},
      {"peers that break off raise no SIGPIPE", peers_that_break_off},
      {"waiting ends at the timeout", waiting_ends_at_the_timeout},
      {"waiting ends when another thread stops", waiting_ends_when_another_thread_stops},
      {"stop from a signal handler", stop_from_a_signal_handler},
      {"waiting ends at a signal", waiting_ends_at_a_signal},
  };
  return RUN(tests);
}
