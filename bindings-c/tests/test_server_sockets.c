/* Servers on sockets that are bound already, and servers that give theirs away. */
#define _XOPEN_SOURCE 700
#include "peers.h"

#include <errno.h>

static void check_reply(int32_t transport, int port) {
  if (transport == CAPSOCK_TRANSPORT_TCP) {
    capsock_tcp_client *client = tcp_client(port);
    check_tcp_reply(client, "hello", "HELLO");
    capsock_tcp_client_free(client);
  } else {
    capsock_udp_client *client = udp_client(port);
    check_udp_reply(client, "hello", "HELLO");
    capsock_udp_client_free(client);
  }
}

static const int32_t transports[] = {CAPSOCK_TRANSPORT_TCP, CAPSOCK_TRANSPORT_UDP};

static void serves_on_given_sockets(void) {
  for (int i = 0; i < 2; i++) {
    capsock_server_options *options = local_options();
    int ports[2];
    for (int j = 0; j < 2; j++) {
      int fd = plain_socket(i == 0 ? SOCK_STREAM : SOCK_DGRAM, &ports[j]);
      CHECK_OK(capsock_server_options_add_socket(options, (capsock_fd)fd));
      /* The options have a copy. */
      close_socket(fd);
    }
    /* The options may start several servers; both serve the same sockets. */
    for (int round = 0; round < 2; round++) {
      capsock_server *server = start(transports[i], options);
      CHECK(capsock_server_address_count(server) == 2);
      CHECK(capsock_server_port(server) == ports[0]);
      check_reply(transports[i], ports[0]);
      check_reply(transports[i], ports[1]);
      CHECK_OK(capsock_server_stop(server, CALL_TIMEOUT_MS, NULL));
      capsock_server_free(server);
    }
    CHECK_OK(capsock_server_options_clear_sockets(options));
    capsock_server *server = start(transports[i], options);
    CHECK(capsock_server_address_count(server) == 1);
    capsock_server_free(server);
    capsock_server_options_free(options);
  }
}

static void hands_its_sockets_over(void) {
  for (int i = 0; i < 2; i++) {
    capsock_server_options *options = local_options();
    capsock_server *first = start(transports[i], options);
    int port = capsock_server_port(first);
    capsock_fd socket;
    CHECK_STATUS(capsock_server_socket(first, 1, &socket), CAPSOCK_INVALID_ARGUMENT);
    CHECK_OK(capsock_server_socket(first, 0, &socket));
    CHECK_OK(capsock_server_options_add_socket(options, socket));
    close_socket((int)socket);
    capsock_server *second = start(transports[i], options);
    CHECK(capsock_server_port(second) == port);
    CHECK_OK(capsock_server_stop(first, CALL_TIMEOUT_MS, NULL));
    CHECK_STATUS(capsock_server_socket(first, 0, &socket), CAPSOCK_CLOSED);
    check_reply(transports[i], port);
    capsock_server_free(first);
    check_reply(transports[i], port);
    capsock_server_free(second);
    capsock_server_options_free(options);
  }
}

static void is_paused_and_drained(void) {
  for (int i = 0; i < 2; i++) {
    capsock_server_options *options = local_options();
    capsock_server *first = start(transports[i], options);
    int port = capsock_server_port(first);
    capsock_stop_report *report = NULL;
    CHECK(!capsock_server_is_paused(first));
    CHECK_OK(capsock_server_pause(first));
    CHECK(capsock_server_is_paused(first));
    CHECK_OK(capsock_server_resume(first));
    CHECK(!capsock_server_is_paused(first));
    check_reply(transports[i], port);
    capsock_fd socket;
    CHECK_OK(capsock_server_socket(first, 0, &socket));
    CHECK_OK(capsock_server_options_add_socket(options, socket));
    close_socket((int)socket);
    capsock_server *second = start(transports[i], options);
    CHECK_STATUS(capsock_server_drain(first, -2, &report), CAPSOCK_INVALID_ARGUMENT);
    CHECK_OK(capsock_server_drain(first, CALL_TIMEOUT_MS, &report));
    CHECK(capsock_server_is_paused(first));
    CHECK(capsock_stop_report_completed(report) > 0 && capsock_stop_report_cut(report) == 0);
    capsock_stop_report_free(report);
    CHECK_OK(capsock_server_wait(first, 0));
    capsock_server_free(first);
    check_reply(transports[i], port);
    capsock_server_free(second);
    capsock_server_options_free(options);
  }
}

static void refuses_what_it_cannot_serve(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = NULL;
  int port;
  CHECK_STATUS(capsock_server_options_add_socket(options, (capsock_fd)-1),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "is not open") != NULL);
  int fd = plain_socket(SOCK_DGRAM, &port);
  CHECK_OK(capsock_server_options_add_socket(options, (capsock_fd)fd));
  CHECK_STATUS(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &server),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "it is a UDP socket, and this is a TCP server") != NULL);
  CHECK(server == NULL);
  /* It is still the caller's. */
  close_socket(fd);
  capsock_server_options_free(options);
}

static void without_systemd_it_binds_its_address(void) {
  capsock_server_options *options = local_options();
  size_t count = 1;
  CHECK_OK(capsock_server_options_add_systemd_sockets(options, "dns", &count));
  CHECK(count == 0);
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  check_reply(CAPSOCK_TRANSPORT_TCP, capsock_server_port(server));
  capsock_server_free(server);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"serves on given sockets", serves_on_given_sockets},
      {"hands its sockets over", hands_its_sockets_over},
      {"is paused and drained", is_paused_and_drained},
      {"refuses what it cannot serve", refuses_what_it_cannot_serve},
      {"without systemd it binds its address", without_systemd_it_binds_its_address},
  };
  return RUN(tests);
}
