/* Servers and clients of the library with the options of most tests, and plain sockets of the
   system for peers that misbehave. */
#ifndef PEERS_H
#define PEERS_H

#include "harness.h"

#include <stdlib.h>

static inline capsock_server_options *local_options(void) {
  capsock_server_options *options = capsock_server_options_new();
  CHECK_OK(capsock_server_options_set_host(options, "127.0.0.1"));
  CHECK_OK(capsock_server_options_set_port(options, 0));
  return options;
}

static inline capsock_server *start(int32_t transport, const capsock_server_options *options) {
  capsock_server *server = NULL;
  CHECK_OK(capsock_server_start(transport, options, &server));
  return server;
}

static inline capsock_tcp_client *tcp_client(int port) {
  capsock_tcp_client_options *options = capsock_tcp_client_options_new();
  capsock_tcp_client *client = NULL;
  CHECK_OK(capsock_tcp_client_options_set_timeout(options, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", port, options, &client));
  capsock_tcp_client_options_free(options);
  return client;
}

static inline capsock_udp_client *udp_client(int port) {
  capsock_udp_client_options *options = capsock_udp_client_options_new();
  capsock_udp_client *client = NULL;
  CHECK_OK(capsock_udp_client_options_set_timeout(options, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_udp_client_connect("127.0.0.1", port, options, &client));
  capsock_udp_client_options_free(options);
  return client;
}

/* A socket of the system, bound to a free port of the loopback address. */
static inline int plain_socket(int type, int *port) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  int fd = (int)socket(AF_INET, type, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

static inline int plain_listener(int *port) {
  int fd = plain_socket(SOCK_STREAM, port);
  CHECK(listen(fd, 16) == 0);
  return fd;
}

/* A UDP socket that refuses everybody: it is connected to itself. */
static inline int refusing_udp_socket(int *port) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  int fd = plain_socket(SOCK_DGRAM, port);
  CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
  CHECK(connect(fd, (struct sockaddr *)&address, length) == 0);
  return fd;
}

static inline int plain_connection(int port) {
  struct sockaddr_in address;
  int fd = (int)socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)port);
  CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  return fd;
}

/* Closes with a reset instead of in good order. */
static inline void break_off(int fd) {
  struct linger at_once = {1, 0};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, (const void *)&at_once, sizeof at_once) == 0);
  close_socket(fd);
}

/* Asks one text and compares the reply. */
static inline void check_tcp_reply(const capsock_tcp_client *client, const char *text,
                                   const char *expected) {
  char *reply = NULL;
  CHECK_OK(capsock_tcp_client_request(client, text, &reply));
  CHECK(reply != NULL && strcmp(reply, expected) == 0);
  capsock_string_free(reply);
}

static inline void check_udp_reply(const capsock_udp_client *client, const char *text,
                                   const char *expected) {
  char *reply = NULL;
  CHECK_OK(capsock_udp_client_request(client, text, &reply));
  CHECK(reply != NULL && strcmp(reply, expected) == 0);
  capsock_string_free(reply);
}

#endif
