/* Calls of clients that meet other threads, signals and connections that break. */
#define _XOPEN_SOURCE 700
#include "alarms.h"
#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static void *tcp_request_is_closed(void *client) {
  char *reply = NULL;
  CHECK_STATUS(capsock_tcp_client_request(client, "a", &reply), CAPSOCK_CLOSED);
  return NULL;
}

static void *udp_request_is_closed(void *client) {
  char *reply = NULL;
  CHECK_STATUS(capsock_udp_client_request(client, "a", &reply), CAPSOCK_CLOSED);
  return NULL;
}

/* The peer takes the request and says nothing; then the client is closed from here. */
static void close_wakes_another_thread(void) {
  char request[8];
  pthread_t thread;
  int port, fd = plain_listener(&port), connection;
  capsock_tcp_client *tcp = tcp_client(port);
  capsock_udp_client *udp;
  CHECK(pthread_create(&thread, NULL, tcp_request_is_closed, tcp) == 0);
  connection = accept(fd, NULL, NULL);
  CHECK(read(connection, request, sizeof request) > 0);
  CHECK_OK(capsock_tcp_client_close(tcp));
  CHECK(pthread_join(thread, NULL) == 0);
  capsock_tcp_client_free(tcp);
  close(connection);
  close(fd);

  fd = plain_socket(SOCK_DGRAM, &port);
  udp = udp_client(port);
  CHECK(pthread_create(&thread, NULL, udp_request_is_closed, udp) == 0);
  CHECK(read(fd, request, sizeof request) > 0);
  CHECK_OK(capsock_udp_client_close(udp));
  CHECK(pthread_join(thread, NULL) == 0);
  capsock_udp_client_free(udp);
  close(fd);
}

typedef struct {
  const capsock_tcp_client *tcp;
  const capsock_udp_client *udp;
  char letter;
} asker;

static void *ask_often(void *argument) {
  const asker *who = argument;
  char text[33], expected[33];
  memset(text, who->letter, 32);
  memset(expected, who->letter - 'a' + 'A', 32);
  text[32] = expected[32] = '\0';
  for (int i = 0; i < 50; i++) {
    check_tcp_reply(who->tcp, text, expected);
    check_udp_reply(who->udp, text, expected);
  }
  return NULL;
}

/* No signal comes: whether the client would heed one changes nothing. */
static void threads_take_turns(bool interruptible) {
  pthread_t threads[4];
  asker askers[4];
  capsock_server_options *options = local_options();
  capsock_server *tcp = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_server *udp = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_tcp_client_options *tcp_options = capsock_tcp_client_options_new();
  capsock_udp_client_options *udp_options = capsock_udp_client_options_new();
  capsock_tcp_client *tcp_asks = NULL;
  capsock_udp_client *udp_asks = NULL;
  CHECK_OK(capsock_tcp_client_options_set_timeout(tcp_options, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_udp_client_options_set_timeout(udp_options, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_tcp_client_options_set_interruptible(tcp_options, interruptible));
  CHECK_OK(capsock_udp_client_options_set_interruptible(udp_options, interruptible));
  CHECK_OK(
      capsock_tcp_client_connect("127.0.0.1", capsock_server_port(tcp), tcp_options, &tcp_asks));
  CHECK_OK(
      capsock_udp_client_connect("127.0.0.1", capsock_server_port(udp), udp_options, &udp_asks));
  for (int i = 0; i < 4; i++) {
    askers[i].tcp = tcp_asks;
    askers[i].udp = udp_asks;
    askers[i].letter = (char)('a' + i);
    CHECK(pthread_create(&threads[i], NULL, ask_often, &askers[i]) == 0);
  }
  for (int i = 0; i < 4; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  capsock_tcp_client_free(tcp_asks);
  capsock_udp_client_free(udp_asks);
  capsock_server_free(tcp);
  capsock_server_free(udp);
  capsock_udp_client_options_free(udp_options);
  capsock_tcp_client_options_free(tcp_options);
  capsock_server_options_free(options);
}

static void threads_take_turns_in_one_client(void) { threads_take_turns(false); }

static void threads_take_turns_in_one_interruptible_client(void) { threads_take_turns(true); }

/* The server broke the connection off: the next request is an error or comes on a new connection,
   and no SIGPIPE, which has its default here. */
static void a_broken_connection_raises_no_sigpipe(void) {
  int port, fd = plain_listener(&port);
  capsock_tcp_client_options *options = capsock_tcp_client_options_new();
  capsock_tcp_client *client = NULL;
  char *reply = NULL;
  CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  CHECK_OK(capsock_tcp_client_options_set_timeout(options, 100));
  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", port, options, &client));
  break_off(accept(fd, NULL, NULL));
  close(fd);
  for (int i = 0; i < 3; i++)
    CHECK(capsock_tcp_client_request(client, "a", &reply) != CAPSOCK_OK);
  CHECK(reply == NULL);
  capsock_tcp_client_free(client);
  capsock_tcp_client_options_free(options);
}

static void on_alarm(int number) { (void)number; }

static void a_signal_ends_an_interruptible_call(void) {
  int port, fd = plain_listener(&port);
  capsock_tcp_client_options *tcp = capsock_tcp_client_options_new();
  capsock_udp_client_options *udp = capsock_udp_client_options_new();
  capsock_tcp_client *tcp_asks = NULL;
  capsock_udp_client *udp_asks = NULL;
  char *reply = NULL;
  CHECK_OK(capsock_tcp_client_options_set_timeout(tcp, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_udp_client_options_set_timeout(udp, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_tcp_client_options_set_interruptible(tcp, true));
  CHECK_OK(capsock_udp_client_options_set_interruptible(udp, true));

  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", port, tcp, &tcp_asks));
  start_alarms(on_alarm);
  CHECK_STATUS(capsock_tcp_client_request(tcp_asks, "a", &reply), CAPSOCK_INTERRUPTED);
  stop_alarms();
  CHECK(capsock_last_errno() == EINTR);
  capsock_tcp_client_free(tcp_asks);
  close(fd);

  fd = plain_socket(SOCK_DGRAM, &port);
  CHECK_OK(capsock_udp_client_connect("127.0.0.1", port, udp, &udp_asks));
  start_alarms(on_alarm);
  CHECK_STATUS(capsock_udp_client_request(udp_asks, "a", &reply), CAPSOCK_INTERRUPTED);
  stop_alarms();
  CHECK(capsock_last_errno() == EINTR);
  capsock_udp_client_free(udp_asks);
  close(fd);
  CHECK(reply == NULL);
  capsock_udp_client_options_free(udp);
  capsock_tcp_client_options_free(tcp);
}

/* Without `interruptible`, the same signals leave a call alone until its timeout. */
static void a_signal_leaves_other_calls_alone(void) {
  int port, fd = plain_listener(&port);
  capsock_tcp_client_options *options = capsock_tcp_client_options_new();
  capsock_tcp_client *client = NULL;
  char *reply = NULL;
  CHECK_OK(capsock_tcp_client_options_set_timeout(options, 100));
  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", port, options, &client));
  start_alarms(on_alarm);
  CHECK_STATUS(capsock_tcp_client_request(client, "a", &reply), CAPSOCK_TIMED_OUT);
  stop_alarms();
  capsock_tcp_client_free(client);
  close(fd);
  capsock_tcp_client_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"close wakes another thread", close_wakes_another_thread},
      {"threads take turns in one client", threads_take_turns_in_one_client},
      {"threads take turns in one interruptible client",
       threads_take_turns_in_one_interruptible_client},
      {"a broken connection raises no SIGPIPE", a_broken_connection_raises_no_sigpipe},
      {"a signal ends an interruptible call", a_signal_ends_an_interruptible_call},
      {"a signal leaves other calls alone", a_signal_leaves_other_calls_alone},
  };
  return RUN(tests);
}
