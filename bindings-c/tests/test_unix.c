/* Unix domain sockets, beside the system's own. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

#ifndef _WIN32
#include <stddef.h>
#include <sys/stat.h>
#include <sys/un.h>

static char folder[64];

static struct sockaddr_un at(const char *name) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder, name);
  return address;
}

/* A socket of the system's that is connected to `server`; that of a datagram is bound to `own`. */
static int plain(int type, const struct sockaddr_un *server, const char *own) {
  int fd = socket(AF_UNIX, type, 0);
  struct sockaddr_un address = at(own);
  CHECK(fd >= 0);
  if (type == SOCK_DGRAM)
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(connect(fd, (const struct sockaddr *)server, sizeof *server) == 0);
  return fd;
}

static capsock_server_options *options_on(const struct sockaddr_un *address) {
  char host[128];
  capsock_server_options *options = capsock_server_options_new();
  snprintf(host, sizeof host, "unix:%s", address->sun_path);
  CHECK_OK(capsock_server_options_set_host(options, host));
  CHECK_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  return options;
}

static int tell(const uint8_t *request, size_t length, const capsock_request_context *context,
                capsock_reply *reply, void *user_data) {
  struct sockaddr_un peer;
  struct sockaddr_storage local;
  socklen_t peer_length = sizeof peer, local_length = sizeof local, too_short = 16;
  char peer_text[CAPSOCK_UNIX_ADDRESS_SIZE], local_text[CAPSOCK_UNIX_ADDRESS_SIZE];
  (void)request;
  (void)length;
  (void)user_data;
  CHECK_OK(capsock_request_context_peer(context, (struct sockaddr *)&peer, &peer_length));
  CHECK_OK(capsock_request_context_local(context, (struct sockaddr *)&local, &local_length));
  CHECK(peer.sun_family == AF_UNIX && local.ss_family == AF_UNIX);
  CHECK_STATUS(capsock_request_context_peer(context, (struct sockaddr *)&peer, &too_short),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_OK(
      capsock_address_format((struct sockaddr *)&peer, peer_length, peer_text, sizeof peer_text));
  CHECK_OK(capsock_address_format((struct sockaddr *)&local, local_length, local_text,
                                  sizeof local_text));
  CHECK_STATUS(capsock_address_format((struct sockaddr *)&local, local_length, local_text, 5),
               CAPSOCK_TOO_LARGE);
  if (capsock_reply_write(reply, peer_text, strlen(peer_text)) != CAPSOCK_OK ||
      capsock_reply_write(reply, " ", 1) != CAPSOCK_OK ||
      capsock_reply_write(reply, local_text, strlen(local_text)) != CAPSOCK_OK)
    return 1;
  return 0;
}

static void both_transports_on_a_path(void) {
  static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
  for (int i = 0; i < 2; i++) {
    struct sockaddr_un address = at("s");
    capsock_server_options *options = options_on(&address);
    capsock_server *server;
    struct stat file;
    char expected[256], reply[256] = "", *text = NULL;
    int fd;
    CHECK_OK(capsock_server_options_set_socket_mode(options, 0600));
    server =
        start(types[i] == SOCK_STREAM ? CAPSOCK_TRANSPORT_TCP : CAPSOCK_TRANSPORT_UDP, options);
    CHECK(stat(address.sun_path, &file) == 0 && (file.st_mode & 0777) == 0600);
    CHECK(capsock_server_port(server) == 0 && capsock_server_address_count(server) == 1);
    CHECK_OK(capsock_server_address(server, 0, &text));
    snprintf(expected, sizeof expected, "unix:%s", address.sun_path);
    CHECK(strcmp(text, expected) == 0);
    capsock_string_free(text);
    fd = plain(types[i], &address, "c");
    CHECK(send(fd, "hello\n", 6, 0) == 6);
    CHECK(recv(fd, reply, sizeof reply, 0) == 6 && memcmp(reply, "HELLO\n", 6) == 0);
    close(fd);
    if (types[i] == SOCK_STREAM) {
      capsock_tcp_client *client = NULL;
      CHECK_OK(capsock_tcp_client_connect(expected, 0, NULL, &client));
      check_tcp_reply(client, "hello", "HELLO");
      CHECK_OK(capsock_tcp_client_peer_address(client, &text));
      capsock_tcp_client_free(client);
    } else {
      capsock_udp_client *client = NULL;
      CHECK_OK(capsock_udp_client_connect(expected, 0, NULL, &client));
      check_udp_reply(client, "hello", "HELLO");
      CHECK_OK(capsock_udp_client_peer_address(client, &text));
      capsock_udp_client_free(client);
    }
    CHECK(strcmp(text, expected) == 0);
    capsock_string_free(text);
    {
      capsock_server *second = NULL;
      CHECK_STATUS(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &second),
                   CAPSOCK_ADDRESS_IN_USE);
    }
    capsock_server_free(server);
    CHECK(stat(address.sun_path, &file) != 0);
    CHECK_OK(capsock_server_options_set_context_handler(options, tell, NULL));
    server =
        start(types[i] == SOCK_STREAM ? CAPSOCK_TRANSPORT_TCP : CAPSOCK_TRANSPORT_UDP, options);
    fd = plain(types[i], &address, "d");
    CHECK(send(fd, "who\n", 4, 0) == 4);
    memset(reply, 0, sizeof reply);
    CHECK(recv(fd, reply, sizeof reply - 1, 0) > 0);
    snprintf(expected, sizeof expected, "unix:%s unix:%s",
             types[i] == SOCK_STREAM ? "" : at("d").sun_path, address.sun_path);
    CHECK(strncmp(reply, expected, strlen(expected)) == 0);
    close(fd);
    capsock_server_free(server);
    capsock_server_options_free(options);
    unlink(at("c").sun_path);
    unlink(at("d").sun_path);
  }
}

static void what_is_wrong_is_said(void) {
  struct sockaddr_un address = at("missing");
  capsock_tcp_client *client = NULL;
  capsock_server *server = NULL;
  capsock_server_options *options = options_on(&address);
  char host[300];
  snprintf(host, sizeof host, "unix:%s", address.sun_path);
  CHECK_STATUS(capsock_tcp_client_connect(host, 0, NULL, &client), CAPSOCK_CONNECTION_REFUSED);
  memset(host + 5, 'x', 200);
  host[205] = 0;
  CHECK_STATUS(capsock_tcp_client_connect(host, 0, NULL, &client), CAPSOCK_INVALID_ARGUMENT);
  CHECK_OK(capsock_server_options_set_socket_mode(options, 01777));
  CHECK_STATUS(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &server),
               CAPSOCK_INVALID_ARGUMENT);
  capsock_server_options_free(options);
}

static void an_abstract_name(void) {
#ifdef __linux__
  struct sockaddr_un address;
  char host[64], name[40];
  socklen_t length;
  capsock_server_options *options = capsock_server_options_new();
  capsock_server *server;
  char reply[8];
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  snprintf(name, sizeof name, "capsock-c-%ld", (long)getpid());
  snprintf(host, sizeof host, "unix:@%s", name);
  CHECK_OK(capsock_server_options_set_host(options, host));
  server = start(CAPSOCK_TRANSPORT_TCP, options);
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path + 1, name, strlen(name));
  length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
  CHECK(connect(fd, (struct sockaddr *)&address, length) == 0);
  CHECK(send(fd, "hello", 5, 0) == 5);
  CHECK(recv(fd, reply, sizeof reply, 0) == 5 && memcmp(reply, "HELLO", 5) == 0);
  close(fd);
  capsock_server_free(server);
  capsock_server_options_free(options);
#endif
}

int main(void) {
  static const test tests[] = {
      {"both transports on a path", both_transports_on_a_path},
      {"what is wrong is said", what_is_wrong_is_said},
      {"an abstract name", an_abstract_name},
  };
  int failed;
  snprintf(folder, sizeof folder, "/tmp/capsock-c-XXXXXX");
  if (mkdtemp(folder) == NULL)
    return 1;
  failed = RUN(tests);
  rmdir(folder);
  return failed;
}
#else
int main(void) { return 0; }
#endif
